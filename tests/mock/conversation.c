/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* conversation: one whole life of a speaker with bluetoothd (found, paired, connected, played to,
 * removed), and some questions that have to be refused, held by a client that is not Echocast. What
 * it saw goes to stdout, a line an event, in its order.
 *
 *   conversation life|broken SPEAKER          with the real bluetoothd on the system bus, at hci0
 *   conversation --fake life|broken SPEAKER   with the fake one
 *
 * life goes well; broken is the first handshake of two BlueZ 5.66 hosts, which breaks and leaves
 * bluetoothd stuck until the device was blocked and unblocked.
 * recorded/ holds what the real one said; check-recorded.py compares. */
#include "client.h"
#include "fake-bluez.h"
#include "private-bus.h"

#include <stdio.h>
#include <unistd.h>

#define ADAPTER "/org/bluez/hci0"

typedef struct {
    Client *client;
    char *device; /* path */
    char *name;   /* its last element */
    unsigned rest_ms;
    bool failed;
} Talk;

static guint here(const Talk *talk)
{
    return talk->client->seen->len;
}

/* An answer that is an error is a fact like any other. */
static void ask(Talk *talk, const char *path, const char *method, GVariant *arguments)
{
    g_autofree char *error = client_call(talk->client, path, method, arguments);

    (void)error;
}

G_GNUC_PRINTF(3, 4)
static void await(Talk *talk, guint from, const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list arguments;

    va_start(arguments, format);
    line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (client_wait(talk->client, line, from))
        return;
    fprintf(stderr, "conversation: never came: %s\n", line);
    talk->failed = true;
}

/* The path of the transport that is there now. */
static char *transport_path(Talk *talk)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) objects = NULL;
    g_autoptr(GVariantIter) iter = NULL;
    const char *path;
    GVariant *interfaces;
    char *found = NULL;

    objects =
        client_call_value(talk->client, "/", "org.freedesktop.DBus.ObjectManager.GetManagedObjects",
                          NULL, NULL, &error);
    g_assert_no_error(error);
    g_variant_get(objects, "(a{oa{sa{sv}}})", &iter);
    while (g_variant_iter_loop(iter, "{&o@a{sa{sv}}}", &path, &interfaces)) {
        g_autoptr(GVariant) transport =
            g_variant_lookup_value(interfaces, "org.bluez.MediaTransport1", NULL);

        if (!found && transport && g_str_has_prefix(path, talk->device))
            found = g_strdup(path);
    }
    return found ? found : g_strdup("/none");
}

static void arrive(Talk *talk)
{
    g_free(client_register_agent(talk->client, "DisplayYesNo"));
    g_free(client_register_endpoint(talk->client, ADAPTER));
}

static void discover(Talk *talk)
{
    guint from;

    ask(talk, ADAPTER, "Adapter1.StopDiscovery", NULL);
    ask(talk, ADAPTER, "Adapter1.SetDiscoveryFilter",
        g_variant_new_parsed("({'Transport': <'bredr'>},)"));
    ask(talk, ADAPTER, "Adapter1.SetDiscoveryFilter", g_variant_new_parsed("({'Nonsense': <1>},)"));
    ask(talk, ADAPTER, "Adapter1.StartDiscovery", NULL);
    await(talk, 0, "%s added", talk->name);
    ask(talk, ADAPTER, "Adapter1.StartDiscovery", NULL);
    from = here(talk);
    ask(talk, ADAPTER, "Adapter1.StopDiscovery", NULL);
    await(talk, from, "hci0 Adapter1.Discovering=false");
}

static void pair(Talk *talk)
{
    guint from = here(talk);

    ask(talk, talk->device, "Device1.Disconnect", NULL);
    ask(talk, talk->device, "Device1.Pair", NULL);
    await(talk, from, "%s Device1.Paired=true", talk->name);
    await(talk, from, "%s Device1.ServicesResolved=true", talk->name);
    ask(talk, talk->device, "Device1.Pair", NULL);
}

static void connect_profile(Talk *talk, const char *uuid)
{
    ask(talk, talk->device, "Device1.ConnectProfile", g_variant_new("(s)", uuid));
}

static void play(Talk *talk)
{
    g_autofree char *path = transport_path(talk);
    g_autofree char *leaf = g_path_get_basename(path);
    g_autoptr(GError) error = NULL;
    guint from = here(talk);
    int fd;

    ask(talk, path, "MediaTransport1.TryAcquire", NULL);
    ask(talk, path, "MediaTransport1.Release", NULL);
    fd = client_acquire(talk->client, path, &error);
    await(talk, from, "%s MediaTransport1.State='active'", leaf);
    ask(talk, path, "MediaTransport1.Acquire", NULL);
    from = here(talk);
    ask(talk, path, "MediaTransport1.Release", NULL);
    await(talk, from, "%s MediaTransport1.State='idle'", leaf);
    if (fd >= 0)
        close(fd);
}

/* The link falls with the answer, or just before it. */
static void disconnect(Talk *talk)
{
    guint from = here(talk);

    ask(talk, talk->device, "Device1.Disconnect", NULL);
    await(talk, from, "%s Device1.Connected=false", talk->name);
}

static void remove_device(Talk *talk)
{
    guint from = here(talk);

    ask(talk, ADAPTER, "Adapter1.RemoveDevice", g_variant_new("(o)", talk->device));
    await(talk, from, "%s removed", talk->name);
    ask(talk, talk->device, "Device1.Pair", NULL);
}

static void hold_life(Talk *talk)
{
    arrive(talk);
    discover(talk);
    pair(talk);
    connect_profile(talk, "00001105-0000-1000-8000-00805f9b34fb");
    connect_profile(talk, CLIENT_SINK);
    connect_profile(talk, CLIENT_SINK);
    play(talk);
    disconnect(talk);
    connect_profile(talk, CLIENT_SINK);
    play(talk);
    remove_device(talk);
}

static void block(Talk *talk, bool blocked)
{
    g_free(client_set(talk->client, talk->device, "org.bluez.Device1", "Blocked",
                      g_variant_new_boolean(blocked)));
}

static gboolean on_rest_over(gpointer over)
{
    *(bool *)over = true;
    return G_SOURCE_REMOVE;
}

/* Nothing announces that bluetoothd has given up by itself. */
static void rest(const Talk *talk)
{
    bool over = false;

    g_timeout_add(talk->rest_ms, on_rest_over, &over);
    while (!over)
        g_main_context_iteration(NULL, TRUE);
}

static void hold_broken(Talk *talk)
{
    guint from;

    arrive(talk);
    discover(talk);
    pair(talk);
    from = here(talk);
    connect_profile(talk, CLIENT_SINK);
    await(talk, from, "%s Device1.Connected=false", talk->name);
    connect_profile(talk, CLIENT_SINK);
    rest(talk);
    connect_profile(talk, CLIENT_SINK);
    block(talk, true);
    block(talk, false);
    from = here(talk);
    connect_profile(talk, CLIENT_SINK);
    await(talk, from, "%s Device1.Connected=false", talk->name);
}

static FakeBluez *start_fake(const char *bus, const char *address, bool broken)
{
    FakeSpeaker *speaker;
    FakeBluez *bluez = fake_bluez_new(bus, FAKE_VERSION_DEBIAN_12);

    fake_bluez_plug(bluez, "hci0", "00:AA:01:00:00:00");
    speaker = fake_bluez_add_speaker(bluez, address, "Virtual");
    speaker->lists_uuids = true;
    speaker->connect = broken ? FAKE_CONNECT_BREAKS : FAKE_CONNECT_ACCEPTS;
    speaker->volume = 127;
    fake_bluez_start(bluez);
    return bluez;
}

static void print(const Talk *talk)
{
    for (guint i = 0; i < talk->client->seen->len; i++)
        printf("%s\n", (const char *)talk->client->seen->pdata[i]);
}

int main(int argc, char **argv)
{
    bool fake = argc > 1 && g_str_equal(argv[1], "--fake");
    bool broken = argc > 1 && g_str_equal(argv[argc - 2], "broken");
    g_autoptr(PrivateBus) bus = fake ? private_bus_new() : NULL;
    g_autofree char *address = fake
                                   ? g_strdup(private_bus_address(bus))
                                   : g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
    g_autoptr(FakeBluez) bluez = NULL;
    g_autoptr(Client) client = NULL;
    g_autofree char *element = NULL;
    Talk talk = {0};

    if (argc != (fake ? 4 : 3)) {
        fprintf(stderr, "usage: conversation [--fake] life|broken SPEAKER\n");
        return 2;
    }
    element = g_strdelimit(g_strdup(argv[argc - 1]), ":", '_');
    talk.name = g_strconcat("dev_", element, NULL);
    talk.device = g_strconcat(ADAPTER, "/", talk.name, NULL);
    talk.client = client = client_new(address);
    client->only = ADAPTER;
    talk.rest_ms = fake ? 100 : 5000;
    if (fake) {
        bluez = start_fake(address, argv[3], broken);
        await(&talk, 0, "hci0 added");
        g_ptr_array_set_size(client->seen, 0);
    }
    client->trace = client->details = true;
    if (broken)
        hold_broken(&talk);
    else
        hold_life(&talk);
    print(&talk);
    client_leave(client);
    g_free(talk.name);
    g_free(talk.device);
    return talk.failed;
}
