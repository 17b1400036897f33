/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/store.h"

#include "base/fd.h"
#include "service/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define FILE_NAME     "speakers.conf"
#define NEW_FILE_NAME "speakers.conf.new"
#define RETRY_S       30
#define DAMAGED_LIMIT 1000

/* States of the records are counted: changed is the newest, written the newest on disk. */
typedef struct {
    Store *store;
    char *directory;
    char *text;
    gsize length;
    guint64 number;
    GError *error;
} Write;

struct Store {
    char *directory;
    char *path;
    GKeyFile *file;
    GPtrArray *records;
    guint64 changed;
    guint64 written;
    Write *write; /* what the thread has in hand */
    GThread *thread;
    guint soon;   /* source: a write is about to start */
    guint retry;  /* source: the last one failed */
    GQueue syncs; /* GTask, task data: the number it waits for */
};

static Write *write_new(Store *store)
{
    Write *write = g_new0(Write, 1);

    write->store = store;
    write->directory = g_strdup(store->directory);
    write->text = record_file_print(store->file, &write->length);
    write->number = store->changed;
    return write;
}

static void write_free(Write *write)
{
    g_free(write->directory);
    g_free(write->text);
    g_clear_error(&write->error);
    g_free(write);
}

static bool write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t done = write(fd, text, length);

        if (done < 0 && errno != EINTR)
            return false;
        if (done > 0) {
            text += done;
            length -= (size_t)done;
        }
    }
    return true;
}

/* g_file_set_contents_full() is nearly this, but on btrfs it leaves out the fsync: consistent
 * there, not durable. A new file left by a power cut is overwritten by the next write. */
static bool replace_file(const Write *write)
{
    fd_auto directory = open(write->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fd_auto file = directory < 0 ? -1
                                 : openat(directory, NEW_FILE_NAME,
                                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    return file >= 0 && write_all(file, write->text, write->length) && fsync(file) == 0 &&
           renameat(directory, NEW_FILE_NAME, directory, FILE_NAME) == 0 && fsync(directory) == 0;
}

static void write_run(Write *write)
{
    if (!replace_file(write)) {
        int number = errno;

        g_set_error(&write->error, G_FILE_ERROR, (int)g_file_error_from_errno(number), "%s/%s: %s",
                    write->directory, FILE_NAME, g_strerror(number));
    }
}

static void settle_syncs(Store *store, const Write *write)
{
    GTask *task;

    while ((task = g_queue_peek_head(&store->syncs))) {
        const guint64 *number = g_task_get_task_data(task);

        if (*number > write->number)
            return;
        g_queue_pop_head(&store->syncs);
        if (write->error)
            g_task_return_error(task, g_error_copy(write->error));
        else
            g_task_return_boolean(task, TRUE);
        g_object_unref(task);
    }
}

/* After a write, in the main loop: true if it reached the disk. */
static bool settle(Store *store, const Write *write)
{
    settle_syncs(store, write);
    if (write->error) {
        g_warning("the saved speakers are not on disk: %s", write->error->message);
        return false;
    }
    store->written = write->number;
    return true;
}

static void start(Store *store);

static gboolean on_soon(void *data)
{
    Store *store = data;

    store->soon = 0;
    start(store);
    return G_SOURCE_REMOVE;
}

static gboolean on_retry(void *data)
{
    Store *store = data;

    store->retry = 0;
    start(store);
    return G_SOURCE_REMOVE;
}

/* A write that runs is followed by the next when it ends: see on_written. */
static void write_soon(Store *store)
{
    g_clear_handle_id(&store->retry, g_source_remove);
    if (!store->thread && !store->soon)
        store->soon = g_idle_add(on_soon, store);
}

static Write *join(Store *store)
{
    g_clear_pointer(&store->thread, g_thread_join);
    return g_steal_pointer(&store->write);
}

static gboolean on_written(void *data)
{
    Store *store = ((Write *)data)->store;
    Write *write = join(store);

    if (!settle(store, write))
        store->retry = g_timeout_add_seconds(RETRY_S, on_retry, store);
    else if (store->changed > store->written)
        write_soon(store);
    write_free(write);
    return G_SOURCE_REMOVE;
}

static void *thread_main(void *data)
{
    Write *write = data;

    write_run(write);
    g_idle_add(on_written, write);
    return NULL;
}

static void start(Store *store)
{
    store->write = write_new(store);
    store->thread = g_thread_new("store", thread_main, store->write);
}

static void changed(Store *store)
{
    store->changed++;
    write_soon(store);
}

/* The file stays where it is until the first write replaces it: so there is one at each moment. */
static void set_aside(Store *store)
{
    for (unsigned n = 1; n <= DAMAGED_LIMIT; n++) {
        g_autofree char *aside = g_strdup_printf("%s.damaged-%u", store->path, n);

        if (link(store->path, aside) == 0) {
            g_warning("%s is damaged: set aside as %s; %u speakers could be read from it",
                      store->path, aside, store->records->len);
            return;
        }
        if (errno != EEXIST)
            break;
    }
    g_warning("%s is damaged and cannot be set aside: %s; %u speakers could be read from it",
              store->path, g_strerror(errno), store->records->len);
}

static bool load(Store *store, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *text = NULL;
    bool damaged = false;
    gsize length;

    if (g_file_get_contents(store->path, &text, &length, &failure)) {
        store->file = record_file_parse(text, length, &damaged);
    } else if (g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        store->file = g_key_file_new();
    } else {
        g_propagate_error(error, g_steal_pointer(&failure));
        return false;
    }
    store->records = record_file_records(store->file);
    if (damaged) {
        set_aside(store);
        changed(store);
    }
    return true;
}

Store *store_new(const char *directory, GError **error)
{
    g_autoptr(Store) store = g_new0(Store, 1);

    store->directory = g_strdup(directory);
    store->path = g_build_filename(directory, FILE_NAME, NULL);
    g_queue_init(&store->syncs);
    if (g_mkdir_with_parents(directory, 0700) != 0) {
        g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                    "cannot make the state directory %s: %s", directory, g_strerror(errno));
        return NULL;
    }
    if (!load(store, error))
        return NULL;
    return g_steal_pointer(&store);
}

static void finish_write(Store *store)
{
    Write *write;

    if (!store->thread)
        return;
    write = join(store);
    g_idle_remove_by_data(write);
    settle(store, write);
    write_free(write);
}

static void write_rest(Store *store)
{
    Write *write;

    if (store->changed == store->written)
        return;
    write = write_new(store);
    write_run(write);
    settle(store, write);
    write_free(write);
}

void store_free(Store *store)
{
    if (!store)
        return;
    g_clear_handle_id(&store->soon, g_source_remove);
    g_clear_handle_id(&store->retry, g_source_remove);
    finish_write(store);
    write_rest(store);
    g_clear_pointer(&store->file, g_key_file_unref);
    g_clear_pointer(&store->records, g_ptr_array_unref);
    g_free(store->directory);
    g_free(store->path);
    g_free(store);
}

const GPtrArray *store_records(const Store *store)
{
    return store->records;
}

static bool find(const Store *store, const Address *address, guint *index)
{
    for (guint i = 0; i < store->records->len; i++) {
        const Record *record = g_ptr_array_index(store->records, i);

        if (address_equal(&record->address, address)) {
            *index = i;
            return true;
        }
    }
    return false;
}

void store_put(Store *store, const Record *record)
{
    guint i;

    if (!find(store, &record->address, &i)) {
        g_ptr_array_add(store->records, record_copy(record));
    } else if (!record_equal(g_ptr_array_index(store->records, i), record)) {
        record_free(store->records->pdata[i]);
        store->records->pdata[i] = record_copy(record);
    } else {
        return;
    }
    record_file_put(store->file, record);
    changed(store);
}

void store_remove(Store *store, const Address *address)
{
    guint i;

    if (!find(store, address, &i))
        return;
    g_ptr_array_remove_index(store->records, i);
    record_file_remove(store->file, address);
    changed(store);
}

void store_sync(Store *store, GAsyncReadyCallback done, void *data)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, done, data);

    if (store->changed == store->written) {
        g_task_return_boolean(task, TRUE);
        return;
    }
    g_task_set_task_data(task, g_memdup2(&store->changed, sizeof(store->changed)), g_free);
    g_queue_push_tail(&store->syncs, g_steal_pointer(&task));
    write_soon(store);
}

bool store_sync_finish(Store *store, GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}
