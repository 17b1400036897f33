/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Conversations of the client with a bluetoothd that a test can command: what is asked of it stands
 * in the fake's log, what we are told in ours. Each wait is for a line, never for a time. */
#include "bluez/bluez.h"
#include "bluez/probe.h"
#include "base/error.h"
#include "fake-bluez.h"
#include "private-bus.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 5000
#define SPEAKER "00:AA:01:01:00:01"
#define PHONE   "00:AA:01:02:00:02"
#define DEVICE  "/org/bluez/hci0/dev_00_AA_01_01_00_01"
#define BLOB_44                                                                                    \
    {                                                                                              \
        0x21, 0x15, 0x02, 0x35                                                                     \
    }

typedef struct {
    PrivateBus *daemon;
    FakeBluez *fake;
    FakeSpeaker *speaker;
    GDBusConnection *bus;
    Bluez *bluez;
    GPtrArray *told; /* one line a callback */
    guint read;      /* lines that expect has passed */
    bool saved;      /* what is_saved answers */
    int fd;          /* of the last acquire_done */
    Address address;
} Room;

/* The probe of this test: what it will answer; it counts who asks. */
static int probe_answer;
static unsigned probe_count;

struct Probe {
    guint idle;
    ProbeDone done;
    void *data;
};

static gboolean on_probe_idle(gpointer data)
{
    Probe *probe = data;

    probe->idle = 0;
    probe->done(probe_answer, probe->data);
    return G_SOURCE_REMOVE;
}

Probe *probe_new(const Address *adapter, const Address *speaker, ProbeDone done, void *data)
{
    Probe *probe = g_new0(Probe, 1);

    probe_count++;
    probe->done = done;
    probe->data = data;
    probe->idle = g_idle_add(on_probe_idle, probe);
    return probe;
}

void probe_free(Probe *probe)
{
    if (!probe)
        return;
    if (probe->idle)
        g_source_remove(probe->idle);
    g_free(probe);
}

/* What we are told */

G_GNUC_PRINTF(2, 3)
static void tell(Room *room, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_test_message("%s", line);
    g_ptr_array_add(room->told, line);
}

static const char *outcome(const GError *error)
{
    return error ? error_word((EchocastError)error->code) : "ok";
}

static void on_state_changed(const BluezFacts *facts, void *data)
{
    static const char *const names[] = {"NotRunning", "NoAdapter", "Blocked", "Off", "Ready"};

    tell(data, "state %s%s", names[facts->state], facts->discovering ? " discovering" : "");
}

static void on_device_changed(const DeviceFacts *device, void *data)
{
    char text[ADDRESS_STRING_SIZE];

    address_format(&device->address, text);
    tell(data, "device %s \"%s\" %s%s%s%s%s", text, device->name, peer_kind_name(device->kind),
         device->bonded ? " bonded" : "", device->trusted ? " trusted" : "",
         device->blocked ? " blocked" : "", device->linked ? " linked" : "");
}

static void on_device_removed(const Address *address, void *data)
{
    char text[ADDRESS_STRING_SIZE];

    address_format(address, text);
    tell(data, "removed %s", text);
}

static void on_devices_forgotten(void *data)
{
    tell(data, "forgotten");
}

static bool on_is_saved(const Address *address, void *data)
{
    Room *room = data;

    return room->saved;
}

static void on_pair_done(const Address *address, const GError *error, void *data)
{
    tell(data, "pair %s", outcome(error));
}

static void on_connect_done(const Address *address, const GError *error, void *data)
{
    tell(data, "connect %s", outcome(error));
}

static void on_disconnect_done(const Address *address, const GError *error, void *data)
{
    tell(data, "disconnect %s", outcome(error));
}

static void on_unstick_done(const Address *address, const GError *error, void *data)
{
    tell(data, "unstick %s", outcome(error));
}

static void on_remove_done(const Address *address, const GError *error, void *data)
{
    tell(data, "remove %s", outcome(error));
}

static void on_acquire_done(const Address *address, int fd, size_t mtu, const GError *error,
                            void *data)
{
    Room *room = data;

    if (room->fd >= 0)
        close(room->fd);
    room->fd = fd;
    tell(data, "acquire %s", outcome(error));
}

static void on_release_done(const Address *address, void *data)
{
    tell(data, "release");
}

static void on_transport_opened(const Address *address, const SbcConfig *config, void *data)
{
    tell(data, "opened %u Hz bitpool %u", config->rate_hz, config->bitpool_max);
}

static void on_transport_changed(const Address *address, TransportState state, void *data)
{
    static const char *const names[] = {"idle", "pending", "active"};

    tell(data, "transport %s", names[state]);
}

static void on_transport_closed(const Address *address, void *data)
{
    tell(data, "closed");
}

static void on_delay_changed(const Address *address, unsigned delay_us, void *data)
{
    tell(data, "delay %u us", delay_us);
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

static gboolean on_timeout(gpointer data)
{
    bool *out = data;

    *out = true;
    return G_SOURCE_CONTINUE;
}

/* Passes lines until one begins with prefix. */
static const char *expect(Room *room, const char *prefix)
{
    bool out = false;
    guint timer = g_timeout_add(WAIT_MS, on_timeout, &out);

    for (;;) {
        while (room->read < room->told->len) {
            const char *line = room->told->pdata[room->read++];

            if (g_str_has_prefix(line, prefix)) {
                g_source_remove(timer);
                return line;
            }
        }
        if (out)
            g_error("\"%s\" did not come", prefix);
        g_main_context_iteration(NULL, TRUE);
    }
}

static unsigned told(const Room *room, const char *prefix)
{
    unsigned count = 0;

    for (guint i = 0; i < room->told->len; i++)
        count += g_str_has_prefix(room->told->pdata[i], prefix);
    return count;
}

static void await(Room *room, const char *prefix, unsigned count)
{
    g_assert_true(fake_bluez_wait(room->fake, prefix, count, WAIT_MS));
}

/* Until what either side has sent was handled by the other, and what that made them send. */
static void settle(Room *room)
{
    for (int i = 0; i < 3; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) reply = NULL;

        g_dbus_connection_call(room->bus, "org.freedesktop.DBus", "/", "org.freedesktop.DBus.Peer",
                               "Ping", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
        reply = g_dbus_connection_call_sync(
            room->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
            "GetId", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
        g_assert_no_error(error);
        while (g_main_context_iteration(NULL, FALSE))
            ;
    }
}

static int line_index(const Room *room, const char *prefix)
{
    const GPtrArray *log = fake_bluez_log(room->fake);

    for (guint i = 0; i < log->len; i++) {
        if (g_str_has_prefix(log->pdata[i], prefix))
            return (int)i;
    }
    return -1;
}

/* Rooms */

static GDBusConnection *bus_connect(Room *room)
{
    g_autoptr(GError) error = NULL;
    GDBusConnection *bus =
        g_dbus_connection_new_for_address_sync(private_bus_address(room->daemon),
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, &error);

    g_assert_no_error(error);
    return bus;
}

static void room_open_bus(Room *room)
{
    room->daemon = private_bus_new();
    room->bus = bus_connect(room);
    room->fake = fake_bluez_new(private_bus_address(room->daemon), FAKE_VERSION_DEBIAN_12);
    room->speaker = fake_bluez_add_speaker(room->fake, SPEAKER, "Kitchen");
}

static void room_enter(Room *room)
{
    const BluezOptions options = {
        .adapter = "00:AA:01:00:00:00",
        .alias = "Echo",
        .endpoints = 2,
        .wish = {.rate_hz = 44100, .bitpool_max = 53},
    };

    room->bluez = bluez_new(room->bus, &options, &events, room);
}

static void room_init(Room *room)
{
    room->told = g_ptr_array_new_with_free_func(g_free);
    room->fd = -1;
    probe_answer = 0;
    probe_count = 0;
    address_parse(SPEAKER, &room->address);
    room_open_bus(room);
}

/* bluetoothd and the adapter are there, and we are ready. */
static void room_set_up(Room *room, gconstpointer data)
{
    room_init(room);
    fake_bluez_plug(room->fake, "hci0", "00:AA:01:00:00:00");
    fake_bluez_start(room->fake);
    room_enter(room);
    expect(room, "state Ready");
}

/* Nothing is there, not even us. */
static void room_set_up_unentered(Room *room, gconstpointer data)
{
    room_init(room);
}

/* Nothing is there. */
static void room_set_up_empty(Room *room, gconstpointer data)
{
    room_init(room);
    room_enter(room);
}

/* As after an earlier life: bonded with the speaker, which is saved. */
static void room_set_up_bonded(Room *room, gconstpointer data)
{
    room_init(room);
    fake_bluez_plug(room->fake, "hci0", "00:AA:01:00:00:00");
    fake_speaker_bond(room->speaker);
    room->saved = true;
    fake_bluez_start(room->fake);
    room_enter(room);
    expect(room, "state Ready");
}

static void room_tear_down(Room *room, gconstpointer data)
{
    bluez_free(room->bluez);
    if (room->fd >= 0)
        close(room->fd);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    fake_bluez_free(room->fake);
    g_assert_true(g_dbus_connection_close_sync(room->bus, NULL, NULL));
    g_object_unref(room->bus);
    private_bus_free(room->daemon);
    g_ptr_array_unref(room->told);
}

static void find_speaker(Room *room)
{
    bluez_discovery_start(room->bluez);
    expect(room, "device " SPEAKER);
}

static void connect_speaker(Room *room)
{
    bluez_connect(room->bluez, &room->address);
    expect(room, "connect ok");
    expect(room, "opened 44100 Hz bitpool 53");
}

static void acquire_speaker(Room *room)
{
    bluez_acquire(room->bluez, &room->address);
    expect(room, "acquire ok");
    g_assert_cmpint(room->fd, >=, 0);
}

/* Start */

static void test_start_in_any_order(Room *room, gconstpointer data)
{
    expect(room, "state NotRunning");
    fake_bluez_start(room->fake);
    expect(room, "state NoAdapter");
    fake_bluez_plug(room->fake, "hci0", "00:AA:01:00:00:00");
    expect(room, "state Ready");
}

static void test_other_adapter_is_left_alone(Room *room, gconstpointer data)
{
    fake_bluez_start(room->fake);
    expect(room, "state NoAdapter");
    fake_bluez_plug(room->fake, "hci1", "00:AA:01:01:00:01");
    fake_bluez_plug(room->fake, "hci0", "00:AA:01:00:00:00");
    expect(room, "state Ready");
    settle(room);
    g_assert_cmpint(line_index(room, "set hci1."), ==, -1);
    g_assert_cmpint(line_index(room, "Media1.RegisterEndpoint /org/bluez/hci1"), ==, -1);
}

static void test_powers_on(Room *room, gconstpointer data)
{
    fake_bluez_auto_enable(room->fake, false);
    fake_bluez_plug(room->fake, "hci0", "00:AA:01:00:00:00");
    fake_bluez_start(room->fake);
    expect(room, "state Ready");
    /* Nothing may connect before an endpoint is there. */
    g_assert_cmpint(line_index(room, "Media1.RegisterEndpoint"), <,
                    line_index(room, "Adapter1.Set.Powered"));
    g_assert_cmpuint(fake_bluez_count(room->fake, "Media1.RegisterEndpoint"), ==, 2);
}

static void test_pairable_is_off(Room *room, gconstpointer data)
{
    /* RegisterAgent has switched it on. */
    await(room, "AgentManager1.RequestDefaultAgent", 1);
    await(room, "set hci0.Pairable false", 1);
    settle(room);
    g_assert_cmpuint(fake_bluez_count(room->fake, "AgentManager1.RequestDefaultAgent"), ==, 1);
}

/* As a bluetoothd that has its hands full at boot. */
static void test_registered_at_second_try(Room *room, gconstpointer data)
{
    fake_bluez_fail(room->fake, "AgentManager1.RegisterAgent", 1,
                    "org.freedesktop.DBus.Error.NoReply", "Not now");
    fake_bluez_fail(room->fake, "Media1.RegisterEndpoint", 1, "org.bluez.Error.NotPermitted",
                    "Not now");
    fake_bluez_plug(room->fake, "hci0", "00:AA:01:00:00:00");
    fake_bluez_start(room->fake);
    expect(room, "state Ready");
    g_assert_cmpuint(fake_bluez_count(room->fake, "AgentManager1.RegisterAgent"), ==, 2);
    g_assert_cmpuint(fake_bluez_count(room->fake, "Media1.RegisterEndpoint"), ==, 3);
    /* The power was on all the time. */
    g_assert_cmpuint(told(room, "state Off"), ==, 0);
}

static void test_bluetoothd_restarts(Room *room, gconstpointer data)
{
    fake_bluez_stop(room->fake);
    expect(room, "state NotRunning");
    fake_bluez_start(room->fake);
    expect(room, "state Ready");
    g_assert_cmpuint(fake_bluez_count(room->fake, "Media1.RegisterEndpoint"), ==, 4);
    g_assert_cmpuint(fake_bluez_count(room->fake, "AgentManager1.RegisterAgent"), ==, 2);
}

static void test_adapter_gone_and_back(Room *room, gconstpointer data)
{
    unsigned before; /* bluetoothd is on the bus a moment before its adapter: seen or not */

    connect_speaker(room);
    before = told(room, "state NoAdapter");
    fake_bluez_unplug(room->fake, "hci0");
    expect(room, "forgotten");
    g_assert_cmpuint(told(room, "closed"), ==, 1);
    g_assert_cmpuint(told(room, "state NoAdapter"), ==, before + 1);
    fake_bluez_plug(room->fake, "hci0", "00:AA:01:00:00:00");
    expect(room, "forgotten");
    expect(room, "device " SPEAKER);
    expect(room, "state Ready");
    connect_speaker(room);
    g_assert_cmpuint(told(room, "closed"), ==, 1);
}

static void test_calls_before_ready(Room *room, gconstpointer data)
{
    bluez_pair(room->bluez, &room->address, NULL);
    bluez_connect(room->bluez, &room->address);
    g_assert_cmpuint(told(room, "pair"), ==, 0);
    expect(room, "pair BluezNotRunning");
    expect(room, "connect BluezNotRunning");
    fake_bluez_start(room->fake);
    expect(room, "state NoAdapter");
    bluez_pair(room->bluez, &room->address, NULL);
    expect(room, "pair NoAdapter");
}

static void test_off_in_connect(Room *room, gconstpointer data)
{
    room->speaker->connect = FAKE_CONNECT_IGNORES_CONFIGURATION;
    fake_bluez_times(room->fake)->silence = 60000;
    fake_bluez_swallow(room->fake, "Device1.ConnectProfile", 1);
    bluez_connect(room->bluez, &room->address);
    await(room, "Device1.ConnectProfile", 1);
    fake_bluez_power(room->fake, "hci0", false);
    expect(room, "state Off");
    expect(room, "connect AdapterOff");
    settle(room);
    g_assert_cmpuint(told(room, "connect"), ==, 1);
}

static void test_off_in_pair(Room *room, gconstpointer data)
{
    find_speaker(room);
    fake_bluez_swallow(room->fake, "Device1.Pair", 1);
    bluez_pair(room->bluez, &room->address, NULL);
    await(room, "Device1.Pair", 1);
    fake_bluez_power(room->fake, "hci0", false);
    expect(room, "state Off");
    expect(room, "pair AdapterOff");
    settle(room);
    g_assert_cmpuint(told(room, "pair"), ==, 1);
}

static void test_off_in_acquire(Room *room, gconstpointer data)
{
    connect_speaker(room);
    fake_bluez_swallow(room->fake, "MediaTransport1.Acquire", 1);
    bluez_acquire(room->bluez, &room->address);
    await(room, "MediaTransport1.Acquire", 1);
    fake_bluez_power(room->fake, "hci0", false);
    expect(room, "acquire LinkLost");
    expect(room, "closed");
    settle(room);
    g_assert_cmpuint(told(room, "acquire"), ==, 1);
    g_assert_cmpuint(told(room, "closed"), ==, 1);
}

/* Who hears AdapterOff waits for Ready, which would not come. */
static void test_blame_while_ready(Room *room, gconstpointer data)
{
    const unsigned before = told(room, "state");

    fake_bluez_fail(room->fake, "Device1.ConnectProfile", 1, "org.bluez.Error.NotReady",
                    "Resource Not Ready");
    bluez_connect(room->bluez, &room->address);
    expect(room, "connect Failed");
    g_assert_cmpuint(told(room, "state"), ==, before);
}

/* Inquiry */

static void test_discovery(Room *room, gconstpointer data)
{
    bluez_discovery_start(room->bluez);
    bluez_discovery_start(room->bluez);
    expect(room, "state Ready discovering");
    expect(room, "device " SPEAKER " \"Kitchen\"");
    bluez_discovery_stop(room->bluez);
    expect(room, "state Ready");
    settle(room);
    g_assert_false(fake_bluez_is_discovering(room->fake));
    g_assert_cmpuint(fake_bluez_count(room->fake, "Adapter1.StartDiscovery"), ==, 1);
    g_assert_cmpuint(fake_bluez_count(room->fake, "Adapter1.StopDiscovery"), ==, 1);
}

static void test_discovery_stopped_while_starting(Room *room, gconstpointer data)
{
    bluez_discovery_start(room->bluez);
    bluez_discovery_stop(room->bluez);
    await(room, "Adapter1.StopDiscovery", 1);
    settle(room);
    g_assert_false(fake_bluez_is_discovering(room->fake));
}

static void test_discovery_fails(Room *room, gconstpointer data)
{
    settle(room);
    const unsigned before = told(room, "state Ready");

    fake_bluez_fail(room->fake, "Adapter1.StartDiscovery", 3, "org.bluez.Error.Failed", "Busy");
    bluez_discovery_start(room->bluez);
    expect(room, "state Ready");
    settle(room);
    g_assert_cmpuint(told(room, "state Ready"), ==, before + 1);
    g_assert_cmpuint(told(room, "state Ready discovering"), ==, 0);
    g_assert_cmpuint(fake_bluez_count(room->fake, "Adapter1.StartDiscovery"), ==, 1);
    bluez_discovery_start(room->bluez);
    expect(room, "state Ready");
    fake_bluez_power(room->fake, "hci0", false);
    expect(room, "state Off");
    fake_bluez_power(room->fake, "hci0", true);
    await(room, "Adapter1.StartDiscovery", 3);
    bluez_discovery_start(room->bluez);
    settle(room);
    bluez_discovery_start(room->bluez);
    expect(room, "state Ready discovering");
}

/* A connect takes the radio for itself, also while the inquiry is still being stopped. */
static void test_discovery_again_after_connect(Room *room, gconstpointer data)
{
    bluez_discovery_start(room->bluez);
    expect(room, "state Ready discovering");
    bluez_connect(room->bluez, &room->address);
    bluez_discovery_start(room->bluez);
    await(room, "Adapter1.StartDiscovery", 2);
    expect(room, "connect ok");
    settle(room);
    g_assert_true(fake_bluez_is_discovering(room->fake));
    g_assert_cmpuint(fake_bluez_count(room->fake, "Adapter1.StartDiscovery"), ==, 2);
    g_assert_cmpuint(fake_bluez_count(room->fake, "Adapter1.StopDiscovery"), ==, 1);
}

static void test_discovery_ends_with_us(Room *room, gconstpointer data)
{
    bluez_discovery_start(room->bluez);
    expect(room, "state Ready discovering");
    g_clear_pointer(&room->bluez, bluez_free);
    await(room, "Adapter1.StopDiscovery", 1);
    g_assert_false(fake_bluez_is_discovering(room->fake));
}

/* Pairing */

static void test_pair(Room *room, gconstpointer data)
{
    find_speaker(room);
    bluez_pair(room->bluez, &room->address, NULL);
    expect(room, "pair ok");
    await(room, "Adapter1.Set.Pairable", 3);
    settle(room);
    g_assert_true(room->speaker->bonded);
    g_assert_cmpint(line_index(room, "set hci0.Pairable true"), <,
                    line_index(room, "Device1.Pair"));
    g_assert_cmpint(line_index(room, "set " SPEAKER ".Trusted true"), >,
                    line_index(room, "Device1.Pair"));
    g_assert_false(fake_bluez_is_discovering(room->fake));
}

static void pair_fails(Room *room, FakePairing how, const char *expected)
{
    find_speaker(room);
    room->speaker->pairing = how;
    bluez_pair(room->bluez, &room->address, NULL);
    expect(room, expected);
    settle(room);
    g_assert_cmpint(line_index(room, "set " SPEAKER ".Trusted true"), ==, -1);
    await(room, "set hci0.Pairable false", 2);
}

static void test_pair_refused(Room *room, gconstpointer data)
{
    pair_fails(room, FAKE_PAIR_REFUSES, "pair PairingRefused");
}

static void test_pair_rejected(Room *room, gconstpointer data)
{
    pair_fails(room, FAKE_PAIR_REJECTS, "pair NotInPairingMode");
}

static void test_pair_dropped(Room *room, gconstpointer data)
{
    pair_fails(room, FAKE_PAIR_DROPS, "pair PairingRefused");
    g_assert_cmpuint(fake_bluez_count(room->fake, "Device1.Pair"), ==, 2);
}

static void test_pair_speaker_off(Room *room, gconstpointer data)
{
    find_speaker(room);
    fake_speaker_switch(room->speaker, false);
    bluez_pair(room->bluez, &room->address, NULL);
    expect(room, "pair Unreachable");
}

static void test_pair_unknown(Room *room, gconstpointer data)
{
    bluez_pair(room->bluez, &room->address, NULL);
    expect(room, "pair NotFound");
}

static void test_pair_cancelled(Room *room, gconstpointer data)
{
    find_speaker(room);
    room->speaker->pairing = FAKE_PAIR_SILENT;
    bluez_pair(room->bluez, &room->address, NULL);
    await(room, "Device1.Pair", 1);
    bluez_pair_cancel(room->bluez);
    expect(room, "pair Cancelled");
    await(room, "set hci0.Pairable false", 2);
    g_assert_cmpuint(fake_bluez_count(room->fake, "Device1.CancelPairing"), ==, 1);
}

static void test_pair_cancelled_early(Room *room, gconstpointer data)
{
    find_speaker(room);
    bluez_pair(room->bluez, &room->address, NULL);
    bluez_pair_cancel(room->bluez);
    expect(room, "pair Cancelled");
    settle(room);
    /* An idle CancelPairing would have deleted a key. */
    g_assert_cmpuint(fake_bluez_count(room->fake, "Device1.CancelPairing"), ==, 0);
    g_assert_cmpuint(fake_bluez_count(room->fake, "Device1.Pair"), ==, 0);
}

static void test_pair_cancel_idle(Room *room, gconstpointer data)
{
    bluez_pair_cancel(room->bluez);
    settle(room);
    g_assert_cmpuint(fake_bluez_count(room->fake, "Device1.CancelPairing"), ==, 0);
    g_assert_cmpuint(told(room, "pair"), ==, 0);
}

static void pair_ends_with_us_in(Room *room, const char *step)
{
    find_speaker(room);
    fake_bluez_swallow(room->fake, step, 1);
    bluez_pair(room->bluez, &room->address, NULL);
    await(room, step, 1);
    g_clear_pointer(&room->bluez, bluez_free);
    await(room, "Adapter1.RemoveDevice", 1);
}

static void test_pair_ends_with_us_trusting(Room *room, gconstpointer data)
{
    pair_ends_with_us_in(room, "Device1.Set.Trusted");
    g_assert_cmpuint(fake_bluez_count(room->fake, "Device1.CancelPairing"), ==, 0);
}

static void test_pair_ends_with_us_pairing(Room *room, gconstpointer data)
{
    pair_ends_with_us_in(room, "Device1.Pair");
    g_assert_cmpuint(fake_bluez_count(room->fake, "Device1.CancelPairing"), ==, 1);
}

/* An idle CancelPairing would delete the key of a bond from before. */
static void test_pair_of_bonded_ends_with_us(Room *room, gconstpointer data)
{
    fake_bluez_swallow(room->fake, "Device1.Pair", 1);
    bluez_pair(room->bluez, &room->address, NULL);
    await(room, "Device1.Pair", 1);
    g_clear_pointer(&room->bluez, bluez_free);
    settle(room);
    g_assert_cmpuint(fake_bluez_count(room->fake, "Device1.CancelPairing"), ==, 0);
    g_assert_cmpuint(fake_bluez_count(room->fake, "Adapter1.RemoveDevice"), ==, 0);
}

/* Whether Pairable is on its way, or on and not told yet: it is off after us. */
static void test_pairable_ends_with_us(Room *room, gconstpointer data)
{
    find_speaker(room);
    await(room, "set hci0.Pairable false", 1);
    settle(room);
    bluez_pair(room->bluez, &room->address, NULL);
    g_clear_pointer(&room->bluez, bluez_free);
    await(room, "set hci0.Pairable true", 1);
    await(room, "set hci0.Pairable false", 2);
}

static void test_pair_twice(Room *room, gconstpointer data)
{
    find_speaker(room);
    bluez_pair(room->bluez, &room->address, NULL);
    bluez_pair(room->bluez, &room->address, NULL);
    expect(room, "pair InProgress");
    expect(room, "pair ok");
}

static void test_pair_phone(Room *room, gconstpointer data)
{
    Address phone;

    address_parse(PHONE, &phone);
    fake_bluez_add_phone(room->fake, PHONE, "Telephone");
    bluez_discovery_start(room->bluez);
    expect(room, "device " PHONE);
    bluez_pair(room->bluez, &phone, NULL);
    expect(room, "pair NotASpeaker");
    g_assert_cmpuint(fake_bluez_count(room->fake, "Adapter1.RemoveDevice"), ==, 1);
    g_assert_cmpint(line_index(room, "set " PHONE ".Trusted true"), ==, -1);
}

static void test_pair_with_usual_pin(Room *room, gconstpointer data)
{
    find_speaker(room);
    room->speaker->legacy = true;
    g_free(room->speaker->pin);
    room->speaker->pin = g_strdup("1111");
    bluez_pair(room->bluez, &room->address, NULL);
    expect(room, "pair ok");
    g_assert_cmpuint(fake_bluez_count(room->fake, "Device1.Pair"), ==, 3);
}

static void test_pair_with_given_pin(Room *room, gconstpointer data)
{
    find_speaker(room);
    room->speaker->legacy = true;
    g_free(room->speaker->pin);
    room->speaker->pin = g_strdup("4711");
    bluez_pair(room->bluez, &room->address, "4712");
    expect(room, "pair PairingRefused");
    g_assert_cmpuint(fake_bluez_count(room->fake, "Device1.Pair"), ==, 1);
    bluez_pair(room->bluez, &room->address, "4711");
    expect(room, "pair ok");
}

static void test_pair_with_display(Room *room, gconstpointer data)
{
    find_speaker(room);
    room->speaker->displays = true;
    bluez_pair(room->bluez, &room->address, NULL);
    expect(room, "pair ok");
    g_assert_cmpuint(fake_bluez_count(room->fake, "-> Agent1.RequestConfirmation"), ==, 1);
}

static void test_pair_bonded_already(Room *room, gconstpointer data)
{
    bluez_pair(room->bluez, &room->address, NULL);
    expect(room, "pair ok");
    g_assert_cmpuint(fake_bluez_count(room->fake, "Adapter1.RemoveDevice"), ==, 0);
}

static void test_stranger_wants_to_pair(Room *room, gconstpointer data)
{
    fake_speaker_pair_with_us(room->speaker);
    await(room, "incoming-pairing " SPEAKER, 1);
    g_assert_cmpuint(fake_bluez_count(room->fake, "incoming-pairing " SPEAKER " accepted"), ==, 0);
    g_assert_false(room->speaker->bonded);
}

/* Connect */

static void test_connect(Room *room, gconstpointer data)
{
    bluez_connect(room->bluez, &room->address);
    expect(room, "connect ok");
    expect(room, "opened 44100 Hz bitpool 53");
    g_assert_cmpuint(fake_bluez_count(room->fake, "Device1.ConnectProfile"), ==, 1);
    g_assert_cmpint(line_index(room, "Device1.Connect " DEVICE), ==, -1);
}

static void connect_fails(Room *room, FakeConnect how, int probe, const char *expected)
{
    room->speaker->connect = how;
    probe_answer = probe;
    bluez_connect(room->bluez, &room->address);
    expect(room, expected);
    g_assert_cmpuint(told(room, "opened"), ==, 0);
}

static void test_connect_refused(Room *room, gconstpointer data)
{
    connect_fails(room, FAKE_CONNECT_REFUSES, ECONNREFUSED, "connect SpeakerBusy");
    g_assert_cmpuint(probe_count, ==, 1);
}

static void test_connect_stale(Room *room, gconstpointer data)
{
    fake_speaker_forget_us(room->speaker);
    connect_fails(room, FAKE_CONNECT_ACCEPTS, EBADE, "connect StaleBond");
    /* Never healed behind the owner's back. */
    g_assert_cmpuint(fake_bluez_count(room->fake, "Adapter1.RemoveDevice"), ==, 0);
}

/* A connect without a bond would end in a key that is not kept. */
static void test_connect_unbonded(Room *room, gconstpointer data)
{
    bluez_connect(room->bluez, &room->address);
    g_assert_cmpuint(told(room, "connect"), ==, 0);
    expect(room, "connect StaleBond");
    find_speaker(room);
    bluez_connect(room->bluez, &room->address);
    expect(room, "connect StaleBond");
    settle(room);
    g_assert_cmpuint(fake_bluez_count(room->fake, "Device1.ConnectProfile"), ==, 0);
}

static void test_connect_off(Room *room, gconstpointer data)
{
    fake_speaker_switch(room->speaker, false);
    connect_fails(room, FAKE_CONNECT_ACCEPTS, 0, "connect Unreachable");
    g_assert_cmpuint(probe_count, ==, 0);
}

static void test_connect_without_probe(Room *room, gconstpointer data)
{
    connect_fails(room, FAKE_CONNECT_SILENT, PROBE_IMPOSSIBLE, "connect HandshakeBroken");
}

/* Its SDP answers, but the connection ends before a configuration is asked for. */
static void test_connect_no_place(Room *room, gconstpointer data)
{
    connect_fails(room, FAKE_CONNECT_REFUSES, 0, "connect SpeakerBusy");
}

static void test_connect_configuration_rejected(Room *room, gconstpointer data)
{
    connect_fails(room, FAKE_CONNECT_REJECTS_CONFIGURATION, 0, "connect HandshakeBroken");
}

static void test_connect_incompatible(Room *room, gconstpointer data)
{
    static const uint8_t only_48[4] = {0x1f, 0xff, 2, 53};

    g_bytes_unref(room->speaker->capabilities);
    room->speaker->capabilities = g_bytes_new(only_48, sizeof only_48);
    connect_fails(room, FAKE_CONNECT_ACCEPTS, 0, "connect Incompatible");
}

/* Which of the two our endpoint has refused, nobody can say. */
static void test_connect_two_at_once(Room *room, gconstpointer data)
{
    static const uint8_t only_48[4] = {0x1f, 0xff, 2, 53};
    FakeSpeaker *other;
    Address address;

    fake_bluez_stop(room->fake);
    expect(room, "forgotten");
    other = fake_bluez_add_speaker(room->fake, "00:AA:01:03:00:03", "Another");
    fake_speaker_bond(other);
    address_parse("00:AA:01:03:00:03", &address);
    g_bytes_unref(other->capabilities);
    other->capabilities = g_bytes_new(only_48, sizeof only_48);
    room->speaker->connect = FAKE_CONNECT_REJECTS_CONFIGURATION;
    fake_bluez_start(room->fake);
    expect(room, "state Ready");
    bluez_connect(room->bluez, &room->address);
    bluez_connect(room->bluez, &address);
    expect(room, "connect HandshakeBroken");
    expect(room, "connect HandshakeBroken");
    bluez_connect(room->bluez, &address);
    expect(room, "connect Incompatible");
}

/* Up to BlueZ 5.82 one endpoint carries one stream, and this room has two. */
static void test_connect_too_many(Room *room, gconstpointer data)
{
    static const char *const addresses[] = {"00:AA:01:03:00:03", "00:AA:01:04:00:04"};
    Address others[2];

    fake_bluez_stop(room->fake);
    for (size_t i = 0; i < 2; i++) {
        address_parse(addresses[i], &others[i]);
        fake_speaker_bond(fake_bluez_add_speaker(room->fake, addresses[i], "Another"));
    }
    fake_bluez_start(room->fake);
    expect(room, "state NotRunning");
    expect(room, "state Ready");
    connect_speaker(room);
    bluez_connect(room->bluez, &others[0]);
    expect(room, "opened");
    bluez_connect(room->bluez, &others[1]);
    expect(room, "connect TooManySpeakers");
}

/* Another program has its endpoints there before us, and gets the stream. */
static void test_connect_endpoint_taken(Room *room, gconstpointer data)
{
    Room rival = {.saved = true, .fd = -1};
    const BluezOptions options = {
        .adapter = "auto", .endpoints = 1, .wish = {.rate_hz = 44100, .bitpool_max = 53}};

    rival.told = g_ptr_array_new_with_free_func(g_free);
    rival.bus = bus_connect(room);
    fake_bluez_plug(room->fake, "hci0", "00:AA:01:00:00:00");
    fake_speaker_bond(room->speaker);
    fake_bluez_start(room->fake);
    rival.bluez = bluez_new(rival.bus, &options, &events, &rival);
    expect(&rival, "state Ready");
    room->saved = true;
    room_enter(room);
    expect(room, "state Ready");
    bluez_connect(room->bluez, &room->address);
    expect(room, "connect EndpointTaken");
    bluez_free(rival.bluez);
    g_assert_true(g_dbus_connection_close_sync(rival.bus, NULL, NULL));
    g_object_unref(rival.bus);
    g_ptr_array_unref(rival.told);
}

static void test_unstick(Room *room, gconstpointer data)
{
    room->speaker->connect_times = 1;
    connect_fails(room, FAKE_CONNECT_BREAKS, 0, "connect HandshakeBroken");
    bluez_connect(room->bluez, &room->address);
    /* Stuck: br-connection-busy, Failed or InProgress as it comes. */
    g_assert_cmpstr(expect(room, "connect "), !=, "connect ok");
    bluez_unstick(room->bluez, &room->address);
    expect(room, "unstick ok");
    connect_speaker(room);
    g_assert_true(room->speaker->bonded);
}

/* Blocked on has worked and Blocked off has not: the speaker must not stay locked out. */
static void test_unstick_half(Room *room, gconstpointer data)
{
    fake_bluez_delay(room->fake, "Device1.Set.Blocked", 1, 1);
    fake_bluez_fail(room->fake, "Device1.Set.Blocked", 1, "org.bluez.Error.Failed", "Busy");
    bluez_unstick(room->bluez, &room->address);
    expect(room, "unstick Failed");
    await(room, "set " SPEAKER ".Blocked true", 1);
    await(room, "set " SPEAKER ".Blocked false", 1);
    g_assert_cmpuint(fake_bluez_count(room->fake, "Device1.Set.Blocked"), ==, 3);
}

static void test_connect_disconnected(Room *room, gconstpointer data)
{
    room->speaker->connect = FAKE_CONNECT_IGNORES_CONFIGURATION;
    fake_bluez_times(room->fake)->silence = 60000;
    bluez_connect(room->bluez, &room->address);
    await(room, "-> MediaEndpoint1.SelectConfiguration", 1);
    bluez_disconnect(room->bluez, &room->address);
    expect(room, "connect Cancelled");
    expect(room, "disconnect ok");
    g_assert_cmpuint(probe_count, ==, 0);
}

static void test_disconnect(Room *room, gconstpointer data)
{
    connect_speaker(room);
    bluez_disconnect(room->bluez, &room->address);
    expect(room, "closed");
    expect(room, "disconnect ok");
    settle(room);
    g_assert_cmpuint(told(room, "closed"), ==, 1);
    bluez_disconnect(room->bluez, &room->address);
    expect(room, "disconnect ok");
}

static void test_remove(Room *room, gconstpointer data)
{
    bluez_remove(room->bluez, &room->address);
    expect(room, "removed " SPEAKER);
    bluez_remove(room->bluez, &room->address);
    expect(room, "remove ok");
    g_assert_cmpuint(fake_bluez_count(room->fake, "Adapter1.RemoveDevice"), ==, 1);
}

/* Begun by the speaker */

static void test_speaker_connects(Room *room, gconstpointer data)
{
    fake_speaker_connect_to_us(room->speaker, NULL);
    expect(room, "opened 44100 Hz bitpool 53");
    g_assert_cmpuint(fake_bluez_count(room->fake, "-> MediaEndpoint1.SelectConfiguration"), ==, 0);
    acquire_speaker(room);
}

static void speaker_is_refused(Room *room, const uint8_t *blob)
{
    fake_speaker_connect_to_us(room->speaker, blob);
    await(room, "configuration refused " SPEAKER, 1);
    settle(room);
    g_assert_cmpuint(told(room, "opened"), ==, 0);
}

static void test_speaker_sends_its_mask(Room *room, gconstpointer data)
{
    static const uint8_t blob[4] = {0xff, 0xff, 2, 53};

    speaker_is_refused(room, blob);
}

static void test_speaker_wants_another_rate(Room *room, gconstpointer data)
{
    static const uint8_t blob[4] = {0x11, 0x15, 2, 53};

    speaker_is_refused(room, blob);
}

static void test_speaker_not_saved(Room *room, gconstpointer data)
{
    static const uint8_t blob[4] = BLOB_44;

    room->saved = false;
    speaker_is_refused(room, blob);
}

/* Transport */

static void test_acquire(Room *room, gconstpointer data)
{
    connect_speaker(room);
    acquire_speaker(room);
    g_assert_cmpint(fcntl(room->fd, F_GETFL) & O_NONBLOCK, !=, 0);
    g_assert_cmpint(send(room->fd, "packet", 6, 0), ==, 6);
    await(room, "first packet " SPEAKER, 1);
    bluez_release(room->bluez, &room->address);
    expect(room, "release");
}

static void test_acquire_refused(Room *room, gconstpointer data)
{
    room->speaker->start = FAKE_START_REJECTS;
    room->speaker->start_times = 1;
    connect_speaker(room);
    bluez_acquire(room->bluez, &room->address);
    expect(room, "acquire ConnectedNoAudio");
    acquire_speaker(room);
}

static void test_acquire_retried(Room *room, gconstpointer data)
{
    connect_speaker(room);
    fake_bluez_fail(room->fake, "MediaTransport1.Acquire", 2, "org.bluez.Error.NotAuthorized",
                    "Operation Not Authorized");
    acquire_speaker(room);
    g_assert_cmpuint(fake_bluez_count(room->fake, "MediaTransport1.Acquire"), ==, 3);
    g_assert_cmpuint(told(room, "acquire"), ==, 1);
}

static void test_acquire_in_vain(Room *room, gconstpointer data)
{
    connect_speaker(room);
    fake_bluez_fail(room->fake, "MediaTransport1.Acquire", 0, "org.bluez.Error.NotAuthorized",
                    "Operation Not Authorized");
    bluez_acquire(room->bluez, &room->address);
    expect(room, "acquire ConnectedNoAudio");
    g_assert_cmpuint(fake_bluez_count(room->fake, "MediaTransport1.Acquire"), ==, 4);
}

static void test_acquire_and_release_are_serial(Room *room, gconstpointer data)
{
    connect_speaker(room);
    fake_bluez_delay(room->fake, "MediaTransport1.Acquire", 1, 50);
    bluez_acquire(room->bluez, &room->address);
    bluez_release(room->bluez, &room->address);
    bluez_acquire(room->bluez, &room->address);
    await(room, "MediaTransport1.Acquire", 1);
    g_assert_cmpuint(fake_bluez_count(room->fake, "MediaTransport1.Release"), ==, 0);
    expect(room, "acquire Cancelled");
    expect(room, "release");
    expect(room, "acquire ok");
    g_assert_cmpuint(fake_bluez_count(room->fake, "MediaTransport1.Acquire"), ==, 2);
    g_assert_cmpuint(fake_bluez_count(room->fake, "MediaTransport1.Release"), ==, 1);
}

static void test_acquire_without_transport(Room *room, gconstpointer data)
{
    bluez_acquire(room->bluez, &room->address);
    bluez_release(room->bluez, &room->address);
    g_assert_cmpuint(told(room, "acquire"), ==, 0);
    expect(room, "acquire LinkLost");
    expect(room, "release");
}

static void test_speaker_suspends_and_starts(Room *room, gconstpointer data)
{
    connect_speaker(room);
    acquire_speaker(room);
    fake_speaker_suspend(room->speaker);
    expect(room, "transport idle");
    fake_speaker_start(room->speaker);
    expect(room, "transport pending");
    acquire_speaker(room);
}

static void test_release_of_what_is_lost(Room *room, gconstpointer data)
{
    connect_speaker(room);
    acquire_speaker(room);
    fake_speaker_suspend(room->speaker);
    expect(room, "transport idle");
    bluez_release(room->bluez, &room->address);
    expect(room, "release");
}

static void test_link_lost(Room *room, gconstpointer data)
{
    fake_bluez_times(room->fake)->policy = 0;
    connect_speaker(room);
    acquire_speaker(room);
    fake_speaker_lose_link(room->speaker, FAKE_LINK_TIMEOUT);
    expect(room, "closed");
    settle(room);
    g_assert_cmpuint(told(room, "closed"), ==, 1);
}

static void test_delay(Room *room, gconstpointer data)
{
    room->speaker->delay = 1500;
    connect_speaker(room);
    expect(room, "delay 150000 us");
    fake_speaker_report_delay(room->speaker, 2000);
    expect(room, "delay 200000 us");
}

/* bluetoothd dies in the middle of each call. */

static void test_dies_in_pair(Room *room, gconstpointer data)
{
    find_speaker(room);
    fake_bluez_crash(room->fake, "Device1.Pair");
    bluez_pair(room->bluez, &room->address, NULL);
    expect(room, "state NotRunning");
    expect(room, "pair BluezNotRunning");
    fake_bluez_start(room->fake);
    expect(room, "state Ready");
    find_speaker(room);
    bluez_pair(room->bluez, &room->address, NULL);
    expect(room, "pair ok");
    g_assert_cmpuint(told(room, "pair"), ==, 2);
}

static void test_dies_in_connect(Room *room, gconstpointer data)
{
    fake_bluez_crash(room->fake, "Device1.ConnectProfile");
    bluez_connect(room->bluez, &room->address);
    expect(room, "connect BluezNotRunning");
    fake_bluez_start(room->fake);
    expect(room, "state Ready");
    connect_speaker(room);
    g_assert_cmpuint(told(room, "connect"), ==, 2);
}

static void test_dies_in_acquire(Room *room, gconstpointer data)
{
    const unsigned before = told(room, "state NotRunning");

    connect_speaker(room);
    fake_bluez_crash(room->fake, "MediaTransport1.Acquire");
    bluez_acquire(room->bluez, &room->address);
    expect(room, "acquire LinkLost");
    expect(room, "closed");
    expect(room, "forgotten");
    g_assert_cmpuint(told(room, "state NotRunning"), ==, before + 1);
    g_assert_cmpuint(told(room, "acquire"), ==, 1);
    g_assert_cmpuint(told(room, "closed"), ==, 1);
}

static void test_dies_in_release(Room *room, gconstpointer data)
{
    connect_speaker(room);
    acquire_speaker(room);
    fake_bluez_crash(room->fake, "MediaTransport1.Release");
    bluez_release(room->bluez, &room->address);
    expect(room, "release");
    expect(room, "closed");
    g_assert_cmpuint(told(room, "release"), ==, 1);
}

static void test_dies_in_disconnect(Room *room, gconstpointer data)
{
    connect_speaker(room);
    fake_bluez_crash(room->fake, "Device1.Disconnect");
    bluez_disconnect(room->bluez, &room->address);
    expect(room, "closed");
    expect(room, "forgotten");
    g_assert_cmpuint(told(room, "disconnect"), ==, 1);
}

static void test_dies_in_unstick(Room *room, gconstpointer data)
{
    fake_bluez_crash(room->fake, "Device1.Set.Blocked");
    bluez_unstick(room->bluez, &room->address);
    /* Blocked off may have been handled still. */
    expect(room, "unstick ");
    expect(room, "forgotten");
    settle(room);
    g_assert_cmpuint(told(room, "unstick"), ==, 1);
}

static void test_dies_in_registration(Room *room, gconstpointer data)
{
    fake_bluez_plug(room->fake, "hci0", "00:AA:01:00:00:00");
    fake_bluez_crash(room->fake, "Media1.RegisterEndpoint");
    fake_bluez_start(room->fake);
    await(room, "bluetoothd stopped", 1);
    fake_bluez_start(room->fake);
    expect(room, "state Ready");
}

/* We may end at any moment; what is under way is nobody's then. */
static void test_freed_in_the_middle(Room *room, gconstpointer data)
{
    bluez_discovery_start(room->bluez);
    bluez_connect(room->bluez, &room->address);
    bluez_pair(room->bluez, &room->address, NULL);
    bluez_unstick(room->bluez, &room->address);
    bluez_acquire(room->bluez, &room->address);
    bluez_announce_devices(room->bluez);
    guint before = room->told->len;
    g_clear_pointer(&room->bluez, bluez_free);
    settle(room);
    g_assert_cmpuint(room->told->len, ==, before);
}

/* Anybody may call our objects. */
static void test_stranger_calls_endpoint(Room *room, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDBusConnection) stranger = bus_connect(room);
    g_autoptr(GDBusMessage) call = g_dbus_message_new_method_call(
        g_dbus_connection_get_unique_name(room->bus), "/org/echocast/bluez/endpoint/0",
        "org.bluez.MediaEndpoint1", "ClearConfiguration");

    connect_speaker(room);
    g_dbus_message_set_body(call, g_variant_new("(o)", DEVICE "/fd0"));
    g_dbus_connection_send_message_with_reply(stranger, call, G_DBUS_SEND_MESSAGE_FLAGS_NONE, -1,
                                              NULL, NULL, NULL, NULL);
    g_assert_true(g_dbus_connection_flush_sync(stranger, NULL, &error));
    settle(room);
    g_assert_cmpuint(told(room, "closed"), ==, 0);
    g_assert_true(g_dbus_connection_close_sync(stranger, NULL, NULL));
}

typedef struct {
    const char *path;
    void (*set_up)(Room *room, gconstpointer data);
    void (*test)(Room *room, gconstpointer data);
} Case;

static const Case cases[] = {
    {"/bluez/start/in-any-order", room_set_up_empty, test_start_in_any_order},
    {"/bluez/start/other-adapter", room_set_up_empty, test_other_adapter_is_left_alone},
    {"/bluez/start/powers-on", room_set_up_empty, test_powers_on},
    {"/bluez/start/pairable-is-off", room_set_up, test_pairable_is_off},
    {"/bluez/start/second-try", room_set_up_empty, test_registered_at_second_try},
    {"/bluez/start/bluetoothd-restarts", room_set_up, test_bluetoothd_restarts},
    {"/bluez/start/adapter-gone-and-back", room_set_up_bonded, test_adapter_gone_and_back},
    {"/bluez/start/calls-before-ready", room_set_up_empty, test_calls_before_ready},
    {"/bluez/off/in-connect", room_set_up_bonded, test_off_in_connect},
    {"/bluez/off/in-pair", room_set_up, test_off_in_pair},
    {"/bluez/off/in-acquire", room_set_up_bonded, test_off_in_acquire},
    {"/bluez/off/blamed-while-ready", room_set_up_bonded, test_blame_while_ready},
    {"/bluez/discovery/on-and-off", room_set_up, test_discovery},
    {"/bluez/discovery/stopped-while-starting", room_set_up, test_discovery_stopped_while_starting},
    {"/bluez/discovery/fails", room_set_up, test_discovery_fails},
    {"/bluez/discovery/again-after-connect", room_set_up_bonded,
     test_discovery_again_after_connect},
    {"/bluez/discovery/ends-with-us", room_set_up, test_discovery_ends_with_us},
    {"/bluez/pair/accepted", room_set_up, test_pair},
    {"/bluez/pair/refused", room_set_up, test_pair_refused},
    {"/bluez/pair/rejected", room_set_up, test_pair_rejected},
    {"/bluez/pair/dropped", room_set_up, test_pair_dropped},
    {"/bluez/pair/speaker-off", room_set_up, test_pair_speaker_off},
    {"/bluez/pair/unknown", room_set_up, test_pair_unknown},
    {"/bluez/pair/cancelled", room_set_up, test_pair_cancelled},
    {"/bluez/pair/cancelled-early", room_set_up, test_pair_cancelled_early},
    {"/bluez/pair/cancel-idle", room_set_up, test_pair_cancel_idle},
    {"/bluez/pair/pairable-ends-with-us", room_set_up, test_pairable_ends_with_us},
    {"/bluez/pair/ends-with-us-trusting", room_set_up, test_pair_ends_with_us_trusting},
    {"/bluez/pair/ends-with-us-pairing", room_set_up, test_pair_ends_with_us_pairing},
    {"/bluez/pair/ends-with-us-bonded", room_set_up_bonded, test_pair_of_bonded_ends_with_us},
    {"/bluez/pair/twice", room_set_up, test_pair_twice},
    {"/bluez/pair/phone", room_set_up, test_pair_phone},
    {"/bluez/pair/usual-pin", room_set_up, test_pair_with_usual_pin},
    {"/bluez/pair/given-pin", room_set_up, test_pair_with_given_pin},
    {"/bluez/pair/display", room_set_up, test_pair_with_display},
    {"/bluez/pair/bonded-already", room_set_up_bonded, test_pair_bonded_already},
    {"/bluez/pair/stranger", room_set_up, test_stranger_wants_to_pair},
    {"/bluez/connect/accepted", room_set_up_bonded, test_connect},
    {"/bluez/connect/refused", room_set_up_bonded, test_connect_refused},
    {"/bluez/connect/stale", room_set_up_bonded, test_connect_stale},
    {"/bluez/connect/unbonded", room_set_up, test_connect_unbonded},
    {"/bluez/connect/off", room_set_up_bonded, test_connect_off},
    {"/bluez/connect/without-probe", room_set_up_bonded, test_connect_without_probe},
    {"/bluez/connect/no-place", room_set_up_bonded, test_connect_no_place},
    {"/bluez/connect/rejected", room_set_up_bonded, test_connect_configuration_rejected},
    {"/bluez/connect/incompatible", room_set_up_bonded, test_connect_incompatible},
    {"/bluez/connect/two-at-once", room_set_up_bonded, test_connect_two_at_once},
    {"/bluez/connect/too-many", room_set_up_bonded, test_connect_too_many},
    {"/bluez/connect/endpoint-taken", room_set_up_unentered, test_connect_endpoint_taken},
    {"/bluez/connect/unstick", room_set_up_bonded, test_unstick},
    {"/bluez/connect/unstick-half", room_set_up_bonded, test_unstick_half},
    {"/bluez/connect/disconnected", room_set_up_bonded, test_connect_disconnected},
    {"/bluez/disconnect", room_set_up_bonded, test_disconnect},
    {"/bluez/remove", room_set_up_bonded, test_remove},
    {"/bluez/incoming/accepted", room_set_up_bonded, test_speaker_connects},
    {"/bluez/incoming/mask", room_set_up_bonded, test_speaker_sends_its_mask},
    {"/bluez/incoming/other-rate", room_set_up_bonded, test_speaker_wants_another_rate},
    {"/bluez/incoming/not-saved", room_set_up_bonded, test_speaker_not_saved},
    {"/bluez/transport/acquire", room_set_up_bonded, test_acquire},
    {"/bluez/transport/refused", room_set_up_bonded, test_acquire_refused},
    {"/bluez/transport/retried", room_set_up_bonded, test_acquire_retried},
    {"/bluez/transport/in-vain", room_set_up_bonded, test_acquire_in_vain},
    {"/bluez/transport/serial", room_set_up_bonded, test_acquire_and_release_are_serial},
    {"/bluez/transport/none", room_set_up_bonded, test_acquire_without_transport},
    {"/bluez/transport/suspend-and-start", room_set_up_bonded, test_speaker_suspends_and_starts},
    {"/bluez/transport/release-of-lost", room_set_up_bonded, test_release_of_what_is_lost},
    {"/bluez/transport/link-lost", room_set_up_bonded, test_link_lost},
    {"/bluez/transport/delay", room_set_up_bonded, test_delay},
    {"/bluez/dies/pair", room_set_up, test_dies_in_pair},
    {"/bluez/dies/connect", room_set_up_bonded, test_dies_in_connect},
    {"/bluez/dies/acquire", room_set_up_bonded, test_dies_in_acquire},
    {"/bluez/dies/release", room_set_up_bonded, test_dies_in_release},
    {"/bluez/dies/disconnect", room_set_up_bonded, test_dies_in_disconnect},
    {"/bluez/dies/unstick", room_set_up_bonded, test_dies_in_unstick},
    {"/bluez/dies/registration", room_set_up_empty, test_dies_in_registration},
    {"/bluez/freed-in-the-middle", room_set_up_bonded, test_freed_in_the_middle},
    {"/bluez/stranger-calls-endpoint", room_set_up_bonded, test_stranger_calls_endpoint},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* Much of what is tested here is worth a warning. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add(cases[i].path, Room, NULL, cases[i].set_up, cases[i].test, room_tear_down);
    return g_test_run();
}
