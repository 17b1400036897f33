/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* bluez-probe: drives the BlueZ client by hand or from a script, one step after the other, and
 * prints what it is told with the time since the start. For finding out what bluetoothd really
 * does.
 *
 *     bluez-probe ADAPTER SPEAKER STEP...
 *
 * Steps: ready scan pair connect opened acquire send release disconnect unstick remove, and heal,
 * which connects until a stream is open and unsticks bluetoothd in between. Each waits for its
 * answer; a step that fails ends the run with exit 1 unless it is written with a - before it.
 * wait:S waits. */
#include "bluez/bluez.h"
#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SEND_PACKETS 100
#define HEAL_MAX     8

typedef struct {
    Bluez *bluez;
    GMainLoop *loop;
    Address speaker;
    char **steps;
    const char *waiting; /* what the current step waits for; NULL: a step is to be begun */
    bool tolerant;
    bool failed;
    bool saved;
    bool ready;
    bool seen;
    bool open;
    unsigned heals;
    gint64 began_us;
    int fd;
    size_t mtu;
} Run;

G_GNUC_PRINTF(2, 3)
static void say(const Run *run, const char *format, ...)
{
    va_list arguments;

    printf("%8.3f ", (double)(g_get_monotonic_time() - run->began_us) / 1e6);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

static void next_step(Run *run);

static gboolean on_next(gpointer data)
{
    next_step(data);
    return G_SOURCE_REMOVE;
}

/* Something has come that a step may have waited for. */
static void came(Run *run, const char *what, const GError *error)
{
    if (!run->waiting || !g_str_equal(run->waiting, what))
        return;
    run->waiting = NULL;
    if (error && !run->tolerant) {
        run->failed = true;
        g_main_loop_quit(run->loop);
        return;
    }
    g_idle_add(on_next, run);
}

static void answer(Run *run, const char *what, const GError *error)
{
    if (error)
        say(run, "%s: %s (%s)", what, error_word((EchocastError)error->code), error->message);
    else
        say(run, "%s: done", what);
    came(run, what, error);
}

static void on_state_changed(const BluezFacts *facts, void *data)
{
    static const char *const names[] = {"NotRunning", "NoAdapter", "Blocked", "Off", "Ready"};
    Run *run = data;

    run->ready = facts->state == BLUEZ_READY;
    say(run, "state %s \"%s\"%s", names[facts->state], facts->adapter_alias,
        facts->discovering ? " discovering" : "");
    if (run->ready)
        came(run, "ready", NULL);
}

static void on_device_changed(const DeviceFacts *device, void *data)
{
    Run *run = data;

    say(run, "device \"%s\" %s rssi %d%s%s%s%s", device->name, peer_kind_name(device->kind),
        device->rssi, device->bonded ? " bonded" : "", device->trusted ? " trusted" : "",
        device->blocked ? " blocked" : "", device->linked ? " linked" : "");
    if (!address_equal(&device->address, &run->speaker) || device->rssi == 0)
        return;
    run->seen = true;
    came(run, "scan", NULL);
}

static void on_device_removed(const Address *address, void *data)
{
    say(data, "device removed");
}

static void on_devices_forgotten(void *data)
{
    say(data, "devices forgotten");
}

static bool on_is_saved(const Address *address, void *data)
{
    Run *run = data;

    return run->saved;
}

static void on_pair_done(const Address *address, const GError *error, void *data)
{
    Run *run = data;

    run->saved = run->saved || !error;
    answer(run, "pair", error);
}

static void heal(Run *run);

static void on_connect_done(const Address *address, const GError *error, void *data)
{
    Run *run = data;

    answer(run, "connect", error);
    if (!run->waiting || !g_str_equal(run->waiting, "heal") || !error)
        return;
    if (++run->heals < HEAL_MAX)
        bluez_unstick(run->bluez, &run->speaker);
    else
        came(run, "heal", error);
}

static void on_disconnect_done(const Address *address, const GError *error, void *data)
{
    answer(data, "disconnect", error);
}

static void on_unstick_done(const Address *address, const GError *error, void *data)
{
    Run *run = data;

    answer(run, "unstick", error);
    if (run->waiting && g_str_equal(run->waiting, "heal"))
        heal(run);
}

static void on_remove_done(const Address *address, const GError *error, void *data)
{
    answer(data, "remove", error);
}

static void on_acquire_done(const Address *address, int fd, size_t mtu, const GError *error,
                            void *data)
{
    Run *run = data;

    fd_clear(&run->fd);
    run->fd = fd;
    run->mtu = mtu;
    if (!error)
        say(run, "socket %d, MTU %zu", fd, mtu);
    answer(run, "acquire", error);
}

static void on_release_done(const Address *address, void *data)
{
    Run *run = data;

    fd_clear(&run->fd);
    answer(run, "release", NULL);
}

static void on_transport_opened(const Address *address, const SbcConfig *config, void *data)
{
    Run *run = data;
    g_autofree char *text = sbc_config_describe(config);

    run->open = true;
    say(run, "opened: %s", text);
    came(run, "opened", NULL);
    came(run, "heal", NULL);
}

static void on_transport_changed(const Address *address, TransportState state, void *data)
{
    static const char *const names[] = {"idle", "pending", "active"};

    say(data, "transport %s", names[state]);
}

static void on_transport_closed(const Address *address, void *data)
{
    Run *run = data;

    run->open = false;
    /* While somebody holds the socket, a controller that was unplugged keeps its number, and comes
     * back under another. */
    fd_clear(&run->fd);
    say(run, "closed");
}

static void on_delay_changed(const Address *address, unsigned delay_us, void *data)
{
    say(data, "delay %u us", delay_us);
}

static const BluezEvents events = {
    .state_changed = on_state_changed,
    .device_changed = on_device_changed,
    .device_removed = on_device_removed,
    .devices_forgotten = on_devices_forgotten,
    .is_saved = on_is_saved,
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

static void heal(Run *run)
{
    bluez_connect(run->bluez, &run->speaker);
}

static void send_packets(Run *run)
{
    g_autofree char *packet = g_malloc0(run->mtu ? run->mtu : 1);
    unsigned sent = 0;

    while (run->fd >= 0 && sent < SEND_PACKETS && send(run->fd, packet, run->mtu, MSG_NOSIGNAL) > 0)
        sent++;
    say(run, "sent %u packets of %zu%s%s", sent, run->mtu, sent < SEND_PACKETS ? ": " : "",
        sent < SEND_PACKETS ? g_strerror(errno) : "");
    came(run, "send", NULL);
}

static gboolean on_waited(gpointer data)
{
    came(data, "wait", NULL);
    return G_SOURCE_REMOVE;
}

static void begin(Run *run, const char *step)
{
    run->waiting = g_str_has_prefix(step, "wait:") ? "wait" : step;
    if (g_str_has_prefix(step, "wait:"))
        g_timeout_add((guint)(1000 * atof(step + 5)), on_waited, run);
    else if (g_str_equal(step, "ready") && run->ready)
        came(run, step, NULL);
    else if (g_str_equal(step, "scan"))
        bluez_discovery_start(run->bluez);
    else if (g_str_equal(step, "pair"))
        bluez_pair(run->bluez, &run->speaker, NULL);
    else if (g_str_equal(step, "connect"))
        bluez_connect(run->bluez, &run->speaker);
    else if (g_str_equal(step, "heal"))
        heal(run);
    else if (g_str_equal(step, "opened") && run->open)
        came(run, step, NULL);
    else if (g_str_equal(step, "acquire"))
        bluez_acquire(run->bluez, &run->speaker);
    else if (g_str_equal(step, "send"))
        send_packets(run);
    else if (g_str_equal(step, "release"))
        bluez_release(run->bluez, &run->speaker);
    else if (g_str_equal(step, "disconnect"))
        bluez_disconnect(run->bluez, &run->speaker);
    else if (g_str_equal(step, "unstick"))
        bluez_unstick(run->bluez, &run->speaker);
    else if (g_str_equal(step, "remove"))
        bluez_remove(run->bluez, &run->speaker);
}

static void next_step(Run *run)
{
    const char *step = *run->steps;

    if (!step) {
        g_main_loop_quit(run->loop);
        return;
    }
    run->steps++;
    run->tolerant = step[0] == '-';
    step += run->tolerant;
    if (g_str_equal(step, "saved")) {
        run->saved = true;
        next_step(run);
        return;
    }
    say(run, "> %s", step);
    begin(run, step);
}

static gboolean on_signal(gpointer data)
{
    Run *run = data;

    run->failed = true;
    g_main_loop_quit(run->loop);
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    Run run = {.fd = -1, .began_us = g_get_monotonic_time()};
    g_autoptr(GError) error = NULL;
    g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, &error);
    const char *endpoints = g_getenv("ENDPOINTS");

    if (!bus || argc < 4 || !address_parse(argv[2], &run.speaker)) {
        fprintf(stderr, "bluez-probe ADAPTER SPEAKER STEP...%s%s\n", error ? ": " : "",
                error ? error->message : "");
        return 2;
    }
    const BluezOptions options = {
        .adapter = argv[1],
        .alias = "Echocast",
        .endpoints = endpoints ? (unsigned)atoi(endpoints) : 4,
        .wish = {.rate_hz = 44100, .bitpool_max = 53},
    };
    run.steps = argv + 3;
    run.loop = g_main_loop_new(NULL, FALSE);
    run.bluez = bluez_new(bus, &options, &events, &run);
    g_unix_signal_add(SIGINT, on_signal, &run);
    g_unix_signal_add(SIGTERM, on_signal, &run);
    next_step(&run);
    g_main_loop_run(run.loop);
    bluez_free(run.bluez);
    fd_clear(&run.fd);
    g_main_loop_unref(run.loop);
    return run.failed;
}
