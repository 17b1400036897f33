/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/client.h"

#include "base/error.h"
#include "echocast/names.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define MANAGER_INTERFACE    "org.freedesktop.DBus.ObjectManager"
#define FAREWELL_MS          8000

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

struct Client {
    GDBusConnection *bus;
    GCancellable *cancellable; /* what was asked before the end */
    GCancellable *farewell;    /* what is said after it */
    Catalogue *catalogue;
    const ClientEvents *events;
    void *data;
    ClientStop stop;
    bool owner_changed;
    bool there;
    double limit_s;
    guint limit_source;
    guint signal_sources[G_N_ELEMENTS(ending_signals)];
    guint daemon_signals;
    guint owner_signals;
    gulong closed_handler;
};

static void stop_for(Client *client, ClientStop why)
{
    if (client->stop != CLIENT_RUNS)
        return;
    client->stop = why;
    g_cancellable_cancel(client->cancellable);
}

static gboolean on_ending_signal(gpointer data)
{
    Client *client = data;
    if (client->stop != CLIENT_RUNS)
        g_cancellable_cancel(client->farewell);
    stop_for(client, CLIENT_INTERRUPTED);
    return G_SOURCE_CONTINUE;
}

Client *client_new(void)
{
    Client *client = g_new0(Client, 1);
    client->cancellable = g_cancellable_new();
    client->farewell = g_cancellable_new();
    client->catalogue = catalogue_new();
    for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++)
        client->signal_sources[i] = g_unix_signal_add(ending_signals[i], on_ending_signal, client);
    return client;
}

static void close_bus(Client *client)
{
    if (!client->bus)
        return;
    g_signal_handler_disconnect(client->bus, client->closed_handler);
    g_dbus_connection_signal_unsubscribe(client->bus, client->daemon_signals);
    g_dbus_connection_signal_unsubscribe(client->bus, client->owner_signals);
    g_clear_object(&client->bus);
}

void client_free(Client *client)
{
    if (!client)
        return;
    close_bus(client);
    for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++)
        g_source_remove(client->signal_sources[i]);
    if (client->limit_source)
        g_source_remove(client->limit_source);
    g_object_unref(client->cancellable);
    g_object_unref(client->farewell);
    catalogue_free(client->catalogue);
    g_free(client);
}

const Catalogue *client_catalogue(const Client *client)
{
    return client->catalogue;
}

bool client_is_there(const Client *client)
{
    return client->there;
}

ClientStop client_stop(const Client *client)
{
    return client->stop;
}

void client_watch(Client *client, const ClientEvents *events, void *data)
{
    client->events = events;
    client->data = data;
}

static gboolean on_limit(gpointer data)
{
    Client *client = data;
    client->limit_source = 0;
    stop_for(client, CLIENT_TIMED_OUT);
    return G_SOURCE_REMOVE;
}

void client_limit(Client *client, double seconds)
{
    if (client->limit_source)
        g_source_remove(client->limit_source);
    client->limit_source = 0;
    client->limit_s = seconds;
    if (client->stop == CLIENT_TIMED_OUT) {
        client->stop = CLIENT_RUNS;
        g_cancellable_reset(client->cancellable);
    }
    if (seconds > 0)
        client->limit_source = g_timeout_add((guint)(seconds * 1000), on_limit, client);
}

void client_end(Client *client)
{
    stop_for(client, CLIENT_ENDED);
}

ClientStop client_wait(Client *client)
{
    while (client->stop == CLIENT_RUNS && !client->owner_changed)
        g_main_context_iteration(NULL, TRUE);
    if (client->stop == CLIENT_RUNS) {
        client->owner_changed = false;
        return CLIENT_OWNER_CHANGED;
    }
    return client->stop;
}

/* The daemon's signals. */

static void take_added(Client *client, GVariant *parameters)
{
    const char *path;
    g_autoptr(GVariant) interfaces = NULL;
    g_variant_get(parameters, "(&o@a{sa{sv}})", &path, &interfaces);
    catalogue_add(client->catalogue, path, interfaces);
    if (client->events && client->events->added)
        client->events->added(path, interfaces, client->data);
}

static void take_removed(Client *client, GVariant *parameters)
{
    const char *path;
    g_autofree const char **interfaces = NULL;
    g_variant_get(parameters, "(&o^a&s)", &path, &interfaces);
    if (client->events && client->events->removed)
        client->events->removed(path, interfaces, client->data);
    catalogue_remove(client->catalogue, path, interfaces);
}

static void take_changed(Client *client, const char *path, GVariant *parameters)
{
    const char *interface;
    g_autoptr(GVariant) changed = NULL;
    g_variant_get(parameters, "(&s@a{sv}as)", &interface, &changed, NULL);
    catalogue_change(client->catalogue, path, interface, changed);
    if (client->events && client->events->changed)
        client->events->changed(path, interface, changed, client->data);
}

static void take_progress(Client *client, GVariant *parameters)
{
    const char *speaker;
    const char *stage;
    const char *text;
    g_variant_get(parameters, "(&o&s&s)", &speaker, &stage, &text);
    if (client->events && client->events->progress)
        client->events->progress(speaker, stage, text, client->data);
}

static bool is_signal(const char *interface, const char *name, GVariant *parameters,
                      const char *wanted_interface, const char *wanted_name, const char *type)
{
    return strcmp(interface, wanted_interface) == 0 && strcmp(name, wanted_name) == 0 &&
           g_variant_is_of_type(parameters, G_VARIANT_TYPE(type));
}

static void on_daemon_signal(GDBusConnection *bus, const char *sender, const char *path,
                             const char *interface, const char *name, GVariant *parameters,
                             gpointer data)
{
    Client *client = data;
    if (is_signal(interface, name, parameters, MANAGER_INTERFACE, "InterfacesAdded",
                  "(oa{sa{sv}})"))
        take_added(client, parameters);
    else if (is_signal(interface, name, parameters, MANAGER_INTERFACE, "InterfacesRemoved",
                       "(oas)"))
        take_removed(client, parameters);
    else if (is_signal(interface, name, parameters, PROPERTIES_INTERFACE, "PropertiesChanged",
                       "(sa{sv}as)"))
        take_changed(client, path, parameters);
    else if (is_signal(interface, name, parameters, ECHOCAST_MANAGER_INTERFACE, "Progress",
                       "(oss)"))
        take_progress(client, parameters);
}

static void on_owner_signal(GDBusConnection *bus, const char *sender, const char *path,
                            const char *interface, const char *name, GVariant *parameters,
                            gpointer data)
{
    Client *client = data;
    const char *owner = "";
    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sss)")))
        return;
    g_variant_get(parameters, "(&s&s&s)", NULL, NULL, &owner);
    client->there = *owner;
    client->owner_changed = true;
    catalogue_clear(client->catalogue);
}

static void on_bus_closed(GDBusConnection *bus, gboolean remote_vanished, GError *error,
                          gpointer data)
{
    Client *client = data;
    client->there = false;
    stop_for(client, CLIENT_BUS_CLOSED);
}

/* Calls. */

static void on_result(GObject *source, GAsyncResult *result, gpointer data)
{
    GAsyncResult **slot = data;
    *slot = g_object_ref(result);
}

/* The main loop turns until the result is there. What was started with the cancellable always ends.
 */
static void await(GAsyncResult **slot)
{
    while (!*slot)
        g_main_context_iteration(NULL, TRUE);
}

/* An operation that we cancelled ourselves says why. */
static void explain_cancelled(const Client *client, GError **error)
{
    if (!error || !g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    g_clear_error(error);
    switch (client->stop) {
    case CLIENT_TIMED_OUT:
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_TIMED_OUT, "No answer within %g s.",
                    client->limit_s);
        break;
    case CLIENT_BUS_CLOSED:
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_DAEMON_NOT_RUNNING,
                    "The system bus closed the connection.");
        break;
    case CLIENT_RUNS:
    case CLIENT_INTERRUPTED:
    case CLIENT_OWNER_CHANGED:
    case CLIENT_ENDED:
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_CANCELLED, "Cancelled.");
        break;
    }
}

GVariant *client_call(Client *client, const char *path, const char *interface, const char *method,
                      GVariant *parameters, const char *reply, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) failed = NULL;
    /* Our own limit rules; the daemon's slow methods answer when the state has come. */
    g_dbus_connection_call(client->bus, ECHOCAST_BUS_NAME, path, interface, method, parameters,
                           G_VARIANT_TYPE(reply), G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT,
                           client->cancellable, on_result, &result);
    await(&result);
    GVariant *answer = g_dbus_connection_call_finish(client->bus, result, &failed);
    if (answer)
        return answer;
    explain_cancelled(client, &failed);
    g_propagate_error(error, g_steal_pointer(&failed));
    return NULL;
}

GVariant *client_ask(Client *client, const char *method, GVariant *parameters, const char *reply,
                     GError **error)
{
    return client_call(client, ECHOCAST_OBJECT_PATH, ECHOCAST_MANAGER_INTERFACE, method, parameters,
                       reply, error);
}

bool client_farewell(Client *client, const char *method)
{
    g_autoptr(GAsyncResult) result = NULL;
    if (!client->bus)
        return false;
    g_dbus_connection_call(client->bus, ECHOCAST_BUS_NAME, ECHOCAST_OBJECT_PATH,
                           ECHOCAST_MANAGER_INTERFACE, method, NULL, NULL,
                           G_DBUS_CALL_FLAGS_NO_AUTO_START, FAREWELL_MS, client->farewell,
                           on_result, &result);
    await(&result);
    g_autoptr(GVariant) answer = g_dbus_connection_call_finish(client->bus, result, NULL);
    return answer;
}

bool client_load(Client *client, GError **error)
{
    g_autoptr(GVariant) properties =
        client_call(client, ECHOCAST_OBJECT_PATH, PROPERTIES_INTERFACE, "GetAll",
                    g_variant_new("(s)", ECHOCAST_MANAGER_INTERFACE), "(a{sv})", error);
    if (!properties)
        return false;
    g_autoptr(GVariant) objects = client_call(client, ECHOCAST_OBJECT_PATH, MANAGER_INTERFACE,
                                              "GetManagedObjects", NULL, "(a{oa{sa{sv}}})", error);
    if (!objects)
        return false;
    g_autoptr(GVariant) manager = g_variant_get_child_value(properties, 0);
    g_autoptr(GVariant) speakers = g_variant_get_child_value(objects, 0);
    facts_apply(catalogue_manager(client->catalogue), manager);
    catalogue_load(client->catalogue, speakers);
    client->there = true;
    return true;
}

static void subscribe(Client *client)
{
    client->daemon_signals = g_dbus_connection_signal_subscribe(
        client->bus, ECHOCAST_BUS_NAME, NULL, NULL, NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
        on_daemon_signal, client, NULL);
    client->owner_signals = g_dbus_connection_signal_subscribe(
        client->bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
        "/org/freedesktop/DBus", ECHOCAST_BUS_NAME, G_DBUS_SIGNAL_FLAGS_NONE, on_owner_signal,
        client, NULL);
    client->closed_handler =
        g_signal_connect(client->bus, "closed", G_CALLBACK(on_bus_closed), client);
}

bool client_open(Client *client, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) failed = NULL;
    g_bus_get(G_BUS_TYPE_SYSTEM, client->cancellable, on_result, &result);
    await(&result);
    client->bus = g_bus_get_finish(result, &failed);
    if (!client->bus) {
        explain_cancelled(client, &failed);
        g_propagate_error(error, g_steal_pointer(&failed));
        return false;
    }
    g_dbus_connection_set_exit_on_close(client->bus, FALSE);
    subscribe(client);
    return client_load(client, error);
}
