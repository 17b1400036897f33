/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Store: the saved speakers on disk, one key file speakers.conf in the state directory. Atomic and
 * durable: written to a temporary file, fsynced, renamed, the directory fsynced, all in a worker
 * thread so that the main loop never waits for a disk. A damaged file is set aside
 * (speakers.conf.damaged-N), said, and what can still be read of it goes on. Groups and keys that
 * this version does not know are kept as they are. Main loop only. */
#pragma once

#include "speaker/record.h"

#include <gio/gio.h>

typedef struct Store Store;

/* The path is an argument: tests have their own. Made with mode 0700 if it is missing. Reads what
 * is there (at start, synchronously). */
Store *store_new(const char *directory, GError **error);
/* Waits for a write that runs, and writes what is not written yet. */
void store_free(Store *store);
/* Record * elements, owned by the store, in the order of the file; valid until the next put or
 * remove. */
const GPtrArray *store_records(const Store *store);
/* Puts a copy; replaces one with that address. Written soon, several puts in one write. A write
 * that fails is logged and tried again. */
void store_put(Store *store, const Record *record);
void store_remove(Store *store, const Address *address);
/* Calls back when everything put so far is on disk (or failed to get there). */
void store_sync(Store *store, GAsyncReadyCallback done, void *data);
bool store_sync_finish(Store *store, GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)
