/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 */
#include "endpoint.h"

#include <stdio.h>
#include <string.h>

enum { SBC = 0, BLOB = 4 };

struct Endpoint {
    const EndpointCalls *calls;
    void *data;
    char *path;
    unsigned int reject, ignore;
};

static const char introspection[] =
    "<node><interface name='org.bluez.MediaEndpoint1'>"
    "<method name='SelectConfiguration'><arg type='ay' direction='in'/>"
    "<arg type='ay' direction='out'/></method>"
    "<method name='SetConfiguration'><arg type='o' direction='in'/>"
    "<arg type='a{sv}' direction='in'/></method>"
    "<method name='ClearConfiguration'><arg type='o' direction='in'/></method>"
    "<method name='Release'/>"
    "</interface></node>";

bool endpoint_parse(const char *hexadecimal, uint8_t *bytes)
{
    if (strlen(hexadecimal) != 2 * BLOB)
        return false;
    for (int i = 0; i < BLOB; i++)
        if (sscanf(hexadecimal + 2 * i, "%2hhx", &bytes[i]) != 1)
            return false;
    return true;
}

static GVariant *bytes_variant(const uint8_t *bytes)
{
    return g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes, BLOB, 1);
}

static const uint8_t *variant_bytes(GVariant *variant)
{
    size_t length;
    const uint8_t *bytes = g_variant_get_fixed_array(variant, &length, 1);

    return length == BLOB ? bytes : NULL;
}

/* The first of the wanted bits that is on offer; 0: none is. */
static uint8_t first_of(uint8_t offer, const uint8_t *wanted)
{
    while (*wanted && !(offer & *wanted))
        wanted++;
    return *wanted;
}

/* A2DP 1.3, 4.3.2: each field is a bit mask, best first here. */
bool endpoint_choose(const uint8_t *capabilities, uint8_t *configuration)
{
    static const uint8_t rates[] = {0x20, 0x10, 0x40, 0x80, 0};
    static const uint8_t modes[] = {0x01, 0x02, 0x04, 0x08, 0};
    static const uint8_t blocks[] = {0x10, 0x20, 0x40, 0x80, 0};
    static const uint8_t subbands[] = {0x04, 0x08, 0};
    static const uint8_t allocations[] = {0x01, 0x02, 0};
    uint8_t rate = first_of(capabilities[0], rates), mode = first_of(capabilities[0], modes);
    uint8_t block = first_of(capabilities[1], blocks);
    uint8_t subband = first_of(capabilities[1], subbands);
    uint8_t allocation = first_of(capabilities[1], allocations);

    configuration[0] = rate | mode;
    configuration[1] = block | subband | allocation;
    configuration[2] = capabilities[2];
    configuration[3] = MIN(capabilities[3], 53);
    return rate && mode && block && subband && allocation;
}

static void select_configuration(GVariant *parameters, GDBusMethodInvocation *invocation)
{
    g_autoptr(GVariant) blob = g_variant_get_child_value(parameters, 0);
    const uint8_t *capabilities = variant_bytes(blob);
    uint8_t configuration[BLOB];

    if (capabilities && endpoint_choose(capabilities, configuration))
        g_dbus_method_invocation_return_value(invocation,
                                              g_variant_new("(@ay)", bytes_variant(configuration)));
    else
        g_dbus_method_invocation_return_dbus_error(invocation, "org.bluez.Error.InvalidArguments",
                                                   "nothing in common");
}

static void set_configuration(Endpoint *endpoint, GVariant *parameters,
                              GDBusMethodInvocation *invocation)
{
    const char *transport;
    g_autoptr(GVariant) properties = NULL;
    g_autoptr(GVariant) blob = NULL;
    const uint8_t *bytes;
    g_autofree char *hexadecimal = NULL;

    if (endpoint->ignore > 0) {
        endpoint->ignore--; /* the invocation leaks, as it must to stay unanswered */
        return;
    }
    if (endpoint->reject > 0) {
        endpoint->reject--;
        g_dbus_method_invocation_return_dbus_error(invocation, "org.bluez.Error.InvalidArguments",
                                                   "refused, as ordered");
        return;
    }
    g_variant_get(parameters, "(&o@a{sv})", &transport, &properties);
    blob = g_variant_lookup_value(properties, "Configuration", G_VARIANT_TYPE_BYTESTRING);
    bytes = blob ? variant_bytes(blob) : NULL;
    g_dbus_method_invocation_return_value(invocation, NULL);
    if (bytes)
        hexadecimal = g_strdup_printf("%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2], bytes[3]);
    endpoint->calls->configured(transport, hexadecimal ? hexadecimal : "", endpoint->data);
}

static void method_called(GDBusConnection *bus, const char *sender, const char *path,
                          const char *interface, const char *method, GVariant *parameters,
                          GDBusMethodInvocation *invocation, gpointer data)
{
    Endpoint *endpoint = data;

    if (g_str_equal(method, "SelectConfiguration")) {
        select_configuration(parameters, invocation);
    } else if (g_str_equal(method, "SetConfiguration")) {
        set_configuration(endpoint, parameters, invocation);
    } else {
        const char *transport = NULL;

        g_dbus_method_invocation_return_value(invocation, NULL);
        if (g_str_equal(method, "Release")) {
            endpoint->calls->released(endpoint->data);
            return;
        }
        g_variant_get(parameters, "(&o)", &transport);
        endpoint->calls->cleared(transport, endpoint->data);
    }
}

static void endpoint_free(gpointer data)
{
    Endpoint *endpoint = data;

    g_free(endpoint->path);
    g_free(endpoint);
}

Endpoint *endpoint_new(GDBusConnection *bus, const char *path, const EndpointCalls *calls,
                       void *data)
{
    static const GDBusInterfaceVTable table = {.method_call = method_called};
    GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(introspection, NULL);
    Endpoint *endpoint = g_new0(Endpoint, 1);

    endpoint->calls = calls;
    endpoint->data = data;
    endpoint->path = g_strdup(path);
    g_dbus_connection_register_object(bus, path, node->interfaces[0], &table, endpoint,
                                      endpoint_free, NULL);
    g_dbus_node_info_unref(node);
    return endpoint;
}

void endpoint_reject(Endpoint *endpoint, unsigned int count)
{
    endpoint->reject = count;
}

void endpoint_ignore(Endpoint *endpoint, unsigned int count)
{
    endpoint->ignore = count;
}

GVariant *endpoint_registration(Endpoint *endpoint, const char *uuid, const uint8_t *capabilities)
{
    GVariantBuilder properties = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

    g_variant_builder_add(&properties, "{sv}", "UUID", g_variant_new_string(uuid));
    g_variant_builder_add(&properties, "{sv}", "Codec", g_variant_new_byte(SBC));
    g_variant_builder_add(&properties, "{sv}", "DelayReporting", g_variant_new_boolean(TRUE));
    g_variant_builder_add(&properties, "{sv}", "Capabilities", bytes_variant(capabilities));
    return g_variant_new("(oa{sv})", endpoint->path, &properties);
}
