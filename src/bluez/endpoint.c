/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "endpoint.h"
#include "calls.h"
#include "dbus-bluez.h"
#include "errors.h"
#include "names.h"

typedef struct {
    Endpoints *endpoints;
    BluezDbusMediaEndpoint1 *skeleton;
    char *path;
    bool registered;
} Endpoint;

struct Endpoints {
    const Objects *objects;
    Calls *calls;
    SbcWish wish;
    Endpoint *endpoint;
    unsigned count;
    unsigned unanswered; /* registrations under way */
    unsigned tries;      /* since they were all registered */
    guint pause;
    char *adapter;
    bool asked;      /* for a configuration, in this connection */
    GError *refusal; /* of it, by us */
    const EndpointsEvents *events;
    void *data;
};

static void endpoints_ask(Endpoints *endpoints);

static gboolean endpoint_refuse(GDBusMethodInvocation *invocation, const char *why)
{
    g_message("Refused %s: %s", g_dbus_method_invocation_get_method_name(invocation), why);
    g_dbus_method_invocation_return_dbus_error(invocation, BLUEZ_ERROR_INVALID_ARGUMENTS, why);
    return TRUE;
}

static bool endpoints_select(const Endpoints *endpoints, GVariant *blob,
                             uint8_t selected[SBC_BLOB_SIZE], GError **error)
{
    gsize size = 0;
    const uint8_t *octets = g_variant_get_fixed_array(blob, &size, 1);
    SbcCapabilities capabilities;
    SbcConfig config;

    if (!sbc_capabilities_parse(octets, size, &capabilities, error) ||
        !sbc_config_select(&capabilities, &endpoints->wish, &config, error))
        return false;
    sbc_config_write(&config, selected);
    return true;
}

static gboolean on_select_configuration(BluezDbusMediaEndpoint1 *skeleton,
                                        GDBusMethodInvocation *invocation, GVariant *capabilities,
                                        gpointer data)
{
    Endpoint *endpoint = data;
    Endpoints *endpoints = endpoint->endpoints;
    uint8_t selected[SBC_BLOB_SIZE];

    if (objects_refuse_stranger(endpoints->objects, invocation))
        return TRUE;
    endpoints->asked = true;
    g_clear_error(&endpoints->refusal);
    if (!endpoints_select(endpoints, capabilities, selected, &endpoints->refusal))
        return endpoint_refuse(invocation, endpoints->refusal->message);
    bluez_dbus_media_endpoint1_complete_select_configuration(
        skeleton, invocation,
        g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, selected, sizeof selected, 1));
    return TRUE;
}

/* When the speaker began, nothing was selected by us and BlueZ has checked nothing: some speakers
 * send their capabilities for a configuration, several bits set. */
static bool endpoints_check(const Endpoints *endpoints, GVariant *properties, SbcConfig *config,
                            GError **error)
{
    g_autoptr(GVariant) blob =
        g_variant_lookup_value(properties, "Configuration", G_VARIANT_TYPE_BYTESTRING);
    gsize size = 0;
    const uint8_t *octets = blob ? g_variant_get_fixed_array(blob, &size, 1) : NULL;

    if (!sbc_config_parse(octets, size, config, error))
        return false;
    if (config->rate_hz != endpoints->wish.rate_hz) {
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INCOMPATIBLE,
                    "The speaker wants %u Hz, the loopback has %u Hz", config->rate_hz,
                    endpoints->wish.rate_hz);
        return false;
    }
    return sbc_config_limit(config, endpoints->wish.bitpool_max, error);
}

static gboolean on_set_configuration(BluezDbusMediaEndpoint1 *skeleton,
                                     GDBusMethodInvocation *invocation, const char *transport,
                                     GVariant *properties, gpointer data)
{
    Endpoint *endpoint = data;
    Endpoints *endpoints = endpoint->endpoints;
    g_autoptr(GError) error = NULL;
    const char *device = "";
    SbcConfig config;

    if (objects_refuse_stranger(endpoints->objects, invocation))
        return TRUE;
    g_variant_lookup(properties, "Device", "&o", &device);
    if (!endpoints->events->is_welcome(device, endpoints->data))
        return endpoint_refuse(invocation, "Not a speaker of ours");
    if (!endpoints_check(endpoints, properties, &config, &error))
        return endpoint_refuse(invocation, error->message);
    bluez_dbus_media_endpoint1_complete_set_configuration(skeleton, invocation);
    endpoints->events->configured(transport, device, &config, properties, endpoints->data);
    return TRUE;
}

static gboolean on_clear_configuration(BluezDbusMediaEndpoint1 *skeleton,
                                       GDBusMethodInvocation *invocation, const char *transport,
                                       gpointer data)
{
    Endpoint *endpoint = data;
    Endpoints *endpoints = endpoint->endpoints;

    if (objects_refuse_stranger(endpoints->objects, invocation))
        return TRUE;
    bluez_dbus_media_endpoint1_complete_clear_configuration(skeleton, invocation);
    endpoints->events->cleared(transport, endpoints->data);
    return TRUE;
}

static gboolean on_pause_over(gpointer data)
{
    Endpoints *endpoints = data;

    endpoints->pause = 0;
    endpoints_ask(endpoints);
    return G_SOURCE_REMOVE;
}

static void endpoints_ask_later(Endpoints *endpoints)
{
    if (!endpoints->pause)
        endpoints->pause =
            g_timeout_add_seconds(calls_retry_pause_s(endpoints->tries), on_pause_over, endpoints);
}

static gboolean on_release(BluezDbusMediaEndpoint1 *skeleton, GDBusMethodInvocation *invocation,
                           gpointer data)
{
    Endpoint *endpoint = data;
    Endpoints *endpoints = endpoint->endpoints;

    if (objects_refuse_stranger(endpoints->objects, invocation))
        return TRUE;
    bluez_dbus_media_endpoint1_complete_release(skeleton, invocation);
    endpoint->registered = false;
    /* The adapter or bluetoothd is about to go; if neither does, we are back in a moment. */
    endpoints_ask_later(endpoints);
    endpoints->events->changed(endpoints->data);
    return TRUE;
}

static void on_registered(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    Endpoint *endpoint = data;
    Endpoints *endpoints = endpoint->endpoints;

    endpoints->unanswered--;
    endpoint->registered = !error || errors_is(error, "AlreadyExists");
    if (!endpoint->registered) {
        g_warning("bluetoothd does not take our endpoint: %s", error->message);
        endpoints_ask_later(endpoints);
    }
    if (endpoints_are_registered(endpoints))
        endpoints->tries = 0;
    if (endpoints->unanswered == 0)
        endpoints->events->changed(endpoints->data);
}

/* Only our own rate of all that A2DP knows: nothing is resampled, and who begins the stream from
 * the other end shall not choose another. */
static GVariant *endpoints_capabilities(const Endpoints *endpoints)
{
    SbcCapabilities capabilities = sbc_capabilities_of_source(endpoints->wish.bitpool_max);
    const SbcConfig config = {
        .rate_hz = endpoints->wish.rate_hz,
        .channels = SBC_CHANNELS_JOINT,
        .blocks = 16,
        .subbands = 8,
        .allocation = SBC_ALLOCATION_LOUDNESS,
        .bitpool_min = 2,
        .bitpool_max = endpoints->wish.bitpool_max,
    };
    uint8_t blob[SBC_BLOB_SIZE];

    sbc_config_write(&config, blob);
    capabilities.octet[0] &= (uint8_t)(blob[0] | 0x0f);
    return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, capabilities.octet,
                                     sizeof capabilities.octet, 1);
}

static GVariant *endpoint_properties(const Endpoint *endpoint)
{
    GVariantDict properties;

    g_variant_dict_init(&properties, NULL);
    g_variant_dict_insert(&properties, "UUID", "s", UUID_A2DP_SOURCE);
    g_variant_dict_insert(&properties, "Codec", "y", A2DP_CODEC_SBC);
    g_variant_dict_insert_value(&properties, "Capabilities",
                                endpoints_capabilities(endpoint->endpoints));
    /* Without it there is no Delay on the transport. */
    g_variant_dict_insert(&properties, "DelayReporting", "b", TRUE);
    return g_variant_new("(o@a{sv})", endpoint->path, g_variant_dict_end(&properties));
}

static void endpoints_ask(Endpoints *endpoints)
{
    if (!endpoints->adapter || endpoints->unanswered || endpoints->pause ||
        endpoints_are_registered(endpoints) ||
        !objects_have(endpoints->objects, endpoints->adapter, BLUEZ_MEDIA))
        return;
    endpoints->tries++;
    for (unsigned i = 0; i < endpoints->count; i++) {
        Endpoint *endpoint = &endpoints->endpoint[i];

        if (endpoint->registered)
            continue;
        endpoints->unanswered++;
        calls_make(endpoints->calls, endpoints->adapter, BLUEZ_MEDIA, "RegisterEndpoint",
                   endpoint_properties(endpoint), CALL_TIMEOUT_MS, on_registered, endpoint);
    }
}

static void endpoints_leave(Endpoints *endpoints)
{
    calls_forget(endpoints->calls);
    if (endpoints->pause)
        g_source_remove(endpoints->pause);
    endpoints->pause = 0;
    endpoints->unanswered = 0;
    endpoints->tries = 0;
    for (unsigned i = 0; i < endpoints->count; i++)
        endpoints->endpoint[i].registered = false;
    g_clear_pointer(&endpoints->adapter, g_free);
}

void endpoints_register(Endpoints *endpoints, const char *adapter)
{
    if (g_strcmp0(adapter, endpoints->adapter) != 0) {
        endpoints_leave(endpoints);
        endpoints->adapter = g_strdup(adapter);
    }
    if (!endpoints->tries)
        endpoints_ask(endpoints);
}

bool endpoints_are_registered(const Endpoints *endpoints)
{
    for (unsigned i = 0; i < endpoints->count; i++) {
        if (!endpoints->endpoint[i].registered)
            return false;
    }
    return true;
}

unsigned endpoints_count(const Endpoints *endpoints)
{
    return endpoints->count;
}

const GError *endpoints_refusal(const Endpoints *endpoints)
{
    return endpoints->refusal;
}

bool endpoints_were_asked(const Endpoints *endpoints)
{
    return endpoints->asked;
}

void endpoints_begin(Endpoints *endpoints)
{
    endpoints->asked = false;
    g_clear_error(&endpoints->refusal);
}

static void endpoint_init(Endpoint *endpoint, Endpoints *endpoints, unsigned number)
{
    g_autoptr(GError) error = NULL;

    endpoint->endpoints = endpoints;
    endpoint->path = g_strdup_printf("%s/%u", OUR_ENDPOINT_PATH, number);
    endpoint->skeleton = bluez_dbus_media_endpoint1_skeleton_new();
    g_signal_connect(endpoint->skeleton, "handle-select-configuration",
                     G_CALLBACK(on_select_configuration), endpoint);
    g_signal_connect(endpoint->skeleton, "handle-set-configuration",
                     G_CALLBACK(on_set_configuration), endpoint);
    g_signal_connect(endpoint->skeleton, "handle-clear-configuration",
                     G_CALLBACK(on_clear_configuration), endpoint);
    g_signal_connect(endpoint->skeleton, "handle-release", G_CALLBACK(on_release), endpoint);
    if (!g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(endpoint->skeleton),
                                          objects_bus(endpoints->objects), endpoint->path, &error))
        g_error("%s: %s", endpoint->path, error->message);
}

Endpoints *endpoints_new(const Objects *objects, unsigned count, const SbcWish *wish,
                         const EndpointsEvents *events, void *data)
{
    Endpoints *endpoints = g_new0(Endpoints, 1);

    endpoints->objects = objects;
    endpoints->calls = calls_new(objects);
    endpoints->wish = *wish;
    endpoints->events = events;
    endpoints->data = data;
    endpoints->count = count;
    endpoints->endpoint = g_new0(Endpoint, count);
    for (unsigned i = 0; i < count; i++)
        endpoint_init(&endpoints->endpoint[i], endpoints, i);
    return endpoints;
}

static void endpoint_clear(Endpoint *endpoint)
{
    Endpoints *endpoints = endpoint->endpoints;

    if (endpoint->registered)
        calls_say(endpoints->calls, endpoints->adapter, BLUEZ_MEDIA, "UnregisterEndpoint",
                  g_variant_new("(o)", endpoint->path));
    g_signal_handlers_disconnect_by_data(endpoint->skeleton, endpoint);
    g_dbus_interface_skeleton_unexport(G_DBUS_INTERFACE_SKELETON(endpoint->skeleton));
    g_object_unref(endpoint->skeleton);
    g_free(endpoint->path);
}

void endpoints_free(Endpoints *endpoints)
{
    if (!endpoints)
        return;
    for (unsigned i = 0; i < endpoints->count; i++)
        endpoint_clear(&endpoints->endpoint[i]);
    endpoints_leave(endpoints);
    calls_free(endpoints->calls);
    g_clear_error(&endpoints->refusal);
    g_free(endpoints->endpoint);
    g_free(endpoints);
}
