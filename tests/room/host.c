/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 */
#include "host.h"

#include "mgmt.h"

#define ADAPTER "org.bluez.Adapter1"
#define NEVER   G_MAXUINT32

struct Host {
    GDBusObjectManager *objects;
    uint16_t index;
    char *path;
    char *name;
    uint8_t major, minor;
    HostWants wants;
    HostSettled settled;
    void *data;
    bool is_settled;
    bool setting;          /* a property is being set: one at a time */
    bool connectable;      /* as last told to the kernel */
    uint32_t class_before; /* the class seen when the kernel was last told another */
};

Host *host_new(GDBusObjectManager *objects, uint16_t index, const char *name, HostSettled settled,
               void *data)
{
    Host *host = g_new0(Host, 1);

    host->objects = g_object_ref(objects);
    host->index = index;
    host->path = g_strdup_printf("/org/bluez/hci%u", index);
    host->name = g_strdup(name);
    host->settled = settled;
    host->data = data;
    host->wants = (HostWants){true, true, true, true};
    host->connectable = true;
    host->class_before = NEVER;
    host_set_class(host, 0x04, 0x14);
    return host;
}

void host_set_class(Host *host, uint8_t major, uint8_t minor)
{
    host->major = major;
    host->minor = minor;
}

const char *host_path(const Host *host)
{
    return host->path;
}

HostWants *host_wants(Host *host)
{
    return &host->wants;
}

bool host_is_settled(const Host *host)
{
    return host->is_settled;
}

GDBusProxy *host_adapter(const Host *host)
{
    GDBusInterface *adapter =
        g_dbus_object_manager_get_interface(host->objects, host->path, ADAPTER);

    return adapter ? G_DBUS_PROXY(adapter) : NULL;
}

static void property_set_done(GObject *source, GAsyncResult *result, gpointer data)
{
    Host *host = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    host->setting = false;
    /* "Busy" and the like: somebody else is changing it, and its change will settle us again. */
    if (reply)
        host_settle(host);
    else
        g_printerr("speaker: %s\n", error->message);
}

static void property_set(Host *host, GDBusProxy *adapter, const char *name, GVariant *value)
{
    host->setting = true;
    g_dbus_connection_call(g_dbus_proxy_get_connection(adapter), "org.bluez", host->path,
                           "org.freedesktop.DBus.Properties", "Set",
                           g_variant_new("(ssv)", ADAPTER, name, value), NULL,
                           G_DBUS_CALL_FLAGS_NONE, -1, NULL, property_set_done, host);
}

static uint32_t property_uint(GDBusProxy *adapter, const char *name)
{
    g_autoptr(GVariant) value = g_dbus_proxy_get_cached_property(adapter, name);

    return value ? g_variant_get_uint32(value) : 0;
}

/* True: it differs and is being set. */
static bool settle_bool(Host *host, GDBusProxy *adapter, const char *name, bool wanted)
{
    g_autoptr(GVariant) value = g_dbus_proxy_get_cached_property(adapter, name);

    if (!value || g_variant_get_boolean(value) == wanted)
        return false;
    property_set(host, adapter, name, g_variant_new_boolean(wanted));
    return true;
}

static bool settle_alias(Host *host, GDBusProxy *adapter)
{
    g_autoptr(GVariant) alias = g_dbus_proxy_get_cached_property(adapter, "Alias");

    if (alias && g_str_equal(g_variant_get_string(alias, NULL), host->name))
        return false;
    property_set(host, adapter, "Alias", g_variant_new_string(host->name));
    return true;
}

static bool settle_timeout(Host *host, GDBusProxy *adapter)
{
    if (property_uint(adapter, "DiscoverableTimeout") == 0)
        return false;
    property_set(host, adapter, "DiscoverableTimeout", g_variant_new_uint32(0));
    return true;
}

/* The kernel's word counts: after a power cycle it takes the class up again without telling
 * bluetoothd, whose Class then stays 0. */
static void settle_class(Host *host, GDBusProxy *adapter)
{
    uint32_t class = property_uint(adapter, "Class");

    if ((class & 0x1ffc) == ((uint32_t)host->major << 8 | host->minor)) {
        host->class_before = NEVER;
    } else if (class != host->class_before) {
        host->class_before = class;
        mgmt_set_class(host->index, host->major, host->minor);
    }
}

static void settle_connectable(Host *host)
{
    if (host->connectable != host->wants.connectable &&
        mgmt_set_connectable(host->index, host->wants.connectable))
        host->connectable = host->wants.connectable;
}

/* True while something is on its way. */
static bool settle_step(Host *host, GDBusProxy *adapter)
{
    const HostWants *wants = &host->wants;

    if (settle_bool(host, adapter, "Powered", wants->powered))
        return true;
    if (!wants->powered)
        return false;
    settle_connectable(host);
    settle_class(host, adapter);
    return settle_alias(host, adapter) || settle_timeout(host, adapter) ||
           settle_bool(host, adapter, "Pairable", wants->pairable) ||
           settle_bool(host, adapter, "Discoverable", wants->discoverable && wants->connectable);
}

void host_settle(Host *host)
{
    g_autoptr(GDBusProxy) adapter = host_adapter(host);
    bool was_settled = host->is_settled;

    if (!adapter) {
        host->is_settled = false;
        host->class_before = NEVER;
        return;
    }
    if (host->setting)
        return;
    host->is_settled = !settle_step(host, adapter);
    if (host->is_settled && !was_settled)
        host->settled(host->data);
}
