/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/store.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *program;

typedef struct {
    char *directory;
    char *path; /* of speakers.conf */
} Place;

static void place_set_up(Place *place, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *top = g_dir_make_tmp("echocast-XXXXXX", &error);

    g_assert_no_error(error);
    place->directory = g_build_filename(top, "state", NULL);
    place->path = g_build_filename(place->directory, "speakers.conf", NULL);
}

static void empty_directory(const char *path)
{
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    const char *name;

    while (directory && (name = g_dir_read_name(directory))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);

        g_unlink(inner);
    }
}

static void place_tear_down(Place *place, gconstpointer data)
{
    g_autofree char *top = g_path_get_dirname(place->directory);

    empty_directory(place->directory);
    g_rmdir(place->directory);
    g_assert_cmpint(g_rmdir(top), ==, 0);
    g_free(place->directory);
    g_free(place->path);
}

static Store *open_store(const Place *place)
{
    g_autoptr(GError) error = NULL;
    Store *store = store_new(place->directory, &error);

    g_assert_no_error(error);
    return store;
}

static Record *make_record(unsigned number, uint64_t last_used)
{
    const Address address = {{0, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number}};
    Record *record = record_new(&address);

    g_free(record->name);
    record->name = g_strdup_printf("Speaker %u", number);
    record->last_used = last_used;
    return record;
}

static void put(Store *store, unsigned number, uint64_t last_used)
{
    g_autoptr(Record) record = make_record(number, last_used);

    store_put(store, record);
}

static void on_result(GObject *source, GAsyncResult *result, void *data)
{
    *(GAsyncResult **)data = g_object_ref(result);
}

static bool sync_store(Store *store, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;

    store_sync(store, on_result, &result);
    g_assert_null(result);
    while (!result)
        g_main_context_iteration(NULL, TRUE);
    return store_sync_finish(store, result, error);
}

static void assert_synced(Store *store)
{
    g_autoptr(GError) error = NULL;
    bool done = sync_store(store, &error);

    g_assert_no_error(error);
    g_assert_true(done);
}

static unsigned saved_count(const Place *place)
{
    g_autoptr(Store) store = open_store(place);

    return store_records(store)->len;
}

static void test_put(Place *place, gconstpointer data)
{
    g_autoptr(Store) store = open_store(place);
    g_autoptr(Store) reread = NULL;
    struct stat status;

    g_assert_cmpuint(store_records(store)->len, ==, 0);
    put(store, 1, 10);
    put(store, 2, 20);
    put(store, 1, 11);
    assert_synced(store);
    g_assert_cmpint(stat(place->directory, &status), ==, 0);
    g_assert_cmpuint(status.st_mode & 0777, ==, 0700);
    g_assert_cmpint(stat(place->path, &status), ==, 0);
    g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
    reread = open_store(place);
    g_assert_cmpuint(store_records(reread)->len, ==, 2);
    for (unsigned i = 0; i < 2; i++)
        g_assert_true(record_equal(g_ptr_array_index(store_records(reread), i),
                                   g_ptr_array_index(store_records(store), i)));
    g_assert_cmpuint(((const Record *)g_ptr_array_index(store_records(reread), 0))->last_used, ==,
                     11);
}

static void test_remove(Place *place, gconstpointer data)
{
    const Address second = {{0, 0, 0, 0, 0, 2}};
    g_autoptr(Store) store = open_store(place);

    for (unsigned i = 1; i <= 3; i++)
        put(store, i, 0);
    store_remove(store, &second);
    store_remove(store, &second);
    g_assert_cmpuint(store_records(store)->len, ==, 2);
    assert_synced(store);
    g_assert_cmpuint(saved_count(place), ==, 2);
}

/* Each write renames a new file over the old one: so many of these since the watch was set up. */
static unsigned count_writes(int watch)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t length = read(watch, buffer, sizeof(buffer));
    unsigned count = 0;

    for (ssize_t at = 0; at < length;) {
        const struct inotify_event *event = (const void *)(buffer + at);

        count += strcmp(event->name, "speakers.conf") == 0;
        at += (ssize_t)(sizeof(*event) + event->len);
    }
    return count;
}

static void test_coalesce(Place *place, gconstpointer data)
{
    g_autoptr(Store) store = open_store(place);
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    g_assert_cmpint(inotify_add_watch(watch, place->directory, IN_MOVED_TO), >=, 0);
    for (unsigned i = 0; i < 100; i++)
        put(store, i, 0);
    assert_synced(store);
    g_assert_cmpuint(count_writes(watch), ==, 1);
    /* nothing new: the disk is left alone */
    put(store, 5, 0);
    assert_synced(store);
    g_assert_cmpuint(count_writes(watch), ==, 0);
    put(store, 5, 1);
    assert_synced(store);
    g_assert_cmpuint(count_writes(watch), ==, 1);
    close(watch);
}

/* Two syncs, a put between them: the second waits for its own put. */
static void test_syncs(Place *place, gconstpointer data)
{
    g_autoptr(Store) store = open_store(place);
    g_autoptr(GAsyncResult) first = NULL;
    g_autoptr(GAsyncResult) second = NULL;

    put(store, 1, 0);
    store_sync(store, on_result, &first);
    g_main_context_iteration(NULL, TRUE); /* the write begins */
    put(store, 2, 0);
    store_sync(store, on_result, &second);
    while (!first || !second)
        g_main_context_iteration(NULL, TRUE);
    g_assert_true(store_sync_finish(store, first, NULL));
    g_assert_true(store_sync_finish(store, second, NULL));
    g_assert_cmpuint(saved_count(place), ==, 2);
}

/* Nothing put is lost when the daemon leaves, whether a write runs or not. */
static void test_free_writes(Place *place, gconstpointer data)
{
    Store *store = open_store(place);

    put(store, 1, 0);
    store_free(store);
    g_assert_cmpuint(saved_count(place), ==, 1);

    store = open_store(place);
    put(store, 2, 0);
    g_main_context_iteration(NULL, TRUE); /* the write begins */
    put(store, 3, 0);
    store_free(store);
    g_assert_cmpuint(saved_count(place), ==, 3);
    while (g_main_context_iteration(NULL, FALSE))
        ; /* nothing of the freed store is left in the loop */
}

static void spoil(const Place *place)
{
    g_assert_true(g_file_set_contents(
        place->path, "[Speaker 00:00:00:00:00:01]\nname=One\n[Speaker 00:0", -1, NULL));
}

static char *damaged_path(const Place *place, unsigned number)
{
    return g_strdup_printf("%s.damaged-%u", place->path, number);
}

static void test_damaged(Place *place, gconstpointer data)
{
    g_mkdir(place->directory, 0700);
    for (unsigned i = 1; i <= 2; i++) {
        g_autofree char *aside = damaged_path(place, i);
        g_autofree char *text = NULL;
        g_autoptr(Store) store = NULL;

        spoil(place);
        g_test_expect_message("service", G_LOG_LEVEL_WARNING,
                              "*is damaged: set aside as *damaged-*; 1 *");
        store = open_store(place);
        g_test_assert_expected_messages();
        g_assert_cmpuint(store_records(store)->len, ==, 1);
        g_assert_true(g_file_get_contents(aside, &text, NULL, NULL));
        g_assert_true(g_str_has_suffix(text, "[Speaker 00:0"));
        assert_synced(store);
        /* whole again: opening it says nothing */
        g_assert_cmpuint(saved_count(place), ==, 1);
    }
}

static void test_unreadable(Place *place, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_mkdir(place->directory, 0700);
    g_assert_cmpint(g_mkdir(place->path, 0700), ==, 0);
    g_assert_null(store_new(place->directory, &error));
    g_assert_nonnull(error);
    g_assert_cmpint(g_rmdir(place->path), ==, 0);
    g_clear_error(&error);
    g_assert_null(store_new("/proc/nowhere", &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

/* What a power cut left of a write is no obstacle, and is gone after the next. */
static void test_unfinished(Place *place, gconstpointer data)
{
    g_autofree char *unfinished = g_strconcat(place->path, ".new", NULL);
    g_autoptr(Store) store = NULL;

    g_mkdir(place->directory, 0700);
    g_assert_true(g_file_set_contents(unfinished, "[Speaker 00:00", -1, NULL));
    store = open_store(place);
    put(store, 1, 0);
    assert_synced(store);
    g_assert_false(g_file_test(unfinished, G_FILE_TEST_EXISTS));
    g_assert_cmpuint(saved_count(place), ==, 1);
}

/* The disk refuses, then takes it: who waited is told, and the next put brings all of it. */
static void test_write_fails(Place *place, gconstpointer data)
{
    g_autoptr(Store) store = open_store(place);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(g_rmdir(place->directory), ==, 0);
    put(store, 1, 0);
    g_test_expect_message("service", G_LOG_LEVEL_WARNING, "*not on disk*");
    g_assert_false(sync_store(store, &error));
    g_test_assert_expected_messages();
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_cmpint(g_mkdir(place->directory, 0700), ==, 0);
    put(store, 2, 0);
    assert_synced(store);
    g_assert_cmpuint(saved_count(place), ==, 2);
}

/* Child of test_killed: writes on and on, and says after each sync what is on disk now. */
G_GNUC_NORETURN
static void write_for_ever(const char *directory)
{
    Store *store = store_new(directory, NULL);

    for (uint64_t i = 1;; i++) {
        put(store, (unsigned)(i % 5), i);
        put(store, 100, i);
        assert_synced(store);
        printf("%" G_GUINT64_FORMAT "\n", i);
        fflush(stdout);
    }
}

static uint64_t read_until_killed(GSubprocess *child, unsigned lines)
{
    g_autoptr(GDataInputStream) input =
        g_data_input_stream_new(g_subprocess_get_stdout_pipe(child));
    uint64_t last = 0;

    for (;;) {
        g_autofree char *line = g_data_input_stream_read_line(input, NULL, NULL, NULL);

        if (!line)
            return last;
        last = g_ascii_strtoull(line, NULL, 10);
        if (last % lines == 0)
            g_subprocess_force_exit(child);
    }
}

static uint64_t last_on_disk(const Place *place)
{
    g_autoptr(Store) store = open_store(place);
    const GPtrArray *records = store_records(store);

    for (guint i = 0; i < records->len; i++) {
        const Record *record = g_ptr_array_index(records, i);

        if (record->address.octet[5] == 100)
            return record->last_used;
    }
    return 0;
}

/* kill -9 at any moment: what sync had promised is there, and nothing is damaged (a warning would
 * end this test). */
static void test_killed(Place *place, gconstpointer data)
{
    for (unsigned round = 0; round < 20; round++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GSubprocess) child =
            g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, program, "--write-for-ever",
                             place->directory, NULL);
        uint64_t promised;

        g_assert_no_error(error);
        promised = read_until_killed(child, (unsigned)g_test_rand_int_range(1, 30));
        g_assert_true(g_subprocess_wait(child, NULL, &error));
        g_assert_cmpint(g_subprocess_get_term_sig(child), ==, SIGKILL);
        g_assert_cmpuint(last_on_disk(place), >=, promised);
        g_assert_cmpuint(promised, >, 0);
    }
}

#define ADD(name, function)                                                                        \
    g_test_add("/store/" name, Place, NULL, place_set_up, function, place_tear_down)

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc == 3 && strcmp(argv[1], "--write-for-ever") == 0)
        write_for_ever(argv[2]);
    g_test_init(&argc, &argv, NULL);
    ADD("put", test_put);
    ADD("remove", test_remove);
    ADD("coalesce", test_coalesce);
    ADD("syncs", test_syncs);
    ADD("free-writes", test_free_writes);
    ADD("damaged", test_damaged);
    ADD("unreadable", test_unreadable);
    ADD("unfinished", test_unfinished);
    ADD("write-fails", test_write_fails);
    ADD("killed", test_killed);
    return g_test_run();
}
