/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/access.h"

#include "base/error.h"

#include <grp.h>
#include <unistd.h>

#define BUS_TIMEOUT_MS 5000

typedef enum {
    VERDICT_UNKNOWN,
    VERDICT_GRANTED,
    VERDICT_DENIED,
} Verdict;

struct Access {
    GDBusConnection *bus;
    char *group;
    gid_t group_id;
    AccessEvents events;
    void *data;
    GHashTable *clients; /* unique name -> Client */
};

typedef struct {
    Access *access;
    char *name;
    guint watch;
    guint later;
    GCancellable *asking; /* NULL: the bus is not being asked */
    Verdict verdict;
    bool was_granted; /* its leaving is told */
    GQueue waiting;   /* GDBusMethodInvocation */
} Client;

static void refuse(GDBusMethodInvocation *invocation, EchocastError code, const char *message)
{
    g_dbus_method_invocation_return_dbus_error(invocation, error_dbus_name(code), message);
}

static void deny(const Access *access, GDBusMethodInvocation *invocation)
{
    g_autofree char *message = g_strdup_printf(
        "%s changes something: needs root or membership of the group %s (usermod -aG %s NAME)",
        g_dbus_method_invocation_get_method_name(invocation), access->group, access->group);

    refuse(invocation, ECHOCAST_ERROR_ACCESS_DENIED, message);
}

bool access_allows(GVariant *credentials, uid_t own_uid, gid_t group_id)
{
    g_autoptr(GVariant) groups = NULL;
    guint32 uid;

    if (!g_variant_lookup(credentials, "UnixUserID", "u", &uid))
        return false;
    if (uid == 0 || uid == own_uid)
        return true;
    groups = g_variant_lookup_value(credentials, "UnixGroupIDs", G_VARIANT_TYPE("au"));
    if (!groups || group_id == (gid_t)-1)
        return false;
    for (gsize i = 0; i < g_variant_n_children(groups); i++) {
        guint32 gid;

        g_variant_get_child(groups, i, "u", &gid);
        if (gid == group_id)
            return true;
    }
    return false;
}

static void client_free(void *pointer)
{
    Client *client = pointer;
    GDBusMethodInvocation *invocation;

    if (client->asking)
        g_cancellable_cancel(client->asking);
    g_clear_object(&client->asking);
    g_clear_handle_id(&client->later, g_source_remove);
    g_bus_unwatch_name(client->watch);
    while ((invocation = g_queue_pop_head(&client->waiting)))
        refuse(invocation, ECHOCAST_ERROR_CANCELLED, "the call was given up before it began");
    g_free(client->name);
    g_free(client);
}

/* Answers what waits. One reason for a queue: calls of a client keep their order, however the
 * verdict comes. */
static void client_settle(Client *client)
{
    Access *access = client->access;
    GDBusMethodInvocation *invocation;

    while ((invocation = g_queue_pop_head(&client->waiting))) {
        if (client->verdict == VERDICT_GRANTED) {
            client->was_granted = true;
            access->events.granted(invocation, access->data);
        } else {
            deny(access, invocation);
        }
    }
}

static gboolean on_later(void *data)
{
    Client *client = data;

    client->later = 0;
    client_settle(client);
    return G_SOURCE_REMOVE;
}

static void on_credentials(GObject *source, GAsyncResult *result, void *data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) credentials = NULL;
    g_autoptr(GVariant) answer =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    Client *client = data;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    g_clear_object(&client->asking);
    if (answer) {
        credentials = g_variant_get_child_value(answer, 0);
        client->verdict = access_allows(credentials, getuid(), client->access->group_id)
                              ? VERDICT_GRANTED
                              : VERDICT_DENIED;
    } else {
        /* Stays unknown: this call is refused, the client's next one asks the bus again. */
        g_message("cannot tell who %s is: %s", client->name, error->message);
    }
    client_settle(client);
}

static void client_ask(Client *client)
{
    client->asking = g_cancellable_new();
    g_dbus_connection_call(client->access->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "GetConnectionCredentials",
                           g_variant_new("(s)", client->name), G_VARIANT_TYPE("(a{sv})"),
                           G_DBUS_CALL_FLAGS_NONE, BUS_TIMEOUT_MS, client->asking, on_credentials,
                           client);
}

static void on_vanished(GDBusConnection *bus, const char *name, void *data)
{
    Client *client = data;
    Access *access = client->access;
    g_autofree char *copy = client->was_granted ? g_strdup(client->name) : NULL;

    g_hash_table_remove(access->clients, client->name);
    if (copy)
        access->events.gone(copy, access->data);
}

static Client *client_new(Access *access, const char *name)
{
    Client *client = g_new0(Client, 1);

    client->access = access;
    client->name = g_strdup(name);
    g_queue_init(&client->waiting);
    client->watch = g_bus_watch_name_on_connection(access->bus, name, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                                   NULL, on_vanished, client, NULL);
    g_hash_table_insert(access->clients, client->name, client);
    return client;
}

void access_ask(Access *access, GDBusMethodInvocation *invocation)
{
    const char *sender = g_dbus_method_invocation_get_sender(invocation);
    Client *client = g_hash_table_lookup(access->clients, sender);

    if (!client)
        client = client_new(access, sender);
    g_queue_push_tail(&client->waiting, invocation);
    if (client->verdict == VERDICT_UNKNOWN) {
        if (!client->asking)
            client_ask(client);
    } else if (!client->later) {
        client->later = g_idle_add_full(G_PRIORITY_DEFAULT, on_later, client, NULL);
    }
}

static gid_t group_by_name(const char *name)
{
    /* Looked up once: the database of groups may be slow, and a group that comes into being while
     * we run can have no member among running processes that matters. */
    const struct group *entry = getgrnam(name);

    if (!entry)
        g_message("no group %s on this system: only root may control", name);
    return entry ? entry->gr_gid : (gid_t)-1;
}

Access *access_new(GDBusConnection *bus, const char *group, const AccessEvents *events, void *data)
{
    Access *access = g_new0(Access, 1);

    access->bus = g_object_ref(bus);
    access->group = g_strdup(group);
    access->group_id = group_by_name(group);
    access->events = *events;
    access->data = data;
    access->clients = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, client_free);
    return access;
}

void access_free(Access *access)
{
    if (!access)
        return;
    g_hash_table_unref(access->clients);
    g_object_unref(access->bus);
    g_free(access->group);
    g_free(access);
}
