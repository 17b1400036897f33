/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * speaker: a Bluetooth loudspeaker (or a phone) made of an adapter, the machine's bluetoothd and
 * this program. It prints what happens to it as events, {"event":…,"t":ns}, and obeys commands on
 * its standard input, one a line, each answered by one {"reply":command,"ok":bool,…}.
 *
 * One thread, one main loop; comes back by itself when the adapter or bluetoothd was gone.
 */
#include <gio/gio.h>
#include <glib-unix.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"
#include "host.h"
#include "lines.h"
#include "link.h"
#include "message.h"
#include "mgmt.h"
#include "recorder.h"

#define ENDPOINT_PATH "/room/speaker"
#define AGENT_PATH "/room/agent"
#define CONNECT_TIMEOUT_MS 60000

typedef struct {
    int index;
    char *name;
    char *out;
    char *caps;
    char *agent;
    char *class;
    gboolean phone;
} Options;

typedef struct {
    Options options;
    GMainLoop *loop;
    GDBusConnection *bus;
    GDBusConnection *media; /* the endpoint's own: bluetoothd aborts its stream if it goes */
    GDBusObjectManager *objects;
    Host *host;
    Endpoint *endpoint;
    Recorder *recorder;
    Link *link;
    uint8_t caps[4];
    bool registered;
    char *device;       /* path of the source we last saw */
    char *when_settled; /* the command to answer when the adapter is as wanted */
} Speaker;

typedef struct {
    const char *name;
    void (*run)(Speaker *speaker, const char *name, const char *argument);
} Command;

/* A call to bluetoothd whose end answers a command. */
typedef struct {
    char *command;
} Asked;

static void reply_ok(const char *command)
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
        reply_ok(command);
    else
        reply_error(command, "the kernel refused");
}

static void event_print(const char *name, const char *key, const char *value)
{
    JsonBuilder *event = message_new("event", name);

    if (key)
        message_string(event, key, value);
    message_int(event, "t", now_ns());
    message_print(event);
}

/* -- calls to bluetoothd -- */

static void asked_done(GObject *source, GAsyncResult *result, gpointer data)
{
    Asked *asked = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (answer)
        reply_ok(asked->command);
    else
        reply_error(asked->command, error->message);
    g_free(asked->command);
    g_free(asked);
}

/* Calls bluetoothd and answers the command with what comes of it. */
static void ask(Speaker *speaker, const char *command, const char *path, const char *interface,
                const char *method, GVariant *parameters)
{
    Asked *asked = g_new0(Asked, 1);

    asked->command = g_strdup(command);
    g_dbus_connection_call(speaker->media, "org.bluez", path, interface, method, parameters, NULL,
                           G_DBUS_CALL_FLAGS_NONE, CONNECT_TIMEOUT_MS, NULL, asked_done, asked);
}

static void told(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (!answer)
        g_printerr("speaker: %s: %s\n", (const char *)data, error->message);
}

/* The same for what no command waits for. `method` must be a literal. */
static void tell(Speaker *speaker, const char *path, const char *interface, const char *method,
                 GVariant *parameters)
{
    g_dbus_connection_call(speaker->bus, "org.bluez", path, interface, method, parameters, NULL,
                           G_DBUS_CALL_FLAGS_NONE, -1, NULL, told, (gpointer)method);
}

static GVariant *setting(const char *interface, const char *name, GVariant *value)
{
    return g_variant_new("(ssv)", interface, name, value);
}

/* -- being a speaker -- */

static char *adapter_address(Speaker *speaker)
{
    g_autoptr(GDBusProxy) adapter = host_adapter(speaker->host);
    g_autoptr(GVariant) value =
        adapter ? g_dbus_proxy_get_cached_property(adapter, "Address") : NULL;

    return g_strdup(value ? g_variant_get_string(value, NULL) : "");
}

static void announce_if_ready(Speaker *speaker)
{
    g_autofree char *address = NULL;

    if (!speaker->registered || !host_is_settled(speaker->host))
        return;
    if (speaker->when_settled) {
        reply_ok(speaker->when_settled);
        g_clear_pointer(&speaker->when_settled, g_free);
    }
    address = adapter_address(speaker);
    event_print("ready", "address", address);
}

static void settled(void *data)
{
    announce_if_ready(data);
}

static void registered(GObject *source, GAsyncResult *result, gpointer data)
{
    Speaker *speaker = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (!answer)
        g_error("RegisterEndpoint: %s", error->message);
    speaker->registered = true;
    announce_if_ready(speaker);
}

static void register_endpoint(Speaker *speaker)
{
    const char *uuid = speaker->options.phone ? ENDPOINT_SOURCE : ENDPOINT_SINK;

    g_dbus_connection_call(speaker->media, "org.bluez", host_path(speaker->host),
                           "org.bluez.Media1", "RegisterEndpoint",
                           endpoint_registration(speaker->endpoint, uuid, speaker->caps), NULL,
                           G_DBUS_CALL_FLAGS_NONE, -1, NULL, registered, speaker);
}

/* An agent of our own would be the default one for our user's side as well, so there is one only
 * when asked for; without it the kernel itself accepts, given this IO capability. */
static void register_agent(Speaker *speaker)
{
    const char *capability = speaker->options.agent;

    tell(speaker, "/org/bluez", "org.bluez.AgentManager1", "RegisterAgent",
         g_variant_new("(os)", AGENT_PATH, capability));
    tell(speaker, "/org/bluez", "org.bluez.AgentManager1", "RequestDefaultAgent",
         g_variant_new("(o)", AGENT_PATH));
}

static void adapter_appeared(Speaker *speaker)
{
    bool input = speaker->options.agent && g_str_equal(speaker->options.agent, "DisplayYesNo");

    if (!mgmt_set_io_capability(speaker->options.index,
                                input ? MGMT_IO_DISPLAY_YES_NO : MGMT_IO_NO_INPUT_NO_OUTPUT))
        g_printerr("speaker: the kernel takes no IO capability\n");
    if (speaker->options.agent)
        register_agent(speaker);
    register_endpoint(speaker);
    host_settle(speaker->host);
}

static void adapter_vanished(Speaker *speaker)
{
    speaker->registered = false;
    host_settle(speaker->host);
    event_print("gone", NULL, NULL);
}

/* Untrusted, our source's services would be authorised by whoever is the default agent. */
static void device_appeared(Speaker *speaker, const char *path)
{
    g_free(speaker->device);
    speaker->device = g_strdup(path);
    tell(speaker, path, "org.freedesktop.DBus.Properties", "Set",
         setting("org.bluez.Device1", "Trusted", g_variant_new_boolean(TRUE)));
}

static void device_changed(Speaker *speaker, const char *path, GVariant *changed)
{
    gboolean connected;

    if (!g_variant_lookup(changed, "Connected", "b", &connected))
        return;
    if (connected) {
        g_free(speaker->device);
        speaker->device = g_strdup(path);
    }
    event_print(connected ? "device-connected" : "device-disconnected", "device", path);
}

static void transport_changed(Speaker *speaker, GVariant *changed)
{
    guint16 volume;
    const char *state;

    if (g_variant_lookup(changed, "State", "&s", &state))
        link_update(speaker->link);
    if (g_variant_lookup(changed, "Volume", "q", &volume)) {
        JsonBuilder *event = message_new("event", "volume");

        message_int(event, "volume", volume);
        message_int(event, "t", now_ns());
        message_print(event);
    }
}

/* -- the object manager -- */

static bool is_ours(Speaker *speaker, GDBusProxy *proxy)
{
    const char *path = g_dbus_proxy_get_object_path(proxy);
    size_t length = strlen(host_path(speaker->host));

    return !strncmp(path, host_path(speaker->host), length) &&
           (path[length] == '\0' || path[length] == '/');
}

static void interface_appeared(Speaker *speaker, GDBusInterface *interface)
{
    GDBusProxy *proxy = G_DBUS_PROXY(interface);
    const char *name = g_dbus_proxy_get_interface_name(proxy);

    if (!is_ours(speaker, proxy))
        return;
    if (g_str_equal(name, "org.bluez.Media1"))
        adapter_appeared(speaker);
    else if (g_str_equal(name, "org.bluez.Device1"))
        device_appeared(speaker, g_dbus_proxy_get_object_path(proxy));
    else if (g_str_equal(name, "org.bluez.MediaTransport1"))
        link_set_transport(speaker->link, proxy);
}

static void interface_vanished(Speaker *speaker, GDBusInterface *interface)
{
    GDBusProxy *proxy = G_DBUS_PROXY(interface);
    const char *name = g_dbus_proxy_get_interface_name(proxy);

    if (!is_ours(speaker, proxy))
        return;
    if (g_str_equal(name, "org.bluez.Media1"))
        adapter_vanished(speaker);
    else if (proxy == link_transport(speaker->link))
        link_set_transport(speaker->link, NULL);
}

static void each_interface(Speaker *speaker, GDBusObject *object,
                           void (*handle)(Speaker *speaker, GDBusInterface *interface))
{
    g_autolist(GDBusInterface) interfaces = g_dbus_object_get_interfaces(object);

    for (GList *item = interfaces; item; item = item->next)
        handle(speaker, item->data);
}

static void object_added(GDBusObjectManager *objects, GDBusObject *object, gpointer data)
{
    each_interface(data, object, interface_appeared);
}

static void object_removed(GDBusObjectManager *objects, GDBusObject *object, gpointer data)
{
    each_interface(data, object, interface_vanished);
}

static void interface_added(GDBusObjectManager *objects, GDBusObject *object,
                            GDBusInterface *interface, gpointer data)
{
    interface_appeared(data, interface);
}

static void interface_removed(GDBusObjectManager *objects, GDBusObject *object,
                              GDBusInterface *interface, gpointer data)
{
    interface_vanished(data, interface);
}

static void properties_changed(GDBusObjectManagerClient *objects, GDBusObjectProxy *object,
                               GDBusProxy *proxy, GVariant *changed, const char *const *gone,
                               gpointer data)
{
    Speaker *speaker = data;
    const char *name = g_dbus_proxy_get_interface_name(proxy);

    if (!is_ours(speaker, proxy))
        return;
    if (g_str_equal(name, "org.bluez.Adapter1"))
        host_settle(speaker->host);
    else if (g_str_equal(name, "org.bluez.Device1"))
        device_changed(speaker, g_dbus_proxy_get_object_path(proxy), changed);
    else if (proxy == link_transport(speaker->link))
        transport_changed(speaker, changed);
}

static void objects_watch(Speaker *speaker)
{
    g_autolist(GDBusObject) objects = g_dbus_object_manager_get_objects(speaker->objects);

    g_signal_connect(speaker->objects, "object-added", G_CALLBACK(object_added), speaker);
    g_signal_connect(speaker->objects, "object-removed", G_CALLBACK(object_removed), speaker);
    g_signal_connect(speaker->objects, "interface-added", G_CALLBACK(interface_added), speaker);
    g_signal_connect(speaker->objects, "interface-removed", G_CALLBACK(interface_removed), speaker);
    g_signal_connect(speaker->objects, "interface-proxy-properties-changed",
                     G_CALLBACK(properties_changed), speaker);
    for (GList *object = objects; object; object = object->next)
        each_interface(speaker, object->data, interface_appeared);
}

/* -- the endpoint and the agent -- */

static void configured(const char *transport, const char *configuration, void *data)
{
    event_print("configured", "configuration", configuration);
}

static void cleared(const char *transport, void *data)
{
    event_print("cleared", "transport", transport);
}

static void endpoint_released(void *data)
{
    Speaker *speaker = data;

    speaker->registered = false;
}

static const EndpointCalls endpoint_calls = { configured, cleared, endpoint_released };

static bool media_connect(Speaker *speaker, GError **error)
{
    g_autofree char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, error);

    if (address)
        speaker->media = g_dbus_connection_new_for_address_sync(
            address,
            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
            NULL, NULL, error);
    if (!speaker->media)
        return false;
    speaker->endpoint = endpoint_new(speaker->media, ENDPOINT_PATH, &endpoint_calls, speaker);
    link_set_bus(speaker->link, speaker->media);
    return true;
}

/* Says yes to everything; answers 0000 where a number is asked for. */
static void agent_called(GDBusConnection *bus, const char *sender, const char *path,
                         const char *interface, const char *method, GVariant *parameters,
                         GDBusMethodInvocation *invocation, gpointer data)
{
    GVariant *answer = NULL;

    event_print("agent", "method", method);
    if (g_str_equal(method, "RequestPinCode"))
        answer = g_variant_new("(s)", "0000");
    else if (g_str_equal(method, "RequestPasskey"))
        answer = g_variant_new("(u)", 0);
    g_dbus_method_invocation_return_value(invocation, answer);
}

static void agent_export(Speaker *speaker)
{
    static const GDBusInterfaceVTable table = { .method_call = agent_called };
    g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(
        "<node><interface name='org.bluez.Agent1'><method name='Release'/>"
        "<method name='RequestPinCode'><arg type='o' direction='in'/>"
        "<arg type='s' direction='out'/></method>"
        "<method name='RequestPasskey'><arg type='o' direction='in'/>"
        "<arg type='u' direction='out'/></method>"
        "<method name='DisplayPasskey'><arg type='o' direction='in'/>"
        "<arg type='u' direction='in'/><arg type='q' direction='in'/></method>"
        "<method name='RequestConfirmation'><arg type='o' direction='in'/>"
        "<arg type='u' direction='in'/></method>"
        "<method name='RequestAuthorization'><arg type='o' direction='in'/></method>"
        "<method name='AuthorizeService'><arg type='o' direction='in'/>"
        "<arg type='s' direction='in'/></method><method name='Cancel'/></interface></node>",
        NULL);

    g_dbus_connection_register_object(speaker->bus, AGENT_PATH, node->interfaces[0], &table,
                                      speaker, NULL, NULL);
}

/* -- commands -- */

static void settle_then_reply(Speaker *speaker, const char *name)
{
    host_settle(speaker->host);
    if (host_is_settled(speaker->host)) {
        reply_ok(name);
        return;
    }
    g_free(speaker->when_settled);
    speaker->when_settled = g_strdup(name);
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
        reply_ok(name);
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
    Speaker *speaker = data;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, NULL);

    register_endpoint(speaker);
}

static void endpoint_anew(Speaker *speaker, const char *name)
{
    speaker->registered = false;
    g_free(speaker->when_settled);
    speaker->when_settled = g_strdup(name);
    g_dbus_connection_call(speaker->media, "org.bluez", host_path(speaker->host),
                           "org.bluez.Media1", "UnregisterEndpoint", g_variant_new("(o)", ENDPOINT_PATH), NULL,
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
    g_free(speaker->when_settled);
    speaker->when_settled = g_strdup(name);
    g_dbus_connection_close_sync(speaker->media, NULL, NULL);
    g_clear_object(&speaker->media);
    if (media_connect(speaker, NULL))
        register_endpoint(speaker);
}

static unsigned int count_of(const char *argument)
{
    return *argument ? strtoul(argument, NULL, 10) : 1;
}

static void command_reject(Speaker *speaker, const char *name, const char *argument)
{
    endpoint_reject(speaker->endpoint, count_of(argument));
    reply_ok(name);
}

static void command_no_answer(Speaker *speaker, const char *name, const char *argument)
{
    endpoint_ignore(speaker->endpoint, count_of(argument));
    reply_ok(name);
}

static void command_stop_reading(Speaker *speaker, const char *name, const char *argument)
{
    link_set_reading(speaker->link, false);
    reply_ok(name);
}

static void command_resume_reading(Speaker *speaker, const char *name, const char *argument)
{
    link_set_reading(speaker->link, true);
    reply_ok(name);
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
        { "play", "Play" },           { "pause", "Pause" },
        { "stop", "Stop" },           { "next", "Next" },
        { "previous", "Previous" },   { "volume-up", "VolumeUp" },
        { "volume-down", "VolumeDown" }, { "fast-forward", "FastForward" },
        { "rewind", "Rewind" },
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
    reply_ok(name);
    link_notify(speaker->link, strtoull(argument, NULL, 10));
}

static void command_reset(Speaker *speaker, const char *name, const char *argument)
{
    recorder_reset(speaker->recorder);
    reply_ok(name);
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
    reply_ok(name);
}

static const Command commands[] = {
    { "off", command_off },
    { "on", command_on },
    { "connectable", command_connectable },
    { "discoverable", command_discoverable },
    { "pairable", command_pairable },
    { "forget", command_forget },
    { "caps", command_caps },
    { "connect", command_connect },
    { "disconnect", command_disconnect },
    { "drop-link", command_drop_link },
    { "reject-configuration", command_reject },
    { "no-answer", command_no_answer },
    { "stop-reading", command_stop_reading },
    { "resume-reading", command_resume_reading },
    { "suspend", command_suspend },
    { "start", command_start },
    { "abort", command_abort },
    { "volume", command_volume },
    { "delay", command_delay },
    { "button", command_button },
    { "notify-packets", command_notify },
    { "reset-recording", command_reset },
    { "flush", command_flush },
    { "stats", command_stats },
    { "ping", command_ping },
};

static void command_line(const char *line, void *data)
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

/* -- beginning and end -- */

static bool options_parse(Options *options, int *argc, char ***argv)
{
    const GOptionEntry entries[] = {
        { "index", 0, 0, G_OPTION_ARG_INT, &options->index, "adapter hciN", "N" },
        { "name", 0, 0, G_OPTION_ARG_STRING, &options->name, "what it is called", "NAME" },
        { "out", 0, 0, G_OPTION_ARG_FILENAME, &options->out, "where recordings go", "DIR" },
        { "caps", 0, 0, G_OPTION_ARG_STRING, &options->caps, "SBC capabilities", "HEX" },
        { "agent", 0, 0, G_OPTION_ARG_STRING, &options->agent, "be the default agent", "IO" },
        { "class", 0, 0, G_OPTION_ARG_STRING, &options->class, "class of device, hex", "MA:MI" },
        { "phone", 0, 0, G_OPTION_ARG_NONE, &options->phone, "a source, no sink", NULL },
        { NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    options->index = 1;
    options->out = g_strdup("/run/room/speaker");
    options->name = g_strdup("Room Speaker");
    options->caps = g_strdup("ffff0235");
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse(context, argc, argv, &error))
        return true;
    g_printerr("speaker: %s\n", error->message);
    return false;
}

static void choose_class(Speaker *speaker)
{
    unsigned int major = speaker->options.phone ? 0x02 : 0x04;
    unsigned int minor = speaker->options.phone ? 0x0c : 0x14;

    if (speaker->options.class)
        sscanf(speaker->options.class, "%x:%x", &major, &minor);
    host_set_class(speaker->host, major, minor);
}

static bool speaker_start(Speaker *speaker)
{
    g_autoptr(GError) error = NULL;

    speaker->bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, &error);
    if (speaker->bus && media_connect(speaker, &error))
        speaker->objects = g_dbus_object_manager_client_new_sync(
            speaker->bus, G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_DO_NOT_AUTO_START, "org.bluez", "/",
            NULL, NULL, NULL, NULL, &error);
    if (!speaker->objects) {
        g_printerr("speaker: %s\n", error->message);
        return false;
    }
    speaker->host =
        host_new(speaker->objects, speaker->options.index, speaker->options.name, settled, speaker);
    choose_class(speaker);
    if (speaker->options.agent)
        agent_export(speaker);
    else
        mgmt_guard_io_capability(speaker->options.index, MGMT_IO_NO_INPUT_NO_OUTPUT);
    objects_watch(speaker);
    return true;
}

static gboolean ended(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_REMOVE;
}

int main(int argc, char **argv)
{
    Speaker speaker = { 0 };

    if (!options_parse(&speaker.options, &argc, &argv) ||
        !endpoint_parse(speaker.options.caps, speaker.caps)) {
        g_printerr("usage: speaker [--index N] [--name NAME] [--out DIR] [--caps HEX] …\n");
        return 2;
    }
    speaker.loop = g_main_loop_new(NULL, FALSE);
    speaker.recorder = recorder_new(speaker.options.out);
    speaker.link = link_new(speaker.recorder);
    if (!speaker_start(&speaker))
        return 1;
    g_unix_signal_add(SIGTERM, ended, speaker.loop);
    g_unix_signal_add(SIGINT, ended, speaker.loop);
    lines_watch(0, command_line, &speaker);
    g_main_loop_run(speaker.loop);
    recorder_free(speaker.recorder);
    return 0;
}
