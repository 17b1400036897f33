/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "mgmt.h"

#define CONNECT_TIMEOUT_MS 60000

typedef struct {
    const char *name;
    void (*run)(Speaker *speaker, const char *name, const char *argument);
} Command;

void command_reply_ok(const char *command)
{
    JsonBuilder *reply = message_new("reply", command);

    message_bool(reply, "ok", true);
    message_print(reply);
}

static void reply_error(const char *command, const char *error)
{
    JsonBuilder *reply = message_new("reply", command);

    message_bool(reply, "ok", false);
    message_string(reply, "error", error);
    message_print(reply);
}

static void reply(const char *command, bool ok)
{
    if (ok)
        command_reply_ok(command);
    else
        reply_error(command, "the kernel refused");
}

static void asked_done(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autofree char *command = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (answer)
        command_reply_ok(command);
    else
        reply_error(command, error->message);
}

/* Calls bluetoothd and answers the command with what comes of it. */
static void ask(Speaker *speaker, const char *command, const char *path, const char *interface,
                const char *method, GVariant *parameters)
{
    g_dbus_connection_call(speaker->media, "org.bluez", path, interface, method, parameters, NULL,
                           G_DBUS_CALL_FLAGS_NONE, CONNECT_TIMEOUT_MS, NULL, asked_done,
                           g_strdup(command));
}

static GVariant *setting(const char *interface, const char *name, GVariant *value)
{
    return g_variant_new("(ssv)", interface, name, value);
}

static void settle_then_reply(Speaker *speaker, const char *name)
{
    host_settle(speaker->host);
    if (host_is_settled(speaker->host)) {
        command_reply_ok(name);
        return;
    }
    speaker_reply_when_ready(speaker, name);
}

static void command_off(Speaker *speaker, const char *name, const char *argument)
{
    host_wants(speaker->host)->powered = false;
    settle_then_reply(speaker, name);
}

static void command_on(Speaker *speaker, const char *name, const char *argument)
{
    host_wants(speaker->host)->powered = true;
    settle_then_reply(speaker, name);
}

static void command_connectable(Speaker *speaker, const char *name, const char *argument)
{
    host_wants(speaker->host)->connectable = g_str_equal(argument, "on");
    settle_then_reply(speaker, name);
}

static void command_discoverable(Speaker *speaker, const char *name, const char *argument)
{
    host_wants(speaker->host)->discoverable = g_str_equal(argument, "on");
    settle_then_reply(speaker, name);
}

static void command_pairable(Speaker *speaker, const char *name, const char *argument)
{
    host_wants(speaker->host)->pairable = g_str_equal(argument, "on");
    settle_then_reply(speaker, name);
}

static void with_device(Speaker *speaker, const char *name, const char *interface,
                        const char *method, GVariant *parameters)
{
    g_autoptr(GVariant) sunk = parameters ? g_variant_ref_sink(parameters) : NULL;

    if (speaker->device)
        ask(speaker, name, speaker->device, interface, method, sunk);
    else
        reply_error(name, "no source has been seen yet");
}

static void command_forget(Speaker *speaker, const char *name, const char *argument)
{
    if (speaker->device)
        ask(speaker, name, host_path(speaker->host), "org.bluez.Adapter1", "RemoveDevice",
            g_variant_new("(o)", speaker->device));
    else
        command_reply_ok(name);
    g_clear_pointer(&speaker->device, g_free);
}

static void command_connect(Speaker *speaker, const char *name, const char *argument)
{
    with_device(speaker, name, "org.bluez.Device1", "ConnectProfile",
                g_variant_new("(s)", ENDPOINT_SOURCE));
}

static void command_disconnect(Speaker *speaker, const char *name, const char *argument)
{
    with_device(speaker, name, "org.bluez.Device1", "Disconnect", NULL);
}

static void command_drop_link(Speaker *speaker, const char *name, const char *argument)
{
    g_autofree char *address = NULL;

    if (!speaker->device) {
        reply_error(name, "no source has been seen yet");
        return;
    }
    address = g_strdelimit(g_strdup(strstr(speaker->device, "dev_") + 4), "_", ':');
    reply(name, mgmt_disconnect(speaker->options.index, address));
}

static void unregistered(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (!answer)
        g_printerr("speaker: UnregisterEndpoint: %s\n", error->message);
    speaker_register(data);
}

static void endpoint_anew(Speaker *speaker, const char *name)
{
    speaker->registered = false;
    speaker_reply_when_ready(speaker, name);
    g_dbus_connection_call(speaker->media, "org.bluez", host_path(speaker->host),
                           "org.bluez.Media1", "UnregisterEndpoint",
                           g_variant_new("(o)", SPEAKER_ENDPOINT_PATH), NULL,
                           G_DBUS_CALL_FLAGS_NONE, -1, NULL, unregistered, speaker);
}

static void command_caps(Speaker *speaker, const char *name, const char *argument)
{
    if (endpoint_parse(argument, speaker->caps))
        endpoint_anew(speaker, name);
    else
        reply_error(name, "eight hexadecimal digits are wanted");
}

static void command_abort(Speaker *speaker, const char *name, const char *argument)
{
    speaker->registered = false;
    speaker_reply_when_ready(speaker, name);
    g_dbus_connection_close_sync(speaker->media, NULL, NULL);
    g_clear_object(&speaker->media);
    if (speaker_connect_media(speaker, NULL))
        speaker_register(speaker);
}

static unsigned int count_of(const char *argument)
{
    return *argument ? strtoul(argument, NULL, 10) : 1;
}

static void command_reject(Speaker *speaker, const char *name, const char *argument)
{
    endpoint_reject(speaker->endpoint, count_of(argument));
    command_reply_ok(name);
}

static void command_no_answer(Speaker *speaker, const char *name, const char *argument)
{
    endpoint_ignore(speaker->endpoint, count_of(argument));
    command_reply_ok(name);
}

static void command_stop_reading(Speaker *speaker, const char *name, const char *argument)
{
    link_set_reading(speaker->link, false);
    command_reply_ok(name);
}

static void command_resume_reading(Speaker *speaker, const char *name, const char *argument)
{
    link_set_reading(speaker->link, true);
    command_reply_ok(name);
}

static void with_transport(Speaker *speaker, const char *name, const char *interface,
                           const char *method, GVariant *parameters)
{
    GDBusProxy *transport = link_transport(speaker->link);
    g_autoptr(GVariant) sunk = parameters ? g_variant_ref_sink(parameters) : NULL;

    if (transport)
        ask(speaker, name, g_dbus_proxy_get_object_path(transport), interface, method, sunk);
    else
        reply_error(name, "nobody is connected");
}

static void command_suspend(Speaker *speaker, const char *name, const char *argument)
{
    with_transport(speaker, name, "org.bluez.MediaTransport1", "Release", NULL);
}

static void command_start(Speaker *speaker, const char *name, const char *argument)
{
    link_acquire(speaker->link);
    reply(name, link_transport(speaker->link) != NULL);
}

static void command_volume(Speaker *speaker, const char *name, const char *argument)
{
    GVariant *value = g_variant_new_uint16(count_of(argument));

    with_transport(speaker, name, "org.freedesktop.DBus.Properties", "Set",
                   setting("org.bluez.MediaTransport1", "Volume", value));
}

static void command_delay(Speaker *speaker, const char *name, const char *argument)
{
    GVariant *value = g_variant_new_uint16(count_of(argument));

    with_transport(speaker, name, "org.freedesktop.DBus.Properties", "Set",
                   setting("org.bluez.MediaTransport1", "Delay", value));
}

static void command_button(Speaker *speaker, const char *name, const char *argument)
{
    static const char *const methods[][2] = {
        {"play", "Play"},
        {"pause", "Pause"},
        {"stop", "Stop"},
        {"next", "Next"},
        {"previous", "Previous"},
        {"volume-up", "VolumeUp"},
        {"volume-down", "VolumeDown"},
        {"fast-forward", "FastForward"},
        {"rewind", "Rewind"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        if (g_str_equal(argument, methods[i][0])) {
            with_device(speaker, name, "org.bluez.MediaControl1", methods[i][1], NULL);
            return;
        }
    }
    reply_error(name, "there is no such button");
}

static void command_notify(Speaker *speaker, const char *name, const char *argument)
{
    command_reply_ok(name);
    link_notify(speaker->link, strtoull(argument, NULL, 10));
}

static void command_reset(Speaker *speaker, const char *name, const char *argument)
{
    recorder_reset(speaker->recorder);
    command_reply_ok(name);
}

static void command_flush(Speaker *speaker, const char *name, const char *argument)
{
    JsonBuilder *message = message_new("reply", name);

    recorder_flush(speaker->recorder);
    message_bool(message, "ok", true);
    recorder_add_paths(speaker->recorder, message);
    message_print(message);
}

static void add_volume(Speaker *speaker, JsonBuilder *message)
{
    GDBusProxy *transport = link_transport(speaker->link);
    g_autoptr(GVariant) volume =
        transport ? g_dbus_proxy_get_cached_property(transport, "Volume") : NULL;

    if (volume)
        message_int(message, "volume", g_variant_get_uint16(volume));
}

static void command_stats(Speaker *speaker, const char *name, const char *argument)
{
    JsonBuilder *message = message_new("reply", name);

    message_bool(message, "ok", true);
    message_string(message, "state", link_state(speaker->link));
    add_volume(speaker, message);
    recorder_add_stats(speaker->recorder, message);
    message_print(message);
}

static void command_ping(Speaker *speaker, const char *name, const char *argument)
{
    command_reply_ok(name);
}

static const Command commands[] = {
    {"off", command_off},
    {"on", command_on},
    {"connectable", command_connectable},
    {"discoverable", command_discoverable},
    {"pairable", command_pairable},
    {"forget", command_forget},
    {"caps", command_caps},
    {"connect", command_connect},
    {"disconnect", command_disconnect},
    {"drop-link", command_drop_link},
    {"reject-configuration", command_reject},
    {"no-answer", command_no_answer},
    {"stop-reading", command_stop_reading},
    {"resume-reading", command_resume_reading},
    {"suspend", command_suspend},
    {"start", command_start},
    {"abort", command_abort},
    {"volume", command_volume},
    {"delay", command_delay},
    {"button", command_button},
    {"notify-packets", command_notify},
    {"reset-recording", command_reset},
    {"flush", command_flush},
    {"stats", command_stats},
    {"ping", command_ping},
};

void command_line(const char *line, void *data)
{
    Speaker *speaker = data;
    g_auto(GStrv) words = line ? g_strsplit(line, " ", 2) : NULL;

    if (!line) {
        g_main_loop_quit(speaker->loop);
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (g_strcmp0(words[0], commands[i].name) == 0) {
            commands[i].run(speaker, commands[i].name, words[1] ? words[1] : "");
            return;
        }
    }
    reply_error(line, "there is no such command");
}
