/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "fake-daemon.h"

#include "echocast/names.h"

#include <string.h>

struct FakeDaemon {
    GDBusConnection *bus;
    EchocastManager1 *manager;
    GDBusObjectManagerServer *objects;
    FakeManner manner;
    char *error_name;
    char *error_message;
    GString *calls;
    GDBusMethodInvocation *waiting; /* a Pair or Connect that hangs */
    GDBusMethodInvocation *ignored; /* a CancelPairing */
    bool no_packets;
    bool ignores_cancel;
};

char *fake_daemon_path(const char *address)
{
    g_autofree char *element = g_strdelimit(g_strdup(address), ":", '_');
    return g_strconcat(ECHOCAST_SPEAKER_PATH "/", element, NULL);
}

static void note_options(FakeDaemon *fake, GVariant *options)
{
    GVariantIter iter;
    const char *key;
    GVariant *value;
    g_variant_iter_init(&iter, options);
    while (g_variant_iter_loop(&iter, "{&sv}", &key, &value)) {
        g_autofree char *text = g_variant_print(value, TRUE);
        g_string_append_printf(fake->calls, " %s=%s", key, text);
    }
}

/* options NULL: it has none. */
static void note_call(FakeDaemon *fake, const char *method, const char *selector, GVariant *options)
{
    g_string_append_printf(fake->calls, "%s(%s)", method, selector);
    if (options)
        note_options(fake, options);
    g_string_append_c(fake->calls, ';');
}

static void answer_waiting(FakeDaemon *fake, const char *name, const char *message)
{
    GDBusMethodInvocation *waiting = g_steal_pointer(&fake->waiting);
    if (waiting)
        g_dbus_method_invocation_return_dbus_error(waiting, name, message);
}

/* True: answered, or kept waiting, as the test wants it. */
static bool misbehave(FakeDaemon *fake, GDBusMethodInvocation *invocation)
{
    if (fake->manner == FAKE_ANSWERS)
        return false;
    if (fake->manner == FAKE_FAILS)
        g_dbus_method_invocation_return_dbus_error(invocation, fake->error_name,
                                                   fake->error_message);
    else
        fake->waiting = invocation;
    return true;
}

static char *any_path(FakeDaemon *fake)
{
    g_autolist (GDBusObject)
        all = g_dbus_object_manager_get_objects(G_DBUS_OBJECT_MANAGER(fake->objects));
    return g_strdup(all ? g_dbus_object_get_object_path(all->data) : "/");
}

static gboolean on_start_scan(EchocastManager1 *manager, GDBusMethodInvocation *invocation,
                              GVariant *options, gpointer data)
{
    FakeDaemon *fake = data;
    note_call(fake, "StartScan", "", options);
    if (!misbehave(fake, invocation))
        echocast_manager1_complete_start_scan(manager, invocation);
    return TRUE;
}

static gboolean on_stop_scan(EchocastManager1 *manager, GDBusMethodInvocation *invocation,
                             gpointer data)
{
    note_call(data, "StopScan", "", NULL);
    echocast_manager1_complete_stop_scan(manager, invocation);
    return TRUE;
}

static gboolean on_pair(EchocastManager1 *manager, GDBusMethodInvocation *invocation,
                        const char *speaker, GVariant *options, gpointer data)
{
    FakeDaemon *fake = data;
    note_call(fake, "Pair", speaker, options);
    fake_daemon_progress(fake, "scanning", "looking for a speaker in pairing mode");
    if (misbehave(fake, invocation))
        return TRUE;
    g_autofree char *path = any_path(fake);
    fake_daemon_progress(fake, "pairing", "exchanging keys");
    fake_daemon_progress(fake, "done", "sound flows");
    echocast_manager1_complete_pair(manager, invocation, path);
    return TRUE;
}

static gboolean on_cancel_pairing(EchocastManager1 *manager, GDBusMethodInvocation *invocation,
                                  gpointer data)
{
    FakeDaemon *fake = data;
    note_call(fake, "CancelPairing", "", NULL);
    if (fake->ignores_cancel) {
        fake->ignored = invocation;
        return TRUE;
    }
    answer_waiting(fake, ECHOCAST_ERROR_PREFIX "Cancelled", "cancelled");
    echocast_manager1_complete_cancel_pairing(manager, invocation);
    return TRUE;
}

static gboolean on_connect(EchocastManager1 *manager, GDBusMethodInvocation *invocation,
                           const char *speaker, gpointer data)
{
    FakeDaemon *fake = data;
    note_call(fake, "Connect", speaker, NULL);
    fake_daemon_progress(fake, "connecting", "opening the link");
    if (misbehave(fake, invocation))
        return TRUE;
    g_autofree char *path = any_path(fake);
    echocast_manager1_complete_connect(manager, invocation, path);
    return TRUE;
}

static gboolean on_disconnect(EchocastManager1 *manager, GDBusMethodInvocation *invocation,
                              const char *speaker, gpointer data)
{
    FakeDaemon *fake = data;
    note_call(fake, "Disconnect", speaker, NULL);
    if (!misbehave(fake, invocation))
        echocast_manager1_complete_disconnect(manager, invocation);
    return TRUE;
}

static gboolean on_forget(EchocastManager1 *manager, GDBusMethodInvocation *invocation,
                          const char *speaker, gpointer data)
{
    FakeDaemon *fake = data;
    note_call(fake, "Forget", speaker, NULL);
    if (!misbehave(fake, invocation))
        echocast_manager1_complete_forget(manager, invocation);
    return TRUE;
}

static gboolean on_test_tone(EchocastManager1 *manager, GDBusMethodInvocation *invocation,
                             const char *speaker, GVariant *options, gpointer data)
{
    FakeDaemon *fake = data;
    note_call(fake, "TestTone", speaker, options);
    if (misbehave(fake, invocation))
        return TRUE;
    GVariantBuilder evidence;
    g_variant_builder_init(&evidence, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&evidence, "{sv}", "packets",
                          g_variant_new_uint64(fake->no_packets ? 0 : 69));
    g_variant_builder_add(&evidence, "{sv}", "transport", g_variant_new_string("/org/bluez/fd0"));
    g_variant_builder_add(&evidence, "{sv}", "duration", g_variant_new_uint32(1000));
    echocast_manager1_complete_test_tone(manager, invocation, g_variant_builder_end(&evidence));
    return TRUE;
}

static gboolean on_get_counters(EchocastStream1 *stream, GDBusMethodInvocation *invocation,
                                gpointer data)
{
    GVariantBuilder counters;
    g_variant_builder_init(&counters, G_VARIANT_TYPE("a{st}"));
    g_variant_builder_add(&counters, "{st}", "packets", (guint64)4711);
    g_variant_builder_add(&counters, "{st}", "dropped", (guint64)3);
    g_variant_builder_add(&counters, "{st}", "own_latency_us", (guint64)23400);
    g_variant_builder_add(&counters, "{st}", "total_latency_us", (guint64)148400);
    echocast_stream1_complete_get_counters(stream, invocation, g_variant_builder_end(&counters));
    return TRUE;
}

static EchocastManager1 *manager_new(FakeDaemon *fake)
{
    EchocastManager1 *manager = echocast_manager1_skeleton_new();
    g_object_set(manager, "version", "0.1.0", "role", "a2dp-source", "adapter", "00:AA:01:00:00:00",
                 "adapter-alias", "board", "adapter-state", "ready", "active-speaker", "/",
                 "default-speaker", "/", "loopback-state", "open", "headline", "All is well.",
                 "reason", "", "detail", "", "advice", "", NULL);
    g_signal_connect(manager, "handle-start-scan", G_CALLBACK(on_start_scan), fake);
    g_signal_connect(manager, "handle-stop-scan", G_CALLBACK(on_stop_scan), fake);
    g_signal_connect(manager, "handle-pair", G_CALLBACK(on_pair), fake);
    g_signal_connect(manager, "handle-cancel-pairing", G_CALLBACK(on_cancel_pairing), fake);
    g_signal_connect(manager, "handle-connect", G_CALLBACK(on_connect), fake);
    g_signal_connect(manager, "handle-disconnect", G_CALLBACK(on_disconnect), fake);
    g_signal_connect(manager, "handle-forget", G_CALLBACK(on_forget), fake);
    g_signal_connect(manager, "handle-test-tone", G_CALLBACK(on_test_tone), fake);
    return manager;
}

FakeDaemon *fake_daemon_new(const char *bus_address)
{
    FakeDaemon *fake = g_new0(FakeDaemon, 1);
    g_autoptr(GError) error = NULL;
    fake->calls = g_string_new(NULL);
    fake->bus =
        g_dbus_connection_new_for_address_sync(bus_address,
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, &error);
    g_assert_no_error(error);
    fake->manager = manager_new(fake);
    fake->objects = g_dbus_object_manager_server_new(ECHOCAST_OBJECT_PATH);
    g_dbus_object_manager_server_set_connection(fake->objects, fake->bus);
    g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(fake->manager), fake->bus,
                                     ECHOCAST_OBJECT_PATH, &error);
    g_assert_no_error(error);
    fake_daemon_appear(fake);
    return fake;
}

/* Closing is what the death of a process looks like from outside. */
void fake_daemon_free(FakeDaemon *fake)
{
    if (!fake)
        return;
    g_dbus_connection_close_sync(fake->bus, NULL, NULL);
    g_clear_object(&fake->waiting);
    g_clear_object(&fake->ignored);
    g_object_unref(fake->objects);
    g_object_unref(fake->manager);
    g_object_unref(fake->bus);
    g_string_free(fake->calls, TRUE);
    g_free(fake->error_name);
    g_free(fake->error_message);
    g_free(fake);
}

static void ask_bus(FakeDaemon *fake, const char *method, GVariant *parameters)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
        fake->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
        parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(answer);
}

void fake_daemon_appear(FakeDaemon *fake)
{
    ask_bus(fake, "RequestName", g_variant_new("(su)", ECHOCAST_BUS_NAME, 0u));
}

void fake_daemon_vanish(FakeDaemon *fake)
{
    ask_bus(fake, "ReleaseName", g_variant_new("(s)", ECHOCAST_BUS_NAME));
}

void fake_daemon_behave(FakeDaemon *fake, FakeManner manner, const char *error_name,
                        const char *error_message)
{
    fake->manner = manner;
    g_free(fake->error_name);
    g_free(fake->error_message);
    fake->error_name = g_strdup(error_name);
    fake->error_message = g_strdup(error_message);
}

const char *fake_daemon_calls(const FakeDaemon *fake)
{
    return fake->calls->str;
}

void fake_daemon_forget_calls(FakeDaemon *fake)
{
    g_string_truncate(fake->calls, 0);
}

/* The test runner's own time limit ends a wait that never ends. */
void fake_daemon_await_call(FakeDaemon *fake, const char *call)
{
    while (!strstr(fake->calls->str, call))
        g_main_context_iteration(NULL, TRUE);
}

EchocastManager1 *fake_daemon_manager(FakeDaemon *fake)
{
    return fake->manager;
}

EchocastSpeaker1 *fake_daemon_add(FakeDaemon *fake, const char *address, const char *name)
{
    g_autofree char *path = fake_daemon_path(address);
    g_autoptr(EchocastObjectSkeleton) object = echocast_object_skeleton_new(path);
    g_autoptr(EchocastSpeaker1) speaker = echocast_speaker1_skeleton_new();
    g_object_set(speaker, "address", address, "name", name, "state", "saved", "reason", "",
                 "detail", "", "advice", "", "rung", "saved", "kind", "speaker", "saved", TRUE,
                 "bonded", TRUE, NULL);
    echocast_object_skeleton_set_speaker1(object, speaker);
    g_dbus_object_manager_server_export(fake->objects, G_DBUS_OBJECT_SKELETON(object));
    return speaker; /* the object holds it */
}

void fake_daemon_remove(FakeDaemon *fake, const char *address)
{
    g_autofree char *path = fake_daemon_path(address);
    g_dbus_object_manager_server_unexport(fake->objects, path);
}

void fake_daemon_stream(FakeDaemon *fake, const char *address)
{
    g_autofree char *path = fake_daemon_path(address);
    g_autoptr(GDBusObject) object =
        g_dbus_object_manager_get_object(G_DBUS_OBJECT_MANAGER(fake->objects), path);
    g_autoptr(EchocastStream1) stream = echocast_stream1_skeleton_new();
    g_object_set(stream, "codec", "SBC", "channels", "joint", "rate-hz", 44100u, "bitpool", 53u,
                 "bitrate", 327993u, "mtu", 672u, "frames-per-packet", 5u, "delay-us", 125000u,
                 NULL);
    g_signal_connect(stream, "handle-get-counters", G_CALLBACK(on_get_counters), fake);
    echocast_object_skeleton_set_stream1(ECHOCAST_OBJECT_SKELETON(object), stream);
    g_object_set(echocast_object_peek_speaker1(ECHOCAST_OBJECT(object)), "state", "streaming",
                 "rung", "streaming", NULL);
    g_object_set(fake->manager, "active-speaker", path, "player-active", TRUE, NULL);
}

void fake_daemon_no_packets(FakeDaemon *fake)
{
    fake->no_packets = true;
}

void fake_daemon_ignore_cancel(FakeDaemon *fake)
{
    fake->ignores_cancel = true;
}

void fake_daemon_progress(FakeDaemon *fake, const char *stage, const char *text)
{
    echocast_manager1_emit_progress(fake->manager, "/", stage, text);
}
