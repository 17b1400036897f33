/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * Prints what happens as events, {"event":…,"t":ns}, and obeys the commands of command.h.
 */
#include "speaker.h"

#include <glib-unix.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "lines.h"
#include "message.h"
#include "mgmt.h"

#define AGENT_PATH "/room/agent"

void speaker_event(const char *name, const char *key, const char *value)
{
    JsonBuilder *event = message_new("event", name);

    if (key)
        message_string(event, key, value);
    message_int(event, "t", now_ns());
    message_print(event);
}

/* -- calls to bluetoothd -- */

static void told(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (!answer)
        g_printerr("speaker: %s: %s\n", (const char *)data, error->message);
}

/* A call whose failure only the log is told. `method` must be a literal. */
static void tell(Speaker *speaker, const char *path, const char *interface, const char *method,
                 GVariant *parameters)
{
    g_dbus_connection_call(speaker->bus, "org.bluez", path, interface, method, parameters, NULL,
                           G_DBUS_CALL_FLAGS_NONE, -1, NULL, told, (gpointer)method);
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
        command_reply_ok(speaker->when_settled);
        g_clear_pointer(&speaker->when_settled, g_free);
    }
    address = adapter_address(speaker);
    speaker_event("ready", "address", address);
}

void speaker_reply_when_ready(Speaker *speaker, const char *name)
{
    g_free(speaker->when_settled);
    speaker->when_settled = g_strdup(name);
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

    /* A bluetoothd that comes back is announced twice: by its objects and by its signals. */
    if (!answer && !strstr(error->message, "AlreadyExists"))
        g_error("RegisterEndpoint: %s", error->message);
    speaker->registered = true;
    announce_if_ready(speaker);
}

void speaker_register(Speaker *speaker)
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
    speaker_register(speaker);
    host_settle(speaker->host);
}

static void adapter_vanished(Speaker *speaker)
{
    speaker->registered = false;
    host_settle(speaker->host);
    speaker_event("gone", NULL, NULL);
}

/* Untrusted, our source's services would be authorised by whoever is the default agent. */
static void device_appeared(Speaker *speaker, const char *path)
{
    g_free(speaker->device);
    speaker->device = g_strdup(path);
    tell(speaker, path, "org.freedesktop.DBus.Properties", "Set",
         g_variant_new("(ssv)", "org.bluez.Device1", "Trusted", g_variant_new_boolean(TRUE)));
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
    speaker_event(connected ? "device-connected" : "device-disconnected", "device", path);
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
    g_autolist (GDBusInterface)
        interfaces = g_dbus_object_get_interfaces(object);

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
    g_autolist (GDBusObject)
        objects = g_dbus_object_manager_get_objects(speaker->objects);

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
    speaker_event("configured", "configuration", configuration);
}

static void cleared(const char *transport, void *data)
{
    speaker_event("cleared", "transport", transport);
}

static void endpoint_released(void *data)
{
    Speaker *speaker = data;

    speaker->registered = false;
}

static const EndpointCalls endpoint_calls = {configured, cleared, endpoint_released};

bool speaker_connect_media(Speaker *speaker, GError **error)
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
    speaker->endpoint =
        endpoint_new(speaker->media, SPEAKER_ENDPOINT_PATH, &endpoint_calls, speaker);
    link_set_bus(speaker->link, speaker->media);
    return true;
}

/* Says yes to everything; answers 0000 where a number is asked for. */
static void agent_called(GDBusConnection *bus, const char *sender, const char *path,
                         const char *interface, const char *method, GVariant *parameters,
                         GDBusMethodInvocation *invocation, gpointer data)
{
    GVariant *answer = NULL;

    speaker_event("agent", "method", method);
    if (g_str_equal(method, "RequestPinCode"))
        answer = g_variant_new("(s)", "0000");
    else if (g_str_equal(method, "RequestPasskey"))
        answer = g_variant_new("(u)", 0);
    g_dbus_method_invocation_return_value(invocation, answer);
}

static void agent_export(Speaker *speaker)
{
    static const GDBusInterfaceVTable table = {.method_call = agent_called};
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

/* -- beginning and end -- */

static bool options_parse(SpeakerOptions *options, int *argc, char ***argv)
{
    const GOptionEntry entries[] = {
        {"index", 0, 0, G_OPTION_ARG_INT, &options->index, "adapter hciN", "N"},
        {"name", 0, 0, G_OPTION_ARG_STRING, &options->name, "what it is called", "NAME"},
        {"out", 0, 0, G_OPTION_ARG_FILENAME, &options->out, "where recordings go", "DIR"},
        {"caps", 0, 0, G_OPTION_ARG_STRING, &options->caps, "SBC capabilities", "HEX"},
        {"agent", 0, 0, G_OPTION_ARG_STRING, &options->agent, "be the default agent", "IO"},
        {"class", 0, 0, G_OPTION_ARG_STRING, &options->class, "class of device, hex", "MA:MI"},
        {"phone", 0, 0, G_OPTION_ARG_NONE, &options->phone, "a source, no sink", NULL},
        G_OPTION_ENTRY_NULL,
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
    if (speaker->bus && speaker_connect_media(speaker, &error))
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
    Speaker speaker = {0};

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
