/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Media1: endpoints and players, registered with one adapter, gone with their client. */
#include "fake-internal.h"

void endpoint_free(gpointer pointer)
{
    Endpoint *endpoint = pointer;

    g_free(endpoint->client);
    g_free(endpoint->path);
    g_free(endpoint->uuid);
    g_clear_pointer(&endpoint->capabilities, g_variant_unref);
    g_free(endpoint);
}

static Endpoint *find(Adapter *adapter, const char *client, const char *path)
{
    for (guint i = 0; i < adapter->endpoints->len; i++) {
        Endpoint *endpoint = adapter->endpoints->pdata[i];

        if (g_str_equal(endpoint->client, client) && g_str_equal(endpoint->path, path))
            return endpoint;
    }
    return NULL;
}

static Endpoint *parse(const char *client, const char *path, GVariant *properties)
{
    g_autofree char *uuid = NULL;
    g_autoptr(GVariant) capabilities =
        g_variant_lookup_value(properties, "Capabilities", G_VARIANT_TYPE_BYTESTRING);
    guchar codec;
    gboolean delay = FALSE;
    Endpoint *endpoint;

    if (!g_variant_lookup(properties, "UUID", "s", &uuid) || !capabilities ||
        !g_variant_lookup(properties, "Codec", "y", &codec))
        return NULL;
    g_variant_lookup(properties, "DelayReporting", "b", &delay);
    endpoint = g_new0(Endpoint, 1);
    endpoint->client = g_strdup(client);
    endpoint->path = g_strdup(path);
    endpoint->uuid = g_steal_pointer(&uuid);
    endpoint->codec = codec;
    endpoint->capabilities = g_steal_pointer(&capabilities);
    endpoint->delay_reporting = delay;
    return endpoint;
}

static void register_endpoint(Adapter *adapter, GVariant *arguments, const char *client,
                              GDBusMethodInvocation *invocation)
{
    const char *path;
    g_autoptr(GVariant) properties = NULL;
    Endpoint *endpoint;

    g_variant_get(arguments, "(&o@a{sv})", &path, &properties);
    if (find(adapter, client, path)) {
        fake_fail(invocation, "AlreadyExists", "Already Exists");
        return;
    }
    endpoint = parse(client, path, properties);
    if (!endpoint) {
        fake_fail(invocation, "InvalidArguments", "Invalid arguments in method call");
        return;
    }
    g_ptr_array_add(adapter->endpoints, endpoint);
    fake_log(adapter->bluez, "endpoint %s", path);
    fake_reply(invocation, NULL);
    adapter_publish_uuids(adapter);
}

/* Its streams close without a word to it. */
static void remove_endpoint(Adapter *adapter, Endpoint *endpoint)
{
    for (guint i = 0; i < adapter->devices->len; i++) {
        Device *device = adapter->devices->pdata[i];

        if (device->transport && device->transport->endpoint == endpoint) {
            g_clear_pointer(&device->transport, transport_free);
            connect_fail(device, "Failed", "br-connection-unknown");
            device_watch_idle(device);
        }
    }
    g_ptr_array_remove(adapter->endpoints, endpoint);
    if (adapter->object)
        adapter_publish_uuids(adapter);
}

static void register_player(Adapter *adapter, GVariant *arguments, const char *client,
                            GDBusMethodInvocation *invocation)
{
    const char *path;

    g_variant_get_child(arguments, 0, "&o", &path);
    if (adapter->player_client && g_str_equal(adapter->player_client, client)) {
        fake_fail(invocation, "AlreadyExists", "Already Exists");
        return;
    }
    if (!adapter->player_client) { /* the first one is the one that is used */
        adapter->player_client = g_strdup(client);
        adapter->player_path = g_strdup(path);
    }
    fake_reply(invocation, NULL);
}

static void forget_player(Adapter *adapter)
{
    g_clear_pointer(&adapter->player_client, g_free);
    g_clear_pointer(&adapter->player_path, g_free);
}

static void unregister(Adapter *adapter, const char *method, GVariant *arguments,
                       const char *client, GDBusMethodInvocation *invocation)
{
    const char *path;
    Endpoint *endpoint;

    g_variant_get_child(arguments, 0, "&o", &path);
    endpoint = find(adapter, client, path);
    if (g_str_equal(method, "UnregisterEndpoint") && endpoint) {
        remove_endpoint(adapter, endpoint);
        fake_reply(invocation, NULL);
    } else if (g_str_equal(method, "UnregisterPlayer") &&
               g_strcmp0(adapter->player_client, client) == 0) {
        forget_player(adapter);
        fake_reply(invocation, NULL);
    } else {
        fake_fail(invocation, "DoesNotExist", "Does Not Exist");
    }
}

void media_call(Adapter *adapter, const char *method, GVariant *arguments, const char *client,
                GDBusMethodInvocation *invocation)
{
    if (g_str_equal(method, "RegisterEndpoint"))
        register_endpoint(adapter, arguments, client, invocation);
    else if (g_str_equal(method, "RegisterPlayer"))
        register_player(adapter, arguments, client, invocation);
    else if (g_str_has_prefix(method, "Unregister"))
        unregister(adapter, method, arguments, client, invocation);
    else
        fake_fail(invocation, "NotSupported", "Operation is not supported");
}

void media_client_gone(Adapter *adapter, const char *client)
{
    for (guint i = adapter->endpoints->len; i-- > 0;) {
        Endpoint *endpoint = adapter->endpoints->pdata[i];

        if (g_str_equal(endpoint->client, client))
            remove_endpoint(adapter, endpoint);
    }
    if (g_strcmp0(adapter->player_client, client) == 0)
        forget_player(adapter);
}
