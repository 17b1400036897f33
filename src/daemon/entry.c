/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "daemon/entry.h"

#include "base/fd.h"

Entry *entry_new(const Address *address)
{
    Entry *entry = g_new0(Entry, 1);
    char text[ADDRESS_STRING_SIZE];

    address_format(address, text);
    entry->address = *address;
    entry->device_name = g_strdup(text);
    entry->acquired_fd = -1;
    entry->waiters = g_array_new(false, false, sizeof(Waiter));
    speaker_init(&entry->speaker, SPEAKER_STATE_DISCOVERED);
    return entry;
}

static void fail_waiters(Entry *entry)
{
    g_autoptr(GError) error =
        g_error_new_literal(ECHOCAST_ERROR, ECHOCAST_ERROR_CANCELLED, "echocastd is leaving");

    for (unsigned i = 0; i < entry->waiters->len; i++)
        request_fail(g_array_index(entry->waiters, Waiter, i).request, error);
}

void entry_free(Entry *entry)
{
    if (entry == NULL)
        return;
    fail_waiters(entry);
    g_array_unref(entry->waiters);
    if (entry->timer != 0)
        g_source_remove(entry->timer);
    fd_clear(&entry->acquired_fd);
    record_free(entry->record);
    g_free(entry->alias);
    g_free(entry->device_name);
    g_free(entry->detail);
    g_free(entry);
}

const char *entry_name(const Entry *entry)
{
    if (entry->alias != NULL)
        return entry->alias;
    if (entry->record != NULL && entry->record->alias != NULL)
        return entry->record->alias;
    if (!entry->has_device && entry->record != NULL && entry->record->name != NULL)
        return entry->record->name;
    return entry->device_name;
}

void entry_take_device(Entry *entry, const DeviceFacts *device)
{
    entry->has_device = true;
    g_free(entry->device_name);
    entry->device_name = g_strdup(device->name);
    entry->kind = device->kind;
    entry->bonded = device->bonded;
    entry->linked = device->linked;
    entry->rssi = device->rssi;
    entry->class_of_device = device->class_of_device;
}

void entry_wait(Entry *entry, WaitKind kind, Request *request, bool tone)
{
    Waiter waiter = {.kind = kind, .request = request, .tone = tone};

    g_array_append_val(entry->waiters, waiter);
}

static int find_waiter(const Entry *entry, WaitKind kind)
{
    for (unsigned i = 0; i < entry->waiters->len; i++)
        if (g_array_index(entry->waiters, Waiter, i).kind == kind)
            return i;
    return -1;
}

bool entry_has_waiter(const Entry *entry, WaitKind kind)
{
    return find_waiter(entry, kind) >= 0;
}

bool entry_take_waiter(Entry *entry, WaitKind kind, Waiter *waiter)
{
    int i = find_waiter(entry, kind);

    if (i < 0)
        return false;
    *waiter = g_array_index(entry->waiters, Waiter, i);
    g_array_remove_index(entry->waiters, i);
    return true;
}
