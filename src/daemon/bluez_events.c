/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Bluez events: what BlueZ says, as events for the speaker it is about. */
#include "daemon/joint.h"

#include "base/fd.h"

EchocastError reason_of_state(BluezState state)
{
    switch (state) {
    case BLUEZ_NOT_RUNNING:
        return ECHOCAST_ERROR_BLUEZ_NOT_RUNNING;
    case BLUEZ_NO_ADAPTER:
        return ECHOCAST_ERROR_NO_ADAPTER;
    case BLUEZ_ADAPTER_BLOCKED:
        return ECHOCAST_ERROR_ADAPTER_BLOCKED;
    case BLUEZ_ADAPTER_OFF:
        return ECHOCAST_ERROR_ADAPTER_OFF;
    case BLUEZ_READY:
        break;
    }
    return ECHOCAST_ERROR_FAILED;
}

static void on_state_changed(const BluezFacts *facts, void *data)
{
    Daemon *daemon = data;
    BluezState before = daemon->bluez_state;

    daemon->bluez_state = facts->state;
    daemon->adapter = facts->adapter;
    daemon->discovering = facts->discovering;
    g_free(daemon->adapter_alias);
    daemon->adapter_alias = g_strdup(facts->adapter_alias);
    if (before != facts->state) {
        if (facts->state == BLUEZ_READY)
            feed_all(daemon, SPEAKER_EVENT_BLUEZ_READY, ECHOCAST_ERROR_FAILED);
        else
            feed_all(daemon, SPEAKER_EVENT_BLUEZ_LOST, reason_of_state(facts->state));
        inquiry_bluez_changed(daemon);
    }
    publish_manager(daemon);
}

static void on_device_changed(const DeviceFacts *device, void *data)
{
    Daemon *daemon = data;
    Entry *entry = ensure_entry(daemon, &device->address);
    bool was_linked = entry->linked;
    bool was_bonded = entry->bonded;
    bool was_known = was_bonded && entry->kind == PEER_SINK;

    entry_take_device(entry, device);
    if (!was_known && device->bonded && device->kind == PEER_SINK)
        feed(daemon, entry, SPEAKER_EVENT_BOND_SEEN, ECHOCAST_ERROR_FAILED, NULL);
    if (was_bonded && !device->bonded)
        feed(daemon, entry, SPEAKER_EVENT_BOND_GONE, ECHOCAST_ERROR_STALE_BOND, NULL);
    if (was_linked && !device->linked)
        feed(daemon, entry, SPEAKER_EVENT_LINK_LOST, ECHOCAST_ERROR_LINK_LOST,
             "the link went down");
    inquiry_see(daemon, device, entry->record != NULL);
    publish_speaker(daemon, entry);
}

static void on_device_removed(const Address *address, void *data)
{
    Daemon *daemon = data;
    Entry *entry = roster_find(daemon->roster, address);

    if (entry == NULL)
        return;
    entry->has_device = entry->bonded = entry->linked = false;
    entry->rssi = 0;
    feed(daemon, entry, SPEAKER_EVENT_BOND_GONE, ECHOCAST_ERROR_STALE_BOND, NULL);
    publish_speaker(daemon, entry);
    publish_sweep_later(daemon);
}

static void on_devices_forgotten(void *data)
{
    Daemon *daemon = data;
    const GPtrArray *entries = roster_entries(daemon->roster);

    for (unsigned i = 0; i < entries->len; i++) {
        Entry *entry = entries->pdata[i];

        entry->has_device = entry->bonded = entry->linked = false;
        entry->rssi = 0;
        publish_speaker(daemon, entry);
    }
    publish_sweep_later(daemon);
}

static bool is_saved(const Address *address, void *data)
{
    const Daemon *daemon = data;
    const Entry *entry = roster_find(daemon->roster, address);

    return entry != NULL && entry->record != NULL;
}

/* An answer is an event of its own when it worked, and another one when it did not. */
static void answer(void *data, const Address *address, const GError *error, SpeakerEvent done,
                   SpeakerEvent failed)
{
    Daemon *daemon = data;
    Entry *entry = roster_find(daemon->roster, address);

    if (entry == NULL)
        return;
    if (error == NULL)
        feed(daemon, entry, done, ECHOCAST_ERROR_FAILED, NULL);
    else
        feed_error(daemon, entry, failed, error);
}

static void on_pair_done(const Address *address, const GError *error, void *data)
{
    answer(data, address, error, SPEAKER_EVENT_PAIRED, SPEAKER_EVENT_PAIR_FAILED);
    inquiry_resume(data);
}

/* A failed connection as an event. BlueZ's loss is told by its state: an answer that speaks of it
 * while the state is ready is late, and the speaker is tried again. */
static SpeakerEvent event_of_failure(const Daemon *daemon, const GError *error)
{
    SpeakerEvent event = speaker_event_of_failure(error->code);

    if (event == SPEAKER_EVENT_BLUEZ_LOST && daemon->bluez_state == BLUEZ_READY)
        return SPEAKER_EVENT_CONNECT_ABSENT;
    return event;
}

static void on_connect_done(const Address *address, const GError *error, void *data)
{
    SpeakerEvent failed = SPEAKER_EVENT_CONNECT_ABSENT;

    /* Cancelled only ever by our own Disconnect, which has its own answer. */
    if (error != NULL && error->code == ECHOCAST_ERROR_CANCELLED)
        return;
    if (error != NULL)
        failed = event_of_failure(data, error);
    answer(data, address, error, SPEAKER_EVENT_CONNECT_RETURNED, failed);
    inquiry_resume(data);
}

/* Healing and leaving both end with this answer; whether it worked shows in what follows. */
static void on_disconnect_done(const Address *address, const GError *error, void *data)
{
    answer(data, address, NULL, SPEAKER_EVENT_DISCONNECTED, SPEAKER_EVENT_DISCONNECTED);
    answer(data, address, NULL, SPEAKER_EVENT_CLEARED, SPEAKER_EVENT_CLEARED);
}

static void on_unstick_done(const Address *address, const GError *error, void *data)
{
    answer(data, address, NULL, SPEAKER_EVENT_CLEARED, SPEAKER_EVENT_CLEARED);
}

static void on_remove_done(const Address *address, const GError *error, void *data)
{
    bool gone = error == NULL || error->code == ECHOCAST_ERROR_NOT_FOUND;

    answer(data, address, gone ? NULL : error, SPEAKER_EVENT_REMOVED, SPEAKER_EVENT_REMOVE_FAILED);
}

static void on_acquire_done(const Address *address, int fd, size_t mtu, const GError *error,
                            void *data)
{
    Daemon *daemon = data;
    fd_auto acquired = fd;
    Entry *entry = roster_find(daemon->roster, address);

    if (entry == NULL)
        return;
    entry->mtu = mtu;
    entry->acquired_fd = fd_steal(&acquired);
    answer(data, address, error, SPEAKER_EVENT_ACQUIRED, SPEAKER_EVENT_ACQUIRE_FAILED);
    /* Nobody took it: the speaker was told to leave in the meantime. */
    fd_clear(&entry->acquired_fd);
}

static void on_release_done(const Address *address, void *data)
{
}

static void on_transport_opened(const Address *address, const SbcConfig *config, void *data)
{
    Daemon *daemon = data;
    Entry *entry = ensure_entry(daemon, address);
    const Entry *active = roster_active(daemon->roster);
    bool crowded = active != NULL && active != entry;

    entry->config = *config;
    entry->transport = TRANSPORT_IDLE;
    feed(daemon, entry, crowded ? SPEAKER_EVENT_TRANSPORT_CROWDED : SPEAKER_EVENT_TRANSPORT_OPENED,
         ECHOCAST_ERROR_FAILED, NULL);
}

static void on_transport_changed(const Address *address, TransportState state, void *data)
{
    Daemon *daemon = data;
    Entry *entry = roster_find(daemon->roster, address);

    if (entry == NULL)
        return;
    entry->transport = state;
    if (state == TRANSPORT_IDLE)
        feed(daemon, entry, SPEAKER_EVENT_TRANSPORT_SUSPENDED, ECHOCAST_ERROR_LINK_LOST,
             "the speaker suspended the stream");
}

static void on_transport_closed(const Address *address, void *data)
{
    Daemon *daemon = data;
    Entry *entry = roster_find(daemon->roster, address);

    if (entry != NULL)
        feed(daemon, entry, SPEAKER_EVENT_TRANSPORT_CLOSED, ECHOCAST_ERROR_LINK_LOST,
             "the stream was closed");
}

static void on_delay_changed(const Address *address, unsigned delay_us, void *data)
{
    Daemon *daemon = data;
    Entry *entry = roster_find(daemon->roster, address);

    if (entry == NULL)
        return;
    entry->delay_us = delay_us;
    publish_stream(daemon, entry);
}

const BluezEvents BLUEZ_EVENTS = {
    .state_changed = on_state_changed,
    .device_changed = on_device_changed,
    .device_removed = on_device_removed,
    .devices_forgotten = on_devices_forgotten,
    .is_saved = is_saved,
    .pair_done = on_pair_done,
    .connect_done = on_connect_done,
    .disconnect_done = on_disconnect_done,
    .unstick_done = on_unstick_done,
    .remove_done = on_remove_done,
    .acquire_done = on_acquire_done,
    .release_done = on_release_done,
    .transport_opened = on_transport_opened,
    .transport_changed = on_transport_changed,
    .transport_closed = on_transport_closed,
    .delay_changed = on_delay_changed,
};
