/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 */
#include "link.h"

#include <errno.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#define QUIET_MS       500
#define RECEIVE_BUFFER (4 << 20) /* a busy machine must not look like a lossy radio */

struct Link {
    Recorder *recorder;
    GDBusConnection *bus;
    GDBusProxy *transport;
    int fd; /* -1: not ours */
    guint watch;
    guint quiet; /* the timer that finds the end of a stream */
    int64_t last_ns;
    bool reading;
    uint64_t notify;
};

static void event_print(const char *name)
{
    JsonBuilder *event = message_new("event", name);

    message_int(event, "t", now_ns());
    message_print(event);
}

Link *link_new(Recorder *recorder)
{
    Link *link = g_new0(Link, 1);

    link->recorder = recorder;
    link->fd = -1;
    link->reading = true;
    return link;
}

void link_set_bus(Link *link, GDBusConnection *bus)
{
    g_set_object(&link->bus, bus);
}

GDBusProxy *link_transport(const Link *link)
{
    return link->transport;
}

static gboolean quiet_elapsed(gpointer data)
{
    Link *link = data;

    if (now_ns() - link->last_ns < QUIET_MS * INT64_C(1000000))
        return G_SOURCE_CONTINUE;
    link->quiet = 0;
    event_print("stream-end");
    return G_SOURCE_REMOVE;
}

static void print_news(Link *link, RecorderNews news)
{
    if (news & RECORDER_FIRST)
        event_print("first-packet");
    if (news & RECORDER_AUDIBLE)
        event_print("audible");
    if (link->notify > 0 && recorder_packets(link->recorder) >= link->notify) {
        link->notify = 0;
        event_print("packets");
    }
}

/* Reads what is there: false when the transport has ended. */
static bool link_read(Link *link)
{
    uint8_t packet[4096];

    for (;;) {
        ssize_t got = recv(link->fd, packet, sizeof(packet), MSG_DONTWAIT);

        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (got <= 0)
            return false;
        link->last_ns = now_ns();
        print_news(link, recorder_packet(link->recorder, packet, got, link->last_ns));
        if (!link->quiet)
            link->quiet = g_timeout_add(QUIET_MS, quiet_elapsed, link);
    }
}

static void link_release(Link *link)
{
    if (link->fd < 0)
        return;
    if (link->reading)
        link_read(link);
    g_clear_handle_id(&link->watch, g_source_remove);
    close(link->fd);
    link->fd = -1;
    recorder_flush(link->recorder);
    event_print("released");
}

static gboolean link_readable(int fd, GIOCondition condition, gpointer data)
{
    Link *link = data;

    if (link_read(link))
        return G_SOURCE_CONTINUE;
    link->watch = 0;
    link_release(link);
    return G_SOURCE_REMOVE;
}

static void link_watch(Link *link)
{
    if (link->reading && link->fd >= 0 && !link->watch)
        link->watch = g_unix_fd_add_full(G_PRIORITY_HIGH, link->fd, G_IO_IN | G_IO_HUP | G_IO_ERR,
                                         link_readable, link, NULL);
}

void link_set_reading(Link *link, bool reading)
{
    link->reading = reading;
    if (!reading)
        g_clear_handle_id(&link->watch, g_source_remove);
    link_watch(link);
}

static void link_take(Link *link, int fd, unsigned int mtu)
{
    int size = RECEIVE_BUFFER;
    JsonBuilder *event = message_new("event", "acquired");

    link_release(link);
    link->fd = fd;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    recorder_begin_stream(link->recorder);
    message_int(event, "mtu", mtu);
    message_int(event, "t", now_ns());
    message_print(event);
    link_watch(link);
}

static void acquired(GObject *source, GAsyncResult *result, gpointer data)
{
    Link *link = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GUnixFDList) fds = NULL;
    g_autoptr(GVariant) reply = g_dbus_connection_call_with_unix_fd_list_finish(
        G_DBUS_CONNECTION(source), &fds, result, &error);
    guint16 read_mtu, write_mtu;
    gint32 handle;

    if (!reply) {
        g_printerr("speaker: acquire: %s\n", error->message);
        return;
    }
    g_variant_get(reply, "(hqq)", &handle, &read_mtu, &write_mtu);
    link_take(link, g_unix_fd_list_get(fds, handle, NULL), read_mtu);
}

static void transport_call(Link *link, const char *method)
{
    g_dbus_connection_call_with_unix_fd_list(
        link->bus, "org.bluez", g_dbus_proxy_get_object_path(link->transport),
        "org.bluez.MediaTransport1", method, NULL, G_VARIANT_TYPE("(hqq)"), G_DBUS_CALL_FLAGS_NONE,
        -1, NULL, NULL, acquired, link);
}

void link_acquire(Link *link)
{
    if (link->transport)
        transport_call(link, "Acquire");
}

void link_set_transport(Link *link, GDBusProxy *transport)
{
    if (transport != link->transport)
        link_release(link);
    g_set_object(&link->transport, transport);
    if (transport)
        link_update(link);
}

static const char *transport_state(GDBusProxy *transport)
{
    g_autoptr(GVariant) value = g_dbus_proxy_get_cached_property(transport, "State");

    return g_intern_string(value ? g_variant_get_string(value, NULL) : "unknown");
}

const char *link_state(const Link *link)
{
    return link->transport ? transport_state(link->transport) : "none";
}

void link_update(Link *link)
{
    const char *state = link_state(link);
    JsonBuilder *event = message_new("event", "state");

    message_string(event, "state", state);
    message_int(event, "t", now_ns());
    message_print(event);
    if (g_str_equal(state, "pending"))
        transport_call(link, "TryAcquire");
    else if (g_str_equal(state, "idle"))
        link_release(link);
}

void link_notify(Link *link, uint64_t count)
{
    link->notify = count;
    print_news(link, 0);
}
