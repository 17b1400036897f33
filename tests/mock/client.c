/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "client.h"

#include <stdint.h>
#include <string.h>

static const char client_xml[] =
    "<node><interface name='org.bluez.MediaEndpoint1'>"
    "<method name='SelectConfiguration'><arg type='ay' direction='in'/>"
    "<arg type='ay' direction='out'/></method>"
    "<method name='SetConfiguration'><arg type='o' direction='in'/>"
    "<arg type='a{sv}' direction='in'/></method>"
    "<method name='ClearConfiguration'><arg type='o' direction='in'/></method>"
    "<method name='Release'/></interface>"
    "<interface name='org.bluez.Agent1'>"
    "<method name='RequestPinCode'><arg type='o' direction='in'/><arg type='s' direction='out'/>"
    "</method>"
    "<method name='RequestConfirmation'><arg type='o' direction='in'/>"
    "<arg type='u' direction='in'/></method>"
    "<method name='RequestAuthorization'><arg type='o' direction='in'/></method>"
    "<method name='AuthorizeService'><arg type='o' direction='in'/>"
    "<arg type='s' direction='in'/></method>"
    "<method name='Cancel'/><method name='Release'/></interface></node>";

static const uint8_t blob[4] = {0x21, 0x15, 0x02, 0x35};

static void see(Client *client, char *line)
{
    g_ptr_array_add(client->seen, line);
}

/* --- what we are asked --- */

static void answer_endpoint(Client *client, const char *method, GDBusMethodInvocation *invocation)
{
    if (client->mute)
        g_ptr_array_add(client->unanswered, invocation);
    else if (g_str_equal(method, "SelectConfiguration"))
        g_dbus_method_invocation_return_value(
            invocation,
            g_variant_new("(@ay)", g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, blob, 4, 1)));
    else if (g_str_equal(method, "SetConfiguration") && client->refuse_configuration)
        g_dbus_method_invocation_return_dbus_error(invocation, "org.bluez.Error.Rejected", "no");
    else
        g_dbus_method_invocation_return_value(invocation, NULL);
}

static void on_call(GDBusConnection *bus, const char *sender, const char *path,
                    const char *interface, const char *method, GVariant *arguments,
                    GDBusMethodInvocation *invocation, gpointer data)
{
    Client *client = data;

    see(client, g_strdup(method));
    if (g_str_equal(interface, "org.bluez.MediaEndpoint1"))
        answer_endpoint(client, method, invocation);
    else if (client->refuse_agent)
        g_dbus_method_invocation_return_dbus_error(invocation, "org.bluez.Error.Rejected", "no");
    else if (g_str_equal(method, "RequestPinCode"))
        g_dbus_method_invocation_return_value(invocation, g_variant_new("(s)", "0000"));
    else
        g_dbus_method_invocation_return_value(invocation, NULL);
}

/* --- what we see --- */

static const char *leaf(const char *path)
{
    return strrchr(path, '/')[1] ? strrchr(path, '/') + 1 : path;
}

static void see_properties(Client *client, const char *path, GVariant *arguments)
{
    g_autoptr(GVariant) changed = NULL;
    g_autofree const char **invalidated = NULL;
    GVariantIter iter;
    const char *interface, *key;
    GVariant *value;

    g_variant_get(arguments, "(&s@a{sv}^a&s)", &interface, &changed, &invalidated);
    interface = strrchr(interface, '.') + 1;
    g_variant_iter_init(&iter, changed);
    while (g_variant_iter_loop(&iter, "{&sv}", &key, &value)) {
        g_autofree char *text = g_variant_print(value, FALSE);

        see(client, g_strdup_printf("%s %s.%s=%s", leaf(path), interface, key, text));
    }
    for (const char **gone = invalidated; *gone; gone++)
        see(client, g_strdup_printf("%s %s.%s gone", leaf(path), interface, *gone));
}

#define PROPERTIES "org.freedesktop.DBus.Properties"

/* Which interfaces; NULL: the object itself. */
static char *partial_words(const char *signal, GVariant *interfaces)
{
    g_autoptr(GString) words = g_string_new(NULL);
    bool added = g_str_equal(signal, "InterfacesAdded");

    for (gsize i = 0; i < g_variant_n_children(interfaces); i++) {
        g_autoptr(GVariant) child = g_variant_get_child_value(interfaces, i);
        const char *interface;

        g_variant_get_child(added ? child : interfaces, added ? 0 : i, "&s", &interface);
        if (g_str_equal(interface, PROPERTIES))
            return NULL;
        g_string_append_printf(words, " %s", strrchr(interface, '.') + 1);
    }
    return g_string_free(g_steal_pointer(&words), FALSE);
}

static void see_details(Client *client, const char *path, GVariant *interfaces)
{
    GVariantIter iter, inner;
    const char *interface, *key;
    GVariant *properties;

    g_variant_iter_init(&iter, interfaces);
    while (g_variant_iter_loop(&iter, "{&s@a{sv}}", &interface, &properties)) {
        g_variant_iter_init(&inner, properties);
        while (g_variant_iter_next(&inner, "{&sv}", &key, NULL))
            see(client,
                g_strdup_printf("%s has %s.%s", leaf(path), strrchr(interface, '.') + 1, key));
    }
}

static void see_object(Client *client, const char *signal, GVariant *arguments)
{
    bool added = g_str_equal(signal, "InterfacesAdded");
    g_autoptr(GVariant) interfaces = g_variant_get_child_value(arguments, 1);
    g_autofree char *partial = partial_words(signal, interfaces);
    const char *path;

    g_variant_get_child(arguments, 0, "&o", &path);
    if (client->only && !g_str_has_prefix(path, client->only))
        return;
    if (partial)
        see(client, g_strdup_printf("%s %s%s", leaf(path), added ? "got" : "lost", partial));
    else
        see(client, g_strdup_printf("%s %s", leaf(path), added ? "added" : "removed"));
    if (added && client->details)
        see_details(client, path, interfaces);
}

static void on_signal(GDBusConnection *bus, const char *sender, const char *path,
                      const char *interface, const char *signal, GVariant *arguments, gpointer data)
{
    Client *client = data;
    const char *word;

    if (g_str_has_prefix(signal, "Interfaces")) {
        see_object(client, signal, arguments);
    } else if (client->only && !g_str_has_prefix(path, client->only)) {
        return;
    } else if (g_str_equal(signal, "PropertiesChanged")) {
        see_properties(client, path, arguments);
    } else if (g_str_equal(signal, "Disconnected")) {
        g_variant_get_child(arguments, 0, "&s", &word);
        see(client, g_strdup(word));
    }
}

/* --- calls --- */

static char *error_line(const GError *error)
{
    g_autofree char *name = g_dbus_error_get_remote_error(error);
    g_autoptr(GError) bare = g_error_copy(error);

    g_assert_nonnull(name);
    g_dbus_error_strip_remote_error(bare);
    return g_strdup_printf("%s|%s", strrchr(name, '.') + 1, bare->message);
}

typedef struct {
    Client *client;
    const char *method;
    bool answered;
    GVariant *value;
    GUnixFDList *fds;
    GError *error;
} Question;

static void on_reply(GObject *bus, GAsyncResult *result, gpointer data)
{
    Question *question = data;

    question->answered = true;
    question->value = g_dbus_connection_call_with_unix_fd_list_finish(
        G_DBUS_CONNECTION(bus), &question->fds, result, &question->error);
    if (!question->client->trace)
        return;
    see(question->client, g_strdup_printf("< %s", question->method));
    if (question->error)
        see(question->client, error_line(question->error));
}

GVariant *client_call_value(Client *client, const char *path, const char *method,
                            GVariant *arguments, GUnixFDList **fds, GError **error)
{
    const char *dot = strrchr(method, '.');
    g_autofree char *word = g_strndup(method, (gsize)(dot - method));
    g_autofree char *interface =
        strchr(word, '.') ? g_strdup(word) : g_strconcat("org.bluez.", word, NULL);
    Question question = {.client = client, .method = method};

    if (client->trace)
        see(client, g_strdup_printf("> %s", method));
    g_dbus_connection_call_with_unix_fd_list(client->bus, "org.bluez", path, interface, dot + 1,
                                             arguments, NULL, G_DBUS_CALL_FLAGS_NONE,
                                             CLIENT_WAIT_MS, NULL, NULL, on_reply, &question);
    while (!question.answered)
        g_main_context_iteration(NULL, TRUE);
    if (question.error)
        g_propagate_error(error, question.error);
    if (fds)
        *fds = question.fds;
    else
        g_clear_object(&question.fds);
    return question.value;
}

char *client_call(Client *client, const char *path, const char *method, GVariant *arguments)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) value = client_call_value(client, path, method, arguments, NULL, &error);

    return value ? NULL : error_line(error);
}

static void on_ignored(GObject *bus, GAsyncResult *result, gpointer data)
{
    g_autoptr(GVariant) value = g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, NULL);

    (void)value;
}

void client_send(Client *client, const char *path, const char *interface, const char *method,
                 GVariant *arguments)
{
    g_dbus_connection_call(client->bus, "org.bluez", path, interface, method, arguments, NULL,
                           G_DBUS_CALL_FLAGS_NONE, CLIENT_WAIT_MS, NULL, on_ignored, NULL);
}

char *client_set(Client *client, const char *path, const char *interface, const char *property,
                 GVariant *value)
{
    return client_call(client, path, "org.freedesktop.DBus.Properties.Set",
                       g_variant_new("(ssv)", interface, property, value));
}

char *client_register_agent(Client *client, const char *capability)
{
    return client_call(client, "/org/bluez", "AgentManager1.RegisterAgent",
                       g_variant_new("(os)", "/agent", capability));
}

char *client_register_endpoint(Client *client, const char *adapter)
{
    static const uint8_t caps[4] = {0xff, 0xff, 0x02, 0x35};
    GVariantBuilder properties;

    g_variant_builder_init(&properties, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&properties, "{sv}", "UUID", g_variant_new_string(CLIENT_SOURCE));
    g_variant_builder_add(&properties, "{sv}", "Codec", g_variant_new_byte(0));
    g_variant_builder_add(&properties, "{sv}", "DelayReporting", g_variant_new_boolean(TRUE));
    g_variant_builder_add(&properties, "{sv}", "Capabilities",
                          g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, caps, 4, 1));
    return client_call(client, adapter, "Media1.RegisterEndpoint",
                       g_variant_new("(o@a{sv})", "/endpoint", g_variant_builder_end(&properties)));
}

int client_acquire(Client *client, const char *path, GError **error)
{
    g_autoptr(GUnixFDList) fds = NULL;
    g_autoptr(GVariant) value =
        client_call_value(client, path, "MediaTransport1.Acquire", NULL, &fds, error);
    guint16 read_mtu, write_mtu;
    gint32 index;

    if (!value)
        return -1;
    g_variant_get(value, "(hqq)", &index, &read_mtu, &write_mtu);
    client->mtu = write_mtu;
    return g_unix_fd_list_get(fds, index, error);
}

/* --- waiting --- */

guint client_position(const Client *client, const char *line, guint from)
{
    for (guint i = from; i < client->seen->len; i++)
        if (g_str_equal(client->seen->pdata[i], line))
            return i;
    return G_MAXUINT;
}

static gboolean on_late(gpointer late)
{
    *(bool *)late = true;
    return G_SOURCE_REMOVE;
}

bool client_wait(Client *client, const char *line, guint from)
{
    g_autoptr(GSource) timer = g_timeout_source_new(CLIENT_WAIT_MS);
    bool late = false;

    g_source_set_callback(timer, on_late, &late, NULL);
    g_source_attach(timer, NULL);
    while (!late && client_position(client, line, from) == G_MAXUINT)
        g_main_context_iteration(NULL, TRUE);
    g_source_destroy(timer);
    return client_position(client, line, from) != G_MAXUINT;
}

/* --- life --- */

Client *client_new(const char *address)
{
    static const GDBusInterfaceVTable vtable = {.method_call = on_call};
    Client *client = g_new0(Client, 1);
    g_autoptr(GError) error = NULL;

    client->seen = g_ptr_array_new_with_free_func(g_free);
    client->unanswered = g_ptr_array_new_with_free_func(g_object_unref);
    client->info = g_dbus_node_info_new_for_xml(client_xml, NULL);
    client->bus =
        g_dbus_connection_new_for_address_sync(address,
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, &error);
    g_assert_no_error(error);
    client->signals =
        g_dbus_connection_signal_subscribe(client->bus, "org.bluez", NULL, NULL, NULL, NULL,
                                           G_DBUS_SIGNAL_FLAGS_NONE, on_signal, client, NULL);
    g_dbus_connection_register_object(client->bus, "/endpoint", client->info->interfaces[0],
                                      &vtable, client, NULL, NULL);
    g_dbus_connection_register_object(client->bus, "/agent", client->info->interfaces[1], &vtable,
                                      client, NULL, NULL);
    return client;
}

void client_leave(Client *client)
{
    if (!client->bus)
        return;
    g_dbus_connection_signal_unsubscribe(client->bus, client->signals);
    g_dbus_connection_close_sync(client->bus, NULL, NULL);
    g_clear_object(&client->bus);
}

void client_free(Client *client)
{
    if (!client)
        return;
    g_ptr_array_unref(client->unanswered);
    client_leave(client);
    g_ptr_array_unref(client->seen);
    g_dbus_node_info_unref(client->info);
    g_free(client);
}
