/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Driver: stands in for libFuzzer where that is not built in: each file of the corpus, then as many
 * random changes of them as asked for, the same ones each time (the seed is fixed).
 *
 *     fuzz-NAME CORPUS [COUNT]
 */
#include "fuzz.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define SEED      20261
#define INPUT_MAX 128

static gint by_content(gconstpointer a, gconstpointer b)
{
    return g_bytes_compare(*(GBytes *const *)a, *(GBytes *const *)b);
}

/* In the order of their content: that of a directory is another one in every copy of the tree. */
static GPtrArray *read_corpus(const char *path)
{
    g_autoptr(GPtrArray) corpus = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) directory = g_dir_open(path, 0, &error);
    const char *name;

    if (directory == NULL)
        g_error("%s", error->message);
    while ((name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        char *data = NULL;
        gsize size = 0;

        if (!g_file_get_contents(file, &data, &size, &error))
            g_error("%s", error->message);
        g_ptr_array_add(corpus, g_bytes_new_take(data, size));
    }
    g_ptr_array_sort(corpus, by_content);
    return g_steal_pointer(&corpus);
}

/* A copy of exactly its size on the heap, so that the sanitizer sees a read behind its end. By
 * malloc, since nothing too has an address there, as with libFuzzer. */
static void run(const uint8_t *data, size_t size)
{
    g_autofree uint8_t *copy = malloc(size);

    if (size > 0)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
}

static uint8_t random_octet(GRand *random)
{
    static const char usual[] = "0159%+-:_/dev ABF[]=#\\\n";

    return g_rand_boolean(random) ? (uint8_t)g_rand_int(random)
                                  : (uint8_t)usual[g_rand_int_range(random, 0, sizeof(usual) - 1)];
}

/* Some octets changed, the end cut off or grown. */
static size_t change(GRand *random, uint8_t *input, size_t size)
{
    int changes = g_rand_int_range(random, 0, 4);

    for (int i = 0; i < changes && size > 0; i++) {
        gint32 place = g_rand_int_range(random, 0, (gint32)size);

        input[place] = random_octet(random);
    }
    switch (g_rand_int_range(random, 0, 8)) {
    case 0:
        return size > 0 ? size - 1 : 0;
    case 1:
        if (size < INPUT_MAX)
            input[size++] = random_octet(random);
        return size;
    default:
        return size;
    }
}

static void run_random(const GPtrArray *corpus, unsigned count)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED);

    for (unsigned i = 0; i < count; i++) {
        guint seed = (guint)g_rand_int_range(random, 0, (gint32)corpus->len);
        uint8_t input[INPUT_MAX];
        size_t size;
        const void *data = g_bytes_get_data(g_ptr_array_index(corpus, seed), &size);

        size = MIN(size, INPUT_MAX);
        memcpy(input, data, size);
        run(input, change(random, input, size));
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) corpus = NULL;
    unsigned count = argc > 2 ? (unsigned)g_ascii_strtoull(argv[2], NULL, 10) : 0;

    if (argc < 2)
        g_error("usage: %s CORPUS [COUNT]", argv[0]);
    corpus = read_corpus(argv[1]);
    if (corpus->len == 0)
        g_error("%s: nothing in it", argv[1]);
    for (guint i = 0; i < corpus->len; i++) {
        size_t size;
        const void *data = g_bytes_get_data(g_ptr_array_index(corpus, i), &size);

        run(data, size);
    }
    run_random(corpus, count);
    g_print("%u inputs of the corpus, %u random ones\n", corpus->len, count);
    return 0;
}
