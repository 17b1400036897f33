/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* The fake BlueZ against what the real one was seen to do: plain D-Bus calls from a client that has
 * an agent and a source endpoint, and the order of what came back. */
#include "client.h"
#include "fake-bluez.h"
#include "private-bus.h"

#include <sys/socket.h>
#include <unistd.h>

#define ADAPTER "/org/bluez/hci0"
#define SPEAKER "00:AA:01:01:00:01"
#define DEVICE  ADAPTER "/dev_00_AA_01_01_00_01"
#define SINK    CLIENT_SINK
#define SOURCE  CLIENT_SOURCE
#define WAIT_MS 3000

typedef struct {
    PrivateBus *daemon;
    FakeBluez *bluez;
    FakeSpeaker *speaker;
    Client *client;
} Room;

static void expect(Room *room, const char *path, const char *method, GVariant *arguments,
                   const char *answer)
{
    g_autofree char *got = client_call(room->client, path, method, arguments);

    g_assert_cmpstr(got, ==, answer);
}

static void set(Room *room, const char *path, const char *interface, const char *property,
                GVariant *value, const char *answer)
{
    g_autofree char *got = client_set(room->client, path, interface, property, value);

    g_assert_cmpstr(got, ==, answer);
}

static void fail(const Room *room, const char *what, const char *line)
{
    for (guint i = 0; i < room->client->seen->len; i++)
        g_printerr("# %s\n", (const char *)room->client->seen->pdata[i]);
    g_error("%s: %s", what, line);
}

static void wait_for(Room *room, const char *line)
{
    if (!client_wait(room->client, line, 0))
        fail(room, "never came", line);
}

static bool has_seen(const Room *room, const char *line)
{
    return client_position(room->client, line, 0) != G_MAXUINT;
}

/* Each line later than the one before it. */
static void expect_order(Room *room, const char *const *lines)
{
    guint at = 0;

    for (; *lines; lines++) {
        at = client_position(room->client, *lines, at);
        if (at == G_MAXUINT)
            fail(room, "missing or too early", *lines);
    }
}

#define ORDER(room, ...) expect_order(room, (const char *const[]){__VA_ARGS__, NULL})

static void forget_seen(Room *room)
{
    g_ptr_array_set_size(room->client->seen, 0);
}

/* --- the room --- */

static Room *room_new(unsigned version)
{
    Room *room = g_new0(Room, 1);

    room->daemon = private_bus_new();
    room->bluez = fake_bluez_new(private_bus_address(room->daemon), version);
    fake_bluez_plug(room->bluez, "hci0", "00:AA:01:00:00:00");
    room->speaker = fake_bluez_add_speaker(room->bluez, SPEAKER, "Virtual");
    room->client = client_new(private_bus_address(room->daemon));
    fake_bluez_start(room->bluez);
    wait_for(room, "hci0 added");
    return room;
}

static void room_free(Room *room)
{
    client_free(room->client);
    fake_bluez_free(room->bluez);
    private_bus_free(room->daemon);
    g_free(room);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Room, room_free)

static void register_agent(Room *room, const char *capability)
{
    g_autofree char *got = client_register_agent(room->client, capability);

    g_assert_cmpstr(got, ==, NULL);
}

static void register_endpoint(Room *room, const char *answer)
{
    g_autofree char *got = client_register_endpoint(room->client, ADAPTER);

    g_assert_cmpstr(got, ==, answer);
}

static void discover(Room *room)
{
    expect(room, ADAPTER, "Adapter1.StartDiscovery", NULL, NULL);
    wait_for(room, "dev_00_AA_01_01_00_01 added");
    expect(room, ADAPTER, "Adapter1.StopDiscovery", NULL, NULL);
}

static void connect_profile(Room *room, const char *answer)
{
    expect(room, DEVICE, "Device1.ConnectProfile", g_variant_new("(s)", SINK), answer);
}

static Room *paired_room(unsigned version)
{
    Room *room = room_new(version);

    register_agent(room, "DisplayYesNo");
    register_endpoint(room, NULL);
    discover(room);
    expect(room, DEVICE, "Device1.Pair", NULL, NULL);
    return room;
}

static Room *connected_room(unsigned version)
{
    Room *room = paired_room(version);

    connect_profile(room, NULL);
    return room;
}

static int acquire(Room *room, const char *path)
{
    g_autoptr(GError) error = NULL;
    int fd = client_acquire(room->client, path, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(room->client->mtu, ==, 672);
    return fd;
}

/* --- discovery --- */

static void test_discovery(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    expect(room, ADAPTER, "Adapter1.StopDiscovery", NULL, "Failed|No discovery started");
    expect(room, ADAPTER, "Adapter1.SetDiscoveryFilter",
           g_variant_new_parsed("({'Transport': <'bredr'>},)"), NULL);
    expect(room, ADAPTER, "Adapter1.SetDiscoveryFilter",
           g_variant_new_parsed("({'Transprt': <'bredr'>},)"),
           "InvalidArguments|Invalid arguments in method call");
    expect(room, ADAPTER, "Adapter1.StartDiscovery", NULL, NULL);
    expect(room, ADAPTER, "Adapter1.StartDiscovery", NULL,
           "InProgress|Operation already in progress");
    wait_for(room, "dev_00_AA_01_01_00_01 added");
    ORDER(room, "hci0 Adapter1.Discovering=true", "dev_00_AA_01_01_00_01 added");
    room->speaker->rssi = -50;
    wait_for(room, "dev_00_AA_01_01_00_01 Device1.RSSI=-50");
    expect(room, ADAPTER, "Adapter1.StopDiscovery", NULL, NULL);
    wait_for(room, "hci0 Adapter1.Discovering=false");
    ORDER(room, "dev_00_AA_01_01_00_01 Device1.RSSI gone", "hci0 Adapter1.Discovering=false");
}

static void test_discovery_ends_with_client(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    expect(room, ADAPTER, "Adapter1.StartDiscovery", NULL, NULL);
    g_assert_true(fake_bluez_is_discovering(room->bluez));
    client_leave(room->client);
    g_assert_true(fake_bluez_wait(room->bluez, "discovery ended", 1, WAIT_MS));
    g_assert_false(fake_bluez_is_discovering(room->bluez));
}

static void test_quiet_speaker_is_not_found(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    room->speaker->pairing_mode = false;
    expect(room, ADAPTER, "Adapter1.StartDiscovery", NULL, NULL);
    g_assert_false(fake_bluez_wait(room->bluez, "found", 1, 100));
    room->speaker->pairing_mode = true;
    g_assert_true(fake_bluez_wait(room->bluez, "found", 1, WAIT_MS));
}

static void test_uuid_filter_hides(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    expect(room, ADAPTER, "Adapter1.SetDiscoveryFilter",
           g_variant_new_parsed("({'UUIDs': <['" SINK "']>},)"), NULL);
    expect(room, ADAPTER, "Adapter1.StartDiscovery", NULL, NULL);
    g_assert_false(fake_bluez_wait(room->bluez, "found", 1, 100));
    room->speaker->lists_uuids = true;
    g_assert_true(fake_bluez_wait(room->bluez, "found", 1, WAIT_MS));
}

static void test_uuid_filter_crashes_587(void)
{
    g_autoptr(Room) room = room_new(587);

    room->speaker->lists_uuids = true;
    expect(room, ADAPTER, "Adapter1.SetDiscoveryFilter",
           g_variant_new_parsed("({'UUIDs': <['" SINK "']>},)"), NULL);
    expect(room, ADAPTER, "Adapter1.StartDiscovery", NULL, NULL);
    g_assert_true(fake_bluez_wait(room->bluez, "bluetoothd stopped", 1, WAIT_MS));
}

/* --- power --- */

static void test_power(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    set(room, ADAPTER, "org.bluez.Adapter1", "Powered", g_variant_new_boolean(FALSE), NULL);
    wait_for(room, "hci0 Adapter1.Powered=false");
    expect(room, ADAPTER, "Adapter1.StartDiscovery", NULL, "NotReady|Resource Not Ready");
    fake_bluez_block(room->bluez, "hci0", true);
    set(room, ADAPTER, "org.bluez.Adapter1", "Powered", g_variant_new_boolean(TRUE),
        "Blocked|Blocked through rfkill");
    fake_bluez_block(room->bluez, "hci0", false);
    set(room, ADAPTER, "org.bluez.Adapter1", "Powered", g_variant_new_boolean(TRUE), NULL);
    wait_for(room, "hci0 Adapter1.Powered=true");
}

static void test_power_cycle_keeps_registrations(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);

    forget_seen(room);
    set(room, ADAPTER, "org.bluez.Adapter1", "Powered", g_variant_new_boolean(FALSE), NULL);
    wait_for(room, "hci0 Adapter1.Powered=false");
    ORDER(room, "ClearConfiguration", "fd0 removed");
    ORDER(room, "fd0 removed", "dev_00_AA_01_01_00_01 Device1.Connected=false",
          "hci0 Adapter1.Powered=false");
    set(room, ADAPTER, "org.bluez.Adapter1", "Powered", g_variant_new_boolean(TRUE), NULL);
    connect_profile(room, NULL);
    g_assert_cmpuint(fake_bluez_transports(room->bluez), ==, 1);
}

/* --- agents and pairing --- */

static void test_agent_turns_pairable_on(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    expect(room, "/org/bluez", "AgentManager1.RegisterAgent",
           g_variant_new("(os)", "/agent", "Oracle"),
           "InvalidArguments|Invalid arguments in method call");
    register_agent(room, "DisplayYesNo");
    wait_for(room, "hci0 Adapter1.Pairable=true");
    expect(room, "/org/bluez", "AgentManager1.RegisterAgent", g_variant_new("(os)", "/agent", ""),
           "AlreadyExists|Already Exists");
    set(room, ADAPTER, "org.bluez.Adapter1", "Pairable", g_variant_new_boolean(FALSE), NULL);
    wait_for(room, "hci0 Adapter1.Pairable=false");
    forget_seen(room);
    expect(room, "/org/bluez", "AgentManager1.RequestDefaultAgent", g_variant_new("(o)", "/agent"),
           NULL);
    wait_for(room, "hci0 Adapter1.Pairable=true");
    expect(room, "/org/bluez", "AgentManager1.UnregisterAgent", g_variant_new("(o)", "/agent"),
           NULL);
    wait_for(room, "hci0 Adapter1.Pairable=false");
    expect(room, "/org/bluez", "AgentManager1.UnregisterAgent", g_variant_new("(o)", "/agent"),
           "DoesNotExist|Does Not Exist");
}

static void test_pair(void)
{
    g_autoptr(Room) room = paired_room(FAKE_VERSION_DEBIAN_12);

    ORDER(room, "dev_00_AA_01_01_00_01 Device1.Connected=true",
          "dev_00_AA_01_01_00_01 Device1.Bonded=true",
          "dev_00_AA_01_01_00_01 Device1.ServicesResolved=true");
    g_assert_true(room->speaker->bonded);
    expect(room, DEVICE, "Device1.Pair", NULL, "AlreadyExists|Already Exists");
    wait_for(room, "dev_00_AA_01_01_00_01 Device1.Connected=false"); /* nothing used the link */
}

static void test_pair_without_pairable_keeps_no_bond(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    register_agent(room, "DisplayYesNo");
    set(room, ADAPTER, "org.bluez.Adapter1", "Pairable", g_variant_new_boolean(FALSE), NULL);
    discover(room);
    expect(room, DEVICE, "Device1.Pair", NULL, NULL);
    wait_for(room, "dev_00_AA_01_01_00_01 Device1.Paired=true");
    wait_for(room, "dev_00_AA_01_01_00_01 Device1.Paired=false");
    g_assert_false(room->speaker->bonded);
}

static void expect_pair(const char *answer, void (*arrange)(Room *room), const char *question)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    register_agent(room, "DisplayYesNo");
    discover(room);
    arrange(room);
    expect(room, DEVICE, "Device1.Pair", NULL, answer);
    if (question)
        g_assert_true(has_seen(room, question));
    g_assert_cmpuint(fake_bluez_count(room->bluez, "paired"), ==, answer ? 0 : 1);
}

static void arrange_off(Room *room)
{
    room->speaker->on = false;
}

static void arrange_not_in_pairing_mode(Room *room)
{
    room->speaker->pairing_mode = false;
}

static void arrange_refusal(Room *room)
{
    room->speaker->pairing = FAKE_PAIR_REFUSES;
}

static void arrange_rejection(Room *room)
{
    room->speaker->pairing = FAKE_PAIR_REJECTS;
}

static void arrange_drop(Room *room)
{
    room->speaker->pairing = FAKE_PAIR_DROPS;
}

static void arrange_silence(Room *room)
{
    room->speaker->pairing = FAKE_PAIR_SILENT;
}

static void arrange_pin(Room *room)
{
    room->speaker->legacy = true;
}

static void arrange_other_pin(Room *room)
{
    room->speaker->legacy = true;
    g_free(room->speaker->pin);
    room->speaker->pin = g_strdup("4711");
}

static void arrange_display(Room *room)
{
    room->speaker->displays = true;
}

static void arrange_display_refused(Room *room)
{
    room->speaker->displays = true;
    room->client->refuse_agent = true;
}

static void test_pair_answers(void)
{
    expect_pair("ConnectionAttemptFailed|Page Timeout", arrange_off, NULL);
    expect_pair("AuthenticationFailed|Authentication Failed", arrange_not_in_pairing_mode, NULL);
    expect_pair("AuthenticationFailed|Authentication Failed", arrange_refusal, NULL);
    expect_pair("AuthenticationRejected|Authentication Rejected", arrange_rejection, NULL);
    expect_pair("AuthenticationCanceled|Authentication Canceled", arrange_drop, NULL);
    expect_pair("AuthenticationTimeout|Authentication Timeout", arrange_silence, NULL);
    expect_pair(NULL, arrange_pin, "RequestPinCode");
    expect_pair("AuthenticationFailed|Authentication Failed", arrange_other_pin, "RequestPinCode");
    expect_pair(NULL, arrange_display, "RequestConfirmation");
    expect_pair("AuthenticationFailed|Authentication Failed", arrange_display_refused,
                "RequestConfirmation");
}

static void test_page_timeout_removes_device(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    discover(room);
    room->speaker->on = false;
    expect(room, DEVICE, "Device1.Pair", NULL, "ConnectionAttemptFailed|Page Timeout");
    wait_for(room, "dev_00_AA_01_01_00_01 removed");
    {
        g_autofree char *gone = client_call(room->client, DEVICE, "Device1.Pair", NULL);

        g_assert_true(g_str_has_prefix(gone, "UnknownObject|"));
    }
}

static void test_cancel_pairing(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    discover(room);
    fake_bluez_times(room->bluez)->bonding_timeout = 60000;
    room->speaker->pairing = FAKE_PAIR_SILENT;
    client_send(room->client, DEVICE, "org.bluez.Device1", "Pair", NULL);
    g_assert_true(fake_bluez_wait(room->bluez, "link up", 1, WAIT_MS));
    expect(room, DEVICE, "Device1.Pair", NULL, "InProgress|In Progress");
    expect(room, DEVICE, "Device1.CancelPairing", NULL, NULL);
    g_assert_cmpuint(
        fake_bluez_count(room->bluez, "pairing failed " SPEAKER " AuthenticationCanceled"), ==, 1);
}

static void test_pairing_ends_with_client(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    discover(room);
    fake_bluez_times(room->bluez)->bonding_timeout = 60000;
    room->speaker->pairing = FAKE_PAIR_SILENT;
    client_send(room->client, DEVICE, "org.bluez.Device1", "Pair", NULL);
    g_assert_true(fake_bluez_wait(room->bluez, "link up", 1, WAIT_MS));
    client_leave(room->client);
    g_assert_true(fake_bluez_wait(room->bluez, "pairing failed", 1, WAIT_MS));
}

static void test_idle_cancel_loses_key(void)
{
    g_autoptr(Room) room = paired_room(FAKE_VERSION_DEBIAN_12);

    expect(room, DEVICE, "Device1.CancelPairing", NULL, "DoesNotExist|Does Not Exist");
    wait_for(room, "dev_00_AA_01_01_00_01 Device1.Connected=false");
    connect_profile(room, "Failed|br-connection-unknown");
}

static void test_incoming_pairing(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    fake_speaker_pair_with_us(room->speaker); /* not pairable: the kernel refuses */
    g_assert_true(fake_bluez_wait(room->bluez, "incoming-pairing " SPEAKER " refused", 1, WAIT_MS));
    register_agent(room, "DisplayYesNo");
    room->client->refuse_agent = true;
    fake_speaker_pair_with_us(room->speaker);
    g_assert_true(fake_bluez_wait(room->bluez, "incoming-pairing " SPEAKER " refused", 2, WAIT_MS));
    ORDER(room, "RequestAuthorization");
    expect(room, "/org/bluez", "AgentManager1.UnregisterAgent", g_variant_new("(o)", "/agent"),
           NULL);
    register_agent(room, "NoInputNoOutput");
    forget_seen(room);
    fake_speaker_pair_with_us(room->speaker);
    g_assert_true(
        fake_bluez_wait(room->bluez, "incoming-pairing " SPEAKER " accepted", 1, WAIT_MS));
    g_assert_false(has_seen(room, "RequestAuthorization"));
}

/* --- connecting --- */

static void test_connect(void)
{
    g_autoptr(Room) room = paired_room(FAKE_VERSION_DEBIAN_12);

    room->speaker->volume = 64;
    room->speaker->delay = 1500;
    forget_seen(room);
    connect_profile(room, NULL);
    wait_for(room, "fd0 MediaTransport1.Volume=64");
    ORDER(room, "sep1 added", "SelectConfiguration");
    ORDER(room, "SelectConfiguration", "fd0 added");
    ORDER(room, "SelectConfiguration", "SetConfiguration", "fd0 MediaTransport1.Delay=1500");
    g_assert_cmphex(room->speaker->configuration[0], ==, 0x21);
    connect_profile(room, NULL); /* it is already */
}

static void test_connect_without_endpoint(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    register_agent(room, "DisplayYesNo");
    discover(room);
    expect(room, DEVICE, "Device1.Pair", NULL, NULL);
    connect_profile(room, "Failed|br-connection-profile-unavailable");
}

static void expect_connect(unsigned version, const char *answer, void (*arrange)(Room *room))
{
    g_autoptr(Room) room = paired_room(version);

    wait_for(room, "dev_00_AA_01_01_00_01 Device1.Connected=false");
    arrange(room);
    connect_profile(room, answer);
    g_assert_cmpuint(fake_bluez_transports(room->bluez), ==, 0);
}

static void arrange_busy(Room *room)
{
    room->speaker->connect = FAKE_CONNECT_REFUSES;
}

static void arrange_black_hole(Room *room)
{
    room->speaker->connect = FAKE_CONNECT_SILENT;
}

static void arrange_abort(Room *room)
{
    room->speaker->connect = FAKE_CONNECT_ABORTS;
}

static void arrange_rejected_configuration(Room *room)
{
    room->speaker->connect = FAKE_CONNECT_REJECTS_CONFIGURATION;
}

static void arrange_rejected_open(Room *room)
{
    room->speaker->connect = FAKE_CONNECT_REJECTS_OPEN;
}

static void arrange_stale_bond(Room *room)
{
    fake_speaker_forget_us(room->speaker);
}

static void arrange_own_refusal(Room *room)
{
    room->client->refuse_configuration = true;
}

static void arrange_own_silence(Room *room)
{
    room->client->mute = true;
}

static void test_connect_answers(void)
{
    const unsigned old = FAKE_VERSION_DEBIAN_12;

    expect_connect(old, "Failed|br-connection-page-timeout", arrange_off);
    expect_connect(old, "Failed|br-connection-unknown", arrange_busy);
    expect_connect(583, "Failed|br-connection-refused", arrange_busy);
    expect_connect(old, "Failed|br-connection-unknown", arrange_black_hole);
    expect_connect(old, "Failed|br-connection-canceled", arrange_abort);
    expect_connect(old, "Failed|br-connection-create-socket", arrange_rejected_configuration);
    expect_connect(old, "Failed|br-connection-create-socket", arrange_rejected_open);
    expect_connect(old, "Failed|br-connection-unknown", arrange_stale_bond);
    expect_connect(583, "Failed|br-connection-key-missing", arrange_stale_bond);
    expect_connect(old, "Failed|br-connection-unknown", arrange_own_refusal);
    expect_connect(old, "Failed|br-connection-unknown", arrange_own_silence);
}

static void test_phone(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    fake_bluez_add_phone(room->bluez, "00:AA:01:02:00:02", "Phone");
    register_agent(room, "DisplayYesNo");
    register_endpoint(room, NULL);
    expect(room, ADAPTER, "Adapter1.StartDiscovery", NULL, NULL);
    wait_for(room, "dev_00_AA_01_02_00_02 added");
    expect(room, ADAPTER "/dev_00_AA_01_02_00_02", "Device1.Pair", NULL, NULL);
    expect(room, ADAPTER "/dev_00_AA_01_02_00_02", "Device1.ConnectProfile",
           g_variant_new("(s)", SINK), "NotAvailable|br-connection-profile-unavailable");
}

static void test_stuck(void)
{
    g_autoptr(Room) room = paired_room(FAKE_VERSION_DEBIAN_12);

    room->speaker->connect = FAKE_CONNECT_BREAKS;
    room->speaker->connect_times = 1;
    connect_profile(room, "Failed|br-connection-canceled");
    wait_for(room, "dev_00_AA_01_01_00_01 Device1.Connected=false");
    connect_profile(room, "InProgress|br-connection-busy");
    connect_profile(room, "InProgress|br-connection-busy");
    set(room, DEVICE, "org.bluez.Device1", "Blocked", g_variant_new_boolean(TRUE), NULL);
    set(room, DEVICE, "org.bluez.Device1", "Blocked", g_variant_new_boolean(FALSE), NULL);
    connect_profile(room, NULL);
    g_assert_true(room->speaker->bonded);
}

static void test_concurrent_connect(void)
{
    g_autoptr(Room) room = paired_room(FAKE_VERSION_DEBIAN_12);

    fake_bluez_times(room->bluez)->connecting = 100;
    client_send(room->client, DEVICE, "org.bluez.Device1", "ConnectProfile",
                g_variant_new("(s)", SINK));
    connect_profile(room, "InProgress|br-connection-busy");
    expect(room, DEVICE, "Device1.Disconnect", NULL, NULL);
    g_assert_cmpuint(
        fake_bluez_count(room->bluez, "connect failed " SPEAKER " Failed|br-connection-canceled"),
        ==, 1);
}

static void test_disconnect(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);

    forget_seen(room);
    expect(room, DEVICE, "Device1.Disconnect", NULL, NULL);
    wait_for(room, "dev_00_AA_01_01_00_01 Device1.Connected=false");
    ORDER(room, "fd0 removed", "sep1 removed", "dev_00_AA_01_01_00_01 Device1.Connected=false");
    expect(room, DEVICE, "Device1.Disconnect", NULL, NULL); /* it is already */
}

static void test_disconnected_signal(void)
{
    g_autoptr(Room) room = connected_room(583);

    fake_speaker_lose_link(room->speaker, FAKE_LINK_TIMEOUT);
    wait_for(room, "dev_00_AA_01_01_00_01 Device1.Connected=false");
    ORDER(room, "org.bluez.Reason.Timeout", "dev_00_AA_01_01_00_01 Device1.Connected=false");
}

static void test_policy_reconnects(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);

    fake_bluez_times(room->bluez)->policy = 20;
    fake_speaker_lose_link(room->speaker, FAKE_LINK_REMOTE); /* not after that */
    g_assert_false(fake_bluez_wait(room->bluez, "policy connects", 1, 100));
    connect_profile(room, NULL);
    fake_speaker_lose_link(room->speaker, FAKE_LINK_TIMEOUT);
    g_assert_true(fake_bluez_wait(room->bluez, "stream open", 3, WAIT_MS));
}

static void test_incoming_connection(void)
{
    static const uint8_t odd[4] = {0xff, 0xff, 0x02, 0x35};
    g_autoptr(Room) room = paired_room(FAKE_VERSION_DEBIAN_12);

    wait_for(room, "dev_00_AA_01_01_00_01 Device1.Connected=false");
    forget_seen(room);
    fake_speaker_connect_to_us(room->speaker, odd);
    g_assert_true(fake_bluez_wait(room->bluez, "stream open", 1, WAIT_MS));
    ORDER(room, "AuthorizeService", "SetConfiguration");
    g_assert_false(has_seen(room, "SelectConfiguration"));
    close(acquire(room, DEVICE "/fd0"));
    set(room, DEVICE, "org.bluez.Device1", "Trusted", g_variant_new_boolean(TRUE), NULL);
    fake_speaker_lose_link(room->speaker, FAKE_LINK_REMOTE);
    forget_seen(room);
    fake_speaker_connect_to_us(room->speaker, NULL);
    g_assert_true(fake_bluez_wait(room->bluez, "stream open", 2, WAIT_MS));
    g_assert_false(has_seen(room, "AuthorizeService"));
}

static void test_remove_device(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);

    expect(room, ADAPTER, "Adapter1.RemoveDevice", g_variant_new("(o)", DEVICE), NULL);
    wait_for(room, "dev_00_AA_01_01_00_01 removed");
    ORDER(room, "fd0 removed", "dev_00_AA_01_01_00_01 removed");
    expect(room, ADAPTER, "Adapter1.RemoveDevice", g_variant_new("(o)", DEVICE),
           "DoesNotExist|Does Not Exist");
}

/* --- endpoints --- */

static void test_endpoints(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    register_endpoint(room, NULL);
    register_endpoint(room, "AlreadyExists|Already Exists");
    expect(room, ADAPTER, "Media1.RegisterEndpoint",
           g_variant_new_parsed("(objectpath '/other', {'UUID': <'" SOURCE "'>})"),
           "InvalidArguments|Invalid arguments in method call");
    expect(room, ADAPTER, "Media1.UnregisterEndpoint", g_variant_new("(o)", "/endpoint"), NULL);
    expect(room, ADAPTER, "Media1.UnregisterEndpoint", g_variant_new("(o)", "/endpoint"),
           "DoesNotExist|Does Not Exist");
}

static void expect_two_streams(unsigned version, const char *answer)
{
    g_autoptr(Room) room = connected_room(version);

    fake_bluez_add_speaker(room->bluez, "00:AA:01:02:00:02", "Other");
    expect(room, ADAPTER, "Adapter1.StartDiscovery", NULL, NULL);
    wait_for(room, "dev_00_AA_01_02_00_02 added");
    expect(room, ADAPTER "/dev_00_AA_01_02_00_02", "Device1.ConnectProfile",
           g_variant_new("(s)", SINK), answer);
}

static void test_one_endpoint_one_stream(void)
{
    expect_two_streams(582, "Failed|br-connection-create-socket");
    expect_two_streams(583, NULL);
}

/* --- transports --- */

static void test_acquire(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);
    uint8_t packet[600] = {0x80};
    int fd, copy, type;
    socklen_t size = sizeof(type);

    expect(room, DEVICE "/sep1/fd0", "MediaTransport1.TryAcquire", NULL,
           "NotAvailable|Operation currently not available");
    fd = acquire(room, DEVICE "/sep1/fd0");
    g_assert_cmpint(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size), ==, 0);
    g_assert_cmpint(type, ==, SOCK_SEQPACKET);
    wait_for(room, "fd0 MediaTransport1.State='active'");
    g_assert_cmpint(send(fd, packet, sizeof(packet), 0), ==, sizeof(packet));
    g_assert_true(fake_bluez_wait(room->bluez, "first packet", 1, WAIT_MS));
    expect(room, DEVICE "/sep1/fd0", "MediaTransport1.Acquire", NULL,
           "NotAuthorized|Operation Not Authorized");
    expect(room, DEVICE "/sep1/fd0", "MediaTransport1.Release", NULL, NULL);
    wait_for(room, "fd0 MediaTransport1.State='idle'");
    g_assert_cmpint(send(fd, packet, sizeof(packet), 0), ==, sizeof(packet)); /* still */
    expect(room, DEVICE "/sep1/fd0", "MediaTransport1.Release", NULL,
           "NotAuthorized|Operation Not Authorized");
    copy = acquire(room, DEVICE "/sep1/fd0");
    close(copy);
    close(fd);
}

static void test_acquire_while_releasing(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);
    int fd = acquire(room, DEVICE "/sep1/fd0");

    client_send(room->client, DEVICE "/sep1/fd0", "org.bluez.MediaTransport1", "Release", NULL);
    expect(room, DEVICE "/sep1/fd0", "MediaTransport1.Acquire", NULL,
           "NotAuthorized|Operation Not Authorized");
    close(fd);
}

static void test_release_while_acquiring_drops(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);

    fake_bluez_times(room->bluez)->start = 200;
    client_send(room->client, DEVICE "/sep1/fd0", "org.bluez.MediaTransport1", "Acquire", NULL);
    expect(room, DEVICE "/sep1/fd0", "MediaTransport1.Release", NULL, NULL);
    wait_for(room, "fd0 removed");
}

static void test_start_rejected(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);

    room->speaker->start = FAKE_START_REJECTS;
    room->speaker->start_times = 1;
    expect(room, DEVICE "/sep1/fd0", "MediaTransport1.Acquire", NULL, "Failed|Input/output error");
    close(acquire(room, DEVICE "/sep1/fd0"));
}

static void test_peer_suspend_and_start(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);
    int fd = acquire(room, DEVICE "/sep1/fd0");

    wait_for(room, "fd0 MediaTransport1.State='active'");
    fake_speaker_suspend(room->speaker);
    wait_for(room, "fd0 MediaTransport1.State='idle'");
    expect(room, DEVICE "/sep1/fd0", "MediaTransport1.Release", NULL,
           "NotAuthorized|Operation Not Authorized");
    fake_speaker_start(room->speaker);
    wait_for(room, "fd0 MediaTransport1.State='pending'");
    expect(room, DEVICE "/sep1/fd0", "MediaTransport1.TryAcquire", NULL, NULL);
    close(fd);
}

static void test_link_loss_hangs_up(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);
    int fd = acquire(room, DEVICE "/sep1/fd0");
    GPollFD poll = {.fd = fd, .events = G_IO_HUP};

    forget_seen(room);
    fake_speaker_lose_link(room->speaker, FAKE_LINK_TIMEOUT);
    wait_for(room, "dev_00_AA_01_01_00_01 Device1.Connected=false");
    wait_for(room, "ClearConfiguration");
    g_assert_cmpint(g_poll(&poll, 1, WAIT_MS), ==, 1);
    g_assert_true(poll.revents & G_IO_HUP);
    close(fd);
}

static void test_volume(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);

    set(room, DEVICE "/sep1/fd0", "org.bluez.MediaTransport1", "Volume", g_variant_new_uint16(64),
        "InvalidArgs|No such property 'Volume'");
    fake_speaker_turn_volume(room->speaker, 30);
    wait_for(room, "fd0 MediaTransport1.Volume=30");
    set(room, DEVICE "/sep1/fd0", "org.bluez.MediaTransport1", "Volume", g_variant_new_uint16(64),
        NULL);
    wait_for(room, "fd0 MediaTransport1.Volume=64");
    set(room, DEVICE "/sep1/fd0", "org.bluez.MediaTransport1", "Volume", g_variant_new_uint16(128),
        "InvalidArguments|Invalid arguments in method call");
}

static void test_owner_leaves(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);
    int fd = acquire(room, DEVICE "/sep1/fd0");

    client_leave(room->client);
    g_assert_true(fake_bluez_wait(room->bluez, "transport " SPEAKER " gone", 1, WAIT_MS));
    close(fd);
}

/* --- faults, and the end of bluetoothd --- */

static void test_faults(void)
{
    g_autoptr(Room) room = room_new(FAKE_VERSION_DEBIAN_12);

    fake_bluez_fail(room->bluez, "Adapter1.StartDiscovery", 2, "org.bluez.Error.Failed", "twice");
    expect(room, ADAPTER, "Adapter1.StartDiscovery", NULL, "Failed|twice");
    expect(room, ADAPTER, "Adapter1.StartDiscovery", NULL, "Failed|twice");
    fake_bluez_delay(room->bluez, "Adapter1.StartDiscovery", 1, 30);
    expect(room, ADAPTER, "Adapter1.StartDiscovery", NULL, NULL);
    fake_bluez_fail(room->bluez, "Adapter1.Set.Pairable", 1, "org.bluez.Error.Failed", "no");
    set(room, ADAPTER, "org.bluez.Adapter1", "Pairable", g_variant_new_boolean(TRUE), "Failed|no");
}

static void test_crash_in_a_call(void)
{
    g_autoptr(Room) room = paired_room(FAKE_VERSION_DEBIAN_12);
    g_autofree char *answer = NULL;

    fake_bluez_crash(room->bluez, "Device1.ConnectProfile");
    answer =
        client_call(room->client, DEVICE, "Device1.ConnectProfile", g_variant_new("(s)", SINK));
    g_assert_true(g_str_has_prefix(answer, "NoReply|"));
    answer = (g_free(answer), client_call(room->client, ADAPTER, "Adapter1.StartDiscovery", NULL));
    g_assert_true(g_str_has_prefix(answer, "ServiceUnknown|"));
    forget_seen(room);
    fake_bluez_start(room->bluez);
    wait_for(room, "dev_00_AA_01_01_00_01 added");                     /* the bond was on disk */
    connect_profile(room, "Failed|br-connection-profile-unavailable"); /* the endpoint was not */
    register_endpoint(room, NULL);
    connect_profile(room, NULL);
}

static void test_stop_while_streaming(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);
    int fd = acquire(room, DEVICE "/sep1/fd0");
    GPollFD poll = {.fd = fd, .events = G_IO_HUP};

    fake_bluez_stop(room->bluez);
    g_assert_cmpint(g_poll(&poll, 1, WAIT_MS), ==, 1);
    g_assert_cmpuint(fake_bluez_transports(room->bluez), ==, 0);
    close(fd);
}

static void test_unplug(void)
{
    g_autoptr(Room) room = connected_room(FAKE_VERSION_DEBIAN_12);

    forget_seen(room);
    fake_bluez_unplug(room->bluez, "hci0");
    wait_for(room, "hci0 removed");
    ORDER(room, "fd0 removed", "dev_00_AA_01_01_00_01 removed", "hci0 removed");
    fake_bluez_plug(room->bluez, "hci0", "00:AA:01:00:00:00");
    wait_for(room, "dev_00_AA_01_01_00_01 added");
    ORDER(room, "hci0 removed", "hci0 added", "dev_00_AA_01_01_00_01 added");
    connect_profile(room, "Failed|br-connection-profile-unavailable"); /* registered per adapter */
}

static void expect_property(unsigned version, const char *path, const char *interface,
                            const char *property, bool there)
{
    g_autoptr(Room) room = paired_room(version);
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) value =
        client_call_value(room->client, path, "org.freedesktop.DBus.Properties.Get",
                          g_variant_new("(ss)", interface, property), NULL, &error);

    g_assert_true((value != NULL) == there);
}

static void test_versions(void)
{
    expect_property(550, DEVICE, "org.bluez.Device1", "Bonded", false);
    expect_property(566, DEVICE, "org.bluez.Device1", "Bonded", true);
    expect_property(566, ADAPTER, "org.bluez.Adapter1", "PowerState", false);
    expect_property(579, ADAPTER, "org.bluez.Adapter1", "PowerState", true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fake-bluez/discovery", test_discovery);
    g_test_add_func("/fake-bluez/discovery-ends-with-client", test_discovery_ends_with_client);
    g_test_add_func("/fake-bluez/quiet-speaker-is-not-found", test_quiet_speaker_is_not_found);
    g_test_add_func("/fake-bluez/uuid-filter-hides", test_uuid_filter_hides);
    g_test_add_func("/fake-bluez/uuid-filter-crashes-587", test_uuid_filter_crashes_587);
    g_test_add_func("/fake-bluez/power", test_power);
    g_test_add_func("/fake-bluez/power-cycle", test_power_cycle_keeps_registrations);
    g_test_add_func("/fake-bluez/agent", test_agent_turns_pairable_on);
    g_test_add_func("/fake-bluez/pair", test_pair);
    g_test_add_func("/fake-bluez/pair-without-pairable", test_pair_without_pairable_keeps_no_bond);
    g_test_add_func("/fake-bluez/pair-answers", test_pair_answers);
    g_test_add_func("/fake-bluez/page-timeout", test_page_timeout_removes_device);
    g_test_add_func("/fake-bluez/cancel-pairing", test_cancel_pairing);
    g_test_add_func("/fake-bluez/pairing-ends-with-client", test_pairing_ends_with_client);
    g_test_add_func("/fake-bluez/idle-cancel-loses-key", test_idle_cancel_loses_key);
    g_test_add_func("/fake-bluez/incoming-pairing", test_incoming_pairing);
    g_test_add_func("/fake-bluez/connect", test_connect);
    g_test_add_func("/fake-bluez/connect-without-endpoint", test_connect_without_endpoint);
    g_test_add_func("/fake-bluez/connect-answers", test_connect_answers);
    g_test_add_func("/fake-bluez/phone", test_phone);
    g_test_add_func("/fake-bluez/stuck", test_stuck);
    g_test_add_func("/fake-bluez/concurrent-connect", test_concurrent_connect);
    g_test_add_func("/fake-bluez/disconnect", test_disconnect);
    g_test_add_func("/fake-bluez/disconnected-signal", test_disconnected_signal);
    g_test_add_func("/fake-bluez/policy", test_policy_reconnects);
    g_test_add_func("/fake-bluez/incoming-connection", test_incoming_connection);
    g_test_add_func("/fake-bluez/remove-device", test_remove_device);
    g_test_add_func("/fake-bluez/endpoints", test_endpoints);
    g_test_add_func("/fake-bluez/one-endpoint-one-stream", test_one_endpoint_one_stream);
    g_test_add_func("/fake-bluez/acquire", test_acquire);
    g_test_add_func("/fake-bluez/acquire-while-releasing", test_acquire_while_releasing);
    g_test_add_func("/fake-bluez/release-while-acquiring", test_release_while_acquiring_drops);
    g_test_add_func("/fake-bluez/start-rejected", test_start_rejected);
    g_test_add_func("/fake-bluez/peer-suspend", test_peer_suspend_and_start);
    g_test_add_func("/fake-bluez/link-loss", test_link_loss_hangs_up);
    g_test_add_func("/fake-bluez/volume", test_volume);
    g_test_add_func("/fake-bluez/owner-leaves", test_owner_leaves);
    g_test_add_func("/fake-bluez/faults", test_faults);
    g_test_add_func("/fake-bluez/crash-in-a-call", test_crash_in_a_call);
    g_test_add_func("/fake-bluez/stop-while-streaming", test_stop_while_streaming);
    g_test_add_func("/fake-bluez/unplug", test_unplug);
    g_test_add_func("/fake-bluez/versions", test_versions);
    return g_test_run();
}
