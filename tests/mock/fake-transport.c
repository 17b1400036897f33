/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* MediaTransport1: one configured stream, its owner and its socket. The socket lives as long as the
 * stream: Acquire hands out copies of one and the same, as bluetoothd does. */
#include "fake-internal.h"

#include <errno.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *state_word(StreamState state)
{
    switch (state) {
    case STREAM_IDLE:
    case STREAM_REQUESTING:
        return "idle";
    case STREAM_PENDING:
        return "pending";
    case STREAM_ACTIVE:
    case STREAM_SUSPENDING:
    case STREAM_ABORTED:
        return "active";
    }
    g_assert_not_reached();
}

void transport_shown(Transport *transport, StreamState state)
{
    const char *word = state_word(state);
    FakeBluez *bluez = transport->device->adapter->bluez;

    if (!g_str_equal(word, state_word(transport->state)))
        fake_log(bluez, "transport %s %s", transport->device->speaker->address, word);
    transport->state = state;
    fake_object_set(transport->object, IF_TRANSPORT, "State", g_variant_new_string(word));
}

GVariant *transport_properties(const Transport *transport)
{
    return fake_object_properties(transport->object, IF_TRANSPORT);
}

static gboolean on_readable(int fd, GIOCondition condition, gpointer data)
{
    Transport *transport = data;
    FakeSpeaker *speaker = transport->device->speaker;
    uint8_t packet[4096];
    ssize_t size;

    size = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
    if (size > 0) {
        speaker_got(speaker, packet, (size_t)size);
        if (transport->device->adapter->bluez->events.packet)
            transport->device->adapter->bluez->events.packet(
                speaker, packet, (size_t)size, transport->device->adapter->bluez->data);
        return G_SOURCE_CONTINUE;
    }
    return size < 0 && errno == EAGAIN;
}

void transport_read(Transport *transport, bool reads)
{
    if (transport->reader) {
        g_source_destroy(transport->reader);
        g_clear_pointer(&transport->reader, g_source_unref);
    }
    if (!reads)
        return;
    transport->reader = g_unix_fd_source_new(transport->theirs, G_IO_IN);
    g_source_set_callback(transport->reader, G_SOURCE_FUNC(on_readable), transport, NULL);
    g_source_attach(transport->reader, transport->device->adapter->bluez->context);
}

static void open_socket(Transport *transport)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        g_error("fake BlueZ: socketpair: %s", g_strerror(errno));
    transport->ours = pair[0];
    transport->theirs = pair[1];
    transport_read(transport, transport->device->speaker->reads);
}

static unsigned lowest_free_number(const FakeBluez *bluez)
{
    unsigned number = 0;

    for (guint i = 0; i < bluez->transports->len; i++)
        if (((const Transport *)bluez->transports->pdata[i])->number == number) {
            number++;
            i = (guint)-1; /* from the start again */
        }
    return number;
}

static void set_first_properties(Transport *transport, const uint8_t configuration[4])
{
    FakeBluez *bluez = transport->device->adapter->bluez;
    GVariantBuilder values;

    g_variant_builder_init(&values, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&values, "{sv}", "Device",
                          g_variant_new_object_path(transport->device->path));
    g_variant_builder_add(&values, "{sv}", "UUID", g_variant_new_string(UUID_SOURCE));
    g_variant_builder_add(&values, "{sv}", "Codec", g_variant_new_byte(0));
    g_variant_builder_add(&values, "{sv}", "Configuration",
                          g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, configuration, 4, 1));
    g_variant_builder_add(&values, "{sv}", "State", g_variant_new_string("idle"));
    if (fake_has(bluez, QUIRK_DELAY_ALWAYS) && transport->endpoint->delay_reporting)
        g_variant_builder_add(&values, "{sv}", "Delay", g_variant_new_uint16(0));
    fake_object_set_many(transport->object, IF_TRANSPORT, g_variant_builder_end(&values));
}

Transport *transport_new(Device *device, Endpoint *endpoint, const uint8_t configuration[4])
{
    FakeBluez *bluez = device->adapter->bluez;
    Transport *transport = g_new0(Transport, 1);

    transport->device = device;
    transport->endpoint = endpoint;
    transport->number =
        fake_has(bluez, QUIRK_FD_REUSE) ? lowest_free_number(bluez) : bluez->next_fd++;
    transport->path = g_strdup_printf("%s%s/fd%u", device->path, device->incoming ? "" : "/sep1",
                                      transport->number);
    endpoint->streams++;
    g_ptr_array_add(bluez->transports, transport);
    open_socket(transport);
    transport->object = fake_object_new(bluez->tree, transport->path, transport);
    fake_object_add_interface(transport->object, fake_interface(IF_TRANSPORT));
    set_first_properties(transport, configuration);
    fake_object_announce(transport->object);
    return transport;
}

static void drop_owner(Transport *transport)
{
    g_clear_pointer(&transport->owner, g_free);
}

static void fail_call(Transport *transport, const char *error, const char *message)
{
    fake_fail(g_steal_pointer(&transport->call), error, message);
}

void transport_free(Transport *transport)
{
    FakeBluez *bluez = transport->device->adapter->bluez;
    Endpoint *endpoint = transport->endpoint;

    fake_log(bluez, "transport %s gone", transport->device->speaker->address);
    fake_cancel(bluez, &transport->step);
    fail_call(transport, "Failed", "Input/output error");
    transport_read(transport, false);
    close(transport->theirs);
    close(transport->ours);
    endpoint->streams--;
    g_ptr_array_remove(bluez->transports, transport);
    fake_call(bluez, endpoint->client, endpoint->path, IF_ENDPOINT, "ClearConfiguration",
              g_variant_new("(o)", transport->path), bluez->times.endpoint, NULL, 0, NULL);
    fake_object_free(transport->object);
    g_free(transport->owner);
    g_free(transport->path);
    g_free(transport);
}

/* --- methods --- */

static void hand_out(Transport *transport)
{
    g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
    int index = g_unix_fd_list_append(fds, transport->ours, NULL);

    g_dbus_method_invocation_return_value_with_unix_fd_list(
        g_steal_pointer(&transport->call),
        g_variant_new("(hqq)", index, (guint16)MEDIA_MTU, (guint16)MEDIA_MTU), fds);
}

static void finish_acquire(void *data)
{
    Transport *transport = data;

    hand_out(transport);
    transport_shown(transport, STREAM_ACTIVE);
}

static void refuse_acquire(void *data)
{
    Transport *transport = data;

    drop_owner(transport);
    transport_shown(transport, STREAM_IDLE);
    fail_call(transport, "Failed", "Input/output error");
}

static void refuse(GDBusMethodInvocation *invocation)
{
    fake_fail(invocation, "NotAuthorized", "Operation Not Authorized");
}

static void begin_acquire(Transport *transport, const char *client,
                          GDBusMethodInvocation *invocation)
{
    FakeBluez *bluez = transport->device->adapter->bluez;
    bool pending = transport->state == STREAM_PENDING;
    FakeStart behaviour =
        pending ? FAKE_START_ACCEPTS : speaker_take_start(transport->device->speaker);

    transport->owner = g_strdup(client);
    transport->call = invocation;
    if (pending) {
        finish_acquire(transport);
        return;
    }
    transport_shown(transport, STREAM_REQUESTING);
    fake_after(bluez, &transport->step,
               behaviour == FAKE_START_SILENT ? bluez->times.silence : bluez->times.start,
               behaviour == FAKE_START_ACCEPTS ? finish_acquire : refuse_acquire, transport);
}

static void acquire(Transport *transport, const char *client, GDBusMethodInvocation *invocation)
{
    bool possible = transport->state == STREAM_IDLE || transport->state == STREAM_PENDING;

    if (transport->owner || !possible || transport->device->connecting)
        refuse(invocation);
    else
        begin_acquire(transport, client, invocation);
}

static void try_acquire(Transport *transport, const char *client, GDBusMethodInvocation *invocation)
{
    if (transport->owner)
        refuse(invocation);
    else if (transport->state != STREAM_PENDING)
        fake_fail(invocation, "NotAvailable", "Operation currently not available");
    else
        begin_acquire(transport, client, invocation);
}

static void finish_release(void *data)
{
    Transport *transport = data;

    drop_owner(transport);
    fake_reply(g_steal_pointer(&transport->call), NULL);
    transport_shown(transport, STREAM_IDLE);
}

static void suspend(Transport *transport, GDBusMethodInvocation *invocation)
{
    FakeBluez *bluez = transport->device->adapter->bluez;

    transport->call = invocation;
    transport_shown(transport, STREAM_SUSPENDING);
    fake_after(bluez, &transport->step, bluez->times.start, finish_release, transport);
}

/* Up to 5.79 a Release while Acquire runs sends ABORT: the stream is gone. */
static void release_early(Transport *transport, GDBusMethodInvocation *invocation)
{
    Device *device = transport->device;

    if (fake_has(device->adapter->bluez, QUIRK_RELEASE_DROPS)) {
        fake_reply(invocation, NULL);
        g_clear_pointer(&device->transport, transport_free);
        device_watch_idle(device);
        return;
    }
    fake_cancel(device->adapter->bluez, &transport->step);
    fail_call(transport, "Failed", "Operation canceled");
    suspend(transport, invocation);
}

static void release(Transport *transport, const char *client, GDBusMethodInvocation *invocation)
{
    if (g_strcmp0(transport->owner, client) != 0 || transport->state == STREAM_SUSPENDING)
        refuse(invocation);
    else if (transport->state == STREAM_REQUESTING)
        release_early(transport, invocation);
    else
        suspend(transport, invocation);
}

void transport_call(Transport *transport, const char *method, const char *client,
                    GDBusMethodInvocation *invocation)
{
    if (g_str_equal(method, "Acquire"))
        acquire(transport, client, invocation);
    else if (g_str_equal(method, "TryAcquire"))
        try_acquire(transport, client, invocation);
    else
        release(transport, client, invocation);
}

/* The property follows when the speaker has answered with the value it took. */
void transport_set(Transport *transport, const char *property, GVariant *value,
                   GDBusMethodInvocation *invocation)
{
    guint16 volume = g_variant_get_uint16(value);

    if (volume > 127) {
        fake_fail(invocation, "InvalidArguments", "Invalid arguments in method call");
        return;
    }
    fake_log(transport->device->adapter->bluez, "set %s.Volume %u",
             transport->device->speaker->address, volume);
    fake_reply(invocation, NULL);
    fake_speaker_turn_volume(transport->device->speaker, (uint8_t)volume);
}

/* An owner that leaves the bus has released. */
void transport_client_gone(Transport *transport, const char *client)
{
    if (g_strcmp0(transport->owner, client) != 0)
        return;
    if (transport->state == STREAM_ACTIVE)
        suspend(transport, NULL);
    else if (transport->state == STREAM_REQUESTING)
        release_early(transport, NULL);
}
