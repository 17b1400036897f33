/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "transport.h"
#include "base/fd.h"
#include "calls.h"
#include "errors.h"
#include "names.h"

/* NotAuthorized also says that an older release is not over yet. */
#define ACQUIRE_RETRIES  3
#define ACQUIRE_PAUSE_MS 200

typedef enum {
    WORK_NONE,
    WORK_ACQUIRE,
    WORK_RELEASE,
} Work;

typedef struct {
    Transports *transports;
    Calls *calls;
    Address address;
    char *path;
    SbcConfig config;
    TransportState state;
    unsigned delay_us;
    bool announced;
    Work work;
    bool release_asked; /* a release_done is owed */
    bool acquire_after; /* the release */
    unsigned tries;
    guint pause;
} Transport;

struct Transports {
    const Objects *objects;
    GHashTable *by_address; /* Address in Transport -> Transport */
    const BluezEvents *events;
    void *data;
};

static void transport_acquire(Transport *transport);
static void transport_release(Transport *transport);

static void transport_free(gpointer data)
{
    Transport *transport = data;

    if (transport->pause)
        g_source_remove(transport->pause);
    calls_free(transport->calls);
    g_free(transport->path);
    g_free(transport);
}

static Transport *transports_find(const Transports *transports, const Address *address)
{
    return g_hash_table_lookup(transports->by_address, address);
}

static Transport *transports_find_path(const Transports *transports, const char *path)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, transports->by_address);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Transport *transport = value;

        if (g_str_equal(transport->path, path))
            return transport;
    }
    return NULL;
}

static TransportState state_parse(const char *text)
{
    if (g_str_equal(text, "active"))
        return TRANSPORT_ACTIVE;
    return g_str_equal(text, "pending") ? TRANSPORT_PENDING : TRANSPORT_IDLE;
}

/* Acquire */

static void transport_answer(Transport *transport, int fd, size_t mtu, const GError *error)
{
    const Transports *transports = transport->transports;
    const Address address = transport->address;

    transports->events->acquire_done(&address, fd, mtu, error, transports->data);
}

static void transport_answer_cancelled(Transport *transport)
{
    g_autoptr(GError) error = g_error_new_literal(ECHOCAST_ERROR, ECHOCAST_ERROR_CANCELLED,
                                                  "Released before it was acquired");

    transport_answer(transport, -1, 0, error);
}

static int acquired_fd(GVariant *reply, GUnixFDList *fds, size_t *mtu)
{
    gint32 handle = -1;
    guint16 mtu_read = 0;
    guint16 mtu_write = 0;

    if (!fds || !g_variant_is_of_type(reply, G_VARIANT_TYPE("(hqq)")))
        return -1;
    g_variant_get(reply, "(hqq)", &handle, &mtu_read, &mtu_write);
    *mtu = mtu_write;
    return g_unix_fd_list_get(fds, handle, NULL);
}

static void transport_release_instead(Transport *transport)
{
    transport_release(transport);
    transport_answer_cancelled(transport);
}

static gboolean on_pause_over(gpointer data)
{
    Transport *transport = data;

    transport->pause = 0;
    if (transport->release_asked)
        transport_release_instead(transport);
    else
        transport_acquire(transport);
    return G_SOURCE_REMOVE;
}

static bool transport_may_retry(Transport *transport, const GError *error)
{
    return errors_is(error, "NotAuthorized") && transport->state != TRANSPORT_ACTIVE &&
           !transport->release_asked && ++transport->tries <= ACQUIRE_RETRIES;
}

static void transport_not_acquired(Transport *transport, const GError *error)
{
    g_autoptr(GError) ours = errors_translate(BLUEZ_CALL_ACQUIRE, error);

    if (transport_may_retry(transport, error)) {
        transport->pause = g_timeout_add(ACQUIRE_PAUSE_MS, on_pause_over, transport);
        return;
    }
    /* Should bluetoothd still come to own it for us, nobody would play on it. */
    if (transport->release_asked || g_error_matches(ours, ECHOCAST_ERROR, ECHOCAST_ERROR_TIMED_OUT))
        transport_release(transport);
    else
        transport->work = WORK_NONE;
    transport_answer(transport, -1, 0, ours);
}

static void on_acquired(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    Transport *transport = data;
    size_t mtu = 0;

    if (error) {
        transport_not_acquired(transport, error);
        return;
    }
    fd_auto fd = acquired_fd(reply, fds, &mtu);
    if (transport->release_asked) {
        transport_release_instead(transport);
        return;
    }
    transport->work = WORK_NONE;
    if (fd < 0 || mtu == 0) {
        g_autoptr(GError) none =
            g_error_new_literal(ECHOCAST_ERROR, ECHOCAST_ERROR_FAILED, "bluetoothd gave no socket");
        transport_answer(transport, -1, 0, none);
        return;
    }
    transport_answer(transport, fd_steal(&fd), mtu, NULL);
}

static void transport_acquire(Transport *transport)
{
    transport->work = WORK_ACQUIRE;
    calls_make(transport->calls, transport->path, BLUEZ_TRANSPORT, "Acquire", NULL, CALL_TIMEOUT_MS,
               on_acquired, transport);
}

/* Release */

static void on_released(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    Transport *transport = data;
    const Transports *transports = transport->transports;
    const bool asked = transport->release_asked;

    /* An error says that it was not ours any more: the speaker has suspended it. */
    transport->work = WORK_NONE;
    transport->release_asked = false;
    if (transport->acquire_after) {
        transport->acquire_after = false;
        transport->tries = 0;
        transport_acquire(transport);
    }
    if (asked)
        transports->events->release_done(&transport->address, transports->data);
}

static void transport_release(Transport *transport)
{
    transport->work = WORK_RELEASE;
    calls_make(transport->calls, transport->path, BLUEZ_TRANSPORT, "Release", NULL, CALL_TIMEOUT_MS,
               on_released, transport);
}

bool transports_acquire(Transports *transports, const Address *address)
{
    Transport *transport = transports_find(transports, address);

    if (!transport)
        return false;
    if (transport->work == WORK_NONE) {
        transport->tries = 0;
        transport_acquire(transport);
    } else if (transport->work == WORK_RELEASE || transport->release_asked) {
        transport->acquire_after = true;
    }
    return true;
}

bool transports_release(Transports *transports, const Address *address)
{
    Transport *transport = transports_find(transports, address);

    if (!transport)
        return false;
    /* An acquire under way is waited for: cancelling one aborts the stream (BlueZ up to 5.79). */
    transport->release_asked = true;
    if (transport->work == WORK_NONE)
        transport_release(transport);
    return true;
}

/* Life */

static void transport_tell_delay(Transport *transport, unsigned delay_us)
{
    const Transports *transports = transport->transports;

    if (transport->delay_us == delay_us)
        return;
    transport->delay_us = delay_us;
    if (transport->announced)
        transports->events->delay_changed(&transport->address, delay_us, transports->data);
}

static void transport_tell_state(Transport *transport, TransportState state)
{
    const Transports *transports = transport->transports;

    if (transport->state == state)
        return;
    transport->state = state;
    if (transport->announced)
        transports->events->transport_changed(&transport->address, state, transports->data);
}

static void transport_announce(Transport *transport)
{
    const Transports *transports = transport->transports;
    const BluezEvents *events = transports->events;
    const Address address = transport->address;

    if (transport->announced)
        return;
    transport->announced = true;
    events->transport_opened(&address, &transport->config, transports->data);
    if (transport->delay_us)
        events->delay_changed(&address, transport->delay_us, transports->data);
    if (transport->state != TRANSPORT_IDLE)
        events->transport_changed(&address, transport->state, transports->data);
}

static void transport_close(Transport *transport)
{
    Transports *transports = transport->transports;
    const Address address = transport->address;
    const bool acquiring = transport->work == WORK_ACQUIRE || transport->acquire_after;
    const bool releasing = transport->release_asked;
    const bool announced = transport->announced;
    g_autoptr(GError) error =
        g_error_new_literal(ECHOCAST_ERROR, ECHOCAST_ERROR_LINK_LOST, "The stream was closed");

    g_hash_table_remove(transports->by_address, &address);
    if (acquiring)
        transports->events->acquire_done(&address, -1, 0, error, transports->data);
    if (releasing)
        transports->events->release_done(&address, transports->data);
    if (announced)
        transports->events->transport_closed(&address, transports->data);
}

static unsigned delay_to_us(int64_t tenths_of_ms)
{
    return (unsigned)tenths_of_ms * 100;
}

void transports_open(Transports *transports, const char *path, const Address *address,
                     const SbcConfig *config, GVariant *properties, bool held)
{
    Transport *transport = transports_find(transports, address);
    const char *state = "idle";
    guint16 delay = 0;

    if (transport)
        transport_close(transport);
    g_variant_lookup(properties, "State", "&s", &state);
    g_variant_lookup(properties, "Delay", "q", &delay);
    transport = g_new0(Transport, 1);
    transport->transports = transports;
    transport->calls = calls_new(transports->objects);
    transport->address = *address;
    transport->path = g_strdup(path);
    transport->config = *config;
    transport->state = state_parse(state);
    transport->delay_us = delay_to_us(delay);
    g_hash_table_insert(transports->by_address, &transport->address, transport);
    if (!held)
        transport_announce(transport);
}

void transports_announce(Transports *transports, const Address *address)
{
    Transport *transport = transports_find(transports, address);

    if (transport)
        transport_announce(transport);
}

void transports_changed(Transports *transports, const char *path)
{
    Transport *transport = transports_find_path(transports, path);

    if (!transport)
        return;
    TransportState state =
        state_parse(objects_string(transports->objects, path, BLUEZ_TRANSPORT, "State"));
    unsigned delay_us =
        delay_to_us(objects_int(transports->objects, path, BLUEZ_TRANSPORT, "Delay"));
    transport_tell_delay(transport, delay_us);
    transport_tell_state(transport, state);
}

void transports_close_path(Transports *transports, const char *path)
{
    Transport *transport = transports_find_path(transports, path);

    if (transport)
        transport_close(transport);
}

void transports_close_address(Transports *transports, const Address *address)
{
    Transport *transport = transports_find(transports, address);

    if (transport)
        transport_close(transport);
}

void transports_close_all(Transports *transports)
{
    GHashTableIter iter;
    gpointer value;

    for (;;) {
        g_hash_table_iter_init(&iter, transports->by_address);
        if (!g_hash_table_iter_next(&iter, NULL, &value))
            return;
        transport_close(value);
    }
}

bool transports_have(const Transports *transports, const Address *address)
{
    return transports_find(transports, address) != NULL;
}

unsigned transports_count(const Transports *transports)
{
    return g_hash_table_size(transports->by_address);
}

Transports *transports_new(const Objects *objects, const BluezEvents *events, void *data)
{
    Transports *transports = g_new0(Transports, 1);

    transports->objects = objects;
    transports->by_address =
        g_hash_table_new_full(address_hash_key, address_equal_key, NULL, transport_free);
    transports->events = events;
    transports->data = data;
    return transports;
}

void transports_free(Transports *transports)
{
    if (!transports)
        return;
    g_hash_table_unref(transports->by_address);
    g_free(transports);
}
