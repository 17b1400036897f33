/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "objects.h"
#include "names.h"

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES     "org.freedesktop.DBus.Properties"

static const char *const mirrored[] = {
    BLUEZ_ADAPTER, BLUEZ_AGENT_MANAGER, BLUEZ_DEVICE, BLUEZ_MEDIA, BLUEZ_TRANSPORT,
};

typedef struct {
    char *path;
    const char *interface; /* one of mirrored: compared by address */
    GHashTable *properties;
} Entry;

struct Objects {
    GDBusConnection *bus;
    const ObjectsEvents *events;
    void *data;
    GHashTable *entries; /* Entry, its own key */
    char *owner;
    bool here;
    guint watch;
    guint subscriptions[2 + G_N_ELEMENTS(mirrored)];
    GCancellable *reading; /* the GetManagedObjects of this owner */
};

static const char *interface_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mirrored); i++) {
        if (g_str_equal(mirrored[i], name))
            return mirrored[i];
    }
    return NULL;
}

static guint entry_hash(gconstpointer key)
{
    const Entry *entry = key;

    return g_str_hash(entry->path) ^ g_direct_hash(entry->interface);
}

static gboolean entry_equal(gconstpointer a, gconstpointer b)
{
    const Entry *first = a;
    const Entry *second = b;

    return first->interface == second->interface && g_str_equal(first->path, second->path);
}

static void entry_free(gpointer data)
{
    Entry *entry = data;

    g_hash_table_unref(entry->properties);
    g_free(entry->path);
    g_free(entry);
}

static Entry *entry_find(const Objects *objects, const char *path, const char *interface)
{
    Entry key = {.path = (char *)path, .interface = interface_find(interface)};

    return key.interface && path ? g_hash_table_lookup(objects->entries, &key) : NULL;
}

static Entry *entry_add(Objects *objects, const char *path, const char *interface)
{
    Entry *entry = entry_find(objects, path, interface);

    if (entry)
        return entry;
    entry = g_new0(Entry, 1);
    entry->path = g_strdup(path);
    entry->interface = interface_find(interface);
    entry->properties =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_variant_unref);
    g_hash_table_add(objects->entries, entry);
    return entry;
}

static void entry_merge(Entry *entry, GVariant *properties)
{
    GVariantIter iter;
    const char *name;
    GVariant *value;

    g_variant_iter_init(&iter, properties);
    while (g_variant_iter_next(&iter, "{&sv}", &name, &value))
        g_hash_table_replace(entry->properties, g_strdup(name), value);
}

static GVariant *property_find(const Objects *objects, const char *path, const char *interface,
                               const char *property)
{
    Entry *entry = entry_find(objects, path, interface);

    return entry ? g_hash_table_lookup(entry->properties, property) : NULL;
}

/* interfaces: a{sa{sv}}. */
static void objects_add(Objects *objects, const char *path, GVariant *interfaces)
{
    GVariantIter iter;
    const char *interface;
    GVariant *properties;

    g_variant_iter_init(&iter, interfaces);
    while (g_variant_iter_loop(&iter, "{&s@a{sv}}", &interface, &properties)) {
        if (interface_find(interface))
            entry_merge(entry_add(objects, path, interface), properties);
    }
}

/* Once all of them are in the mirror. */
static void objects_announce(Objects *objects, const char *path, GVariant *interfaces)
{
    GVariantIter iter;
    const char *interface;

    g_variant_iter_init(&iter, interfaces);
    while (g_variant_iter_loop(&iter, "{&s@a{sv}}", &interface, NULL)) {
        if (objects_have(objects, path, interface))
            objects->events->added(path, interface, objects->data);
    }
}

static void on_interfaces_added(GDBusConnection *bus, const char *sender, const char *path,
                                const char *interface, const char *signal, GVariant *parameters,
                                gpointer data)
{
    Objects *objects = data;
    const char *object;
    g_autoptr(GVariant) interfaces = NULL;

    /* What comes before the answer to GetManagedObjects is in that answer. */
    if (!objects->here || !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(oa{sa{sv}})")))
        return;
    g_variant_get(parameters, "(&o@a{sa{sv}})", &object, &interfaces);
    objects_add(objects, object, interfaces);
    objects_announce(objects, object, interfaces);
}

static void on_interfaces_removed(GDBusConnection *bus, const char *sender, const char *path,
                                  const char *interface, const char *signal, GVariant *parameters,
                                  gpointer data)
{
    Objects *objects = data;
    const char *object;
    g_autofree const char **interfaces = NULL;

    if (!objects->here || !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(oas)")))
        return;
    g_variant_get(parameters, "(&o^a&s)", &object, &interfaces);
    for (size_t i = 0; interfaces[i]; i++) {
        Entry *entry = entry_find(objects, object, interfaces[i]);

        if (entry && g_hash_table_remove(objects->entries, entry))
            objects->events->removed(object, interfaces[i], objects->data);
    }
}

static void on_properties_changed(GDBusConnection *bus, const char *sender, const char *path,
                                  const char *interface, const char *signal, GVariant *parameters,
                                  gpointer data)
{
    Objects *objects = data;
    const char *owner_interface;
    g_autoptr(GVariant) changed = NULL;
    g_autofree const char **invalidated = NULL;

    if (!objects->here || !g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sa{sv}as)")))
        return;
    g_variant_get(parameters, "(&s@a{sv}^a&s)", &owner_interface, &changed, &invalidated);
    Entry *entry = entry_find(objects, path, owner_interface);
    if (!entry)
        return;
    entry_merge(entry, changed);
    for (size_t i = 0; invalidated[i]; i++)
        g_hash_table_remove(entry->properties, invalidated[i]);
    objects->events->changed(path, owner_interface, objects->data);
}

static void objects_subscribe(Objects *objects)
{
    guint *subscription = objects->subscriptions;

    /* By the unique name: a later owner's signals, or another client's, are not this one's. */
    *subscription++ = g_dbus_connection_signal_subscribe(
        objects->bus, objects->owner, OBJECT_MANAGER, "InterfacesAdded", NULL, NULL,
        G_DBUS_SIGNAL_FLAGS_NONE, on_interfaces_added, objects, NULL);
    *subscription++ = g_dbus_connection_signal_subscribe(
        objects->bus, objects->owner, OBJECT_MANAGER, "InterfacesRemoved", NULL, NULL,
        G_DBUS_SIGNAL_FLAGS_NONE, on_interfaces_removed, objects, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(mirrored); i++)
        *subscription++ = g_dbus_connection_signal_subscribe(
            objects->bus, objects->owner, PROPERTIES, "PropertiesChanged", NULL, mirrored[i],
            G_DBUS_SIGNAL_FLAGS_NONE, on_properties_changed, objects, NULL);
}

static void objects_unsubscribe(Objects *objects)
{
    for (size_t i = 0; i < G_N_ELEMENTS(objects->subscriptions); i++) {
        if (objects->subscriptions[i])
            g_dbus_connection_signal_unsubscribe(objects->bus, objects->subscriptions[i]);
        objects->subscriptions[i] = 0;
    }
}

static void objects_forget(Objects *objects)
{
    objects_unsubscribe(objects);
    if (objects->reading)
        g_cancellable_cancel(objects->reading);
    g_clear_object(&objects->reading);
    g_clear_pointer(&objects->owner, g_free);
    g_hash_table_remove_all(objects->entries);
    objects->here = false;
}

static void objects_read(Objects *objects);

static void objects_take(Objects *objects, GVariant *reply)
{
    g_autoptr(GVariantIter) iter = NULL;
    const char *path;
    GVariant *interfaces;

    g_variant_get(reply, "(a{oa{sa{sv}}})", &iter);
    while (g_variant_iter_loop(iter, "{&o@a{sa{sv}}}", &path, &interfaces))
        objects_add(objects, path, interfaces);
    objects->here = true;
    objects->events->arrived(objects->data);
}

static void on_managed_objects(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    if (reply) {
        objects_take(data, reply);
        return;
    }
    /* It has died meanwhile, and its name's next owner is asked; or it has its hands full. */
    g_warning("bluetoothd does not tell its objects: %s", error->message);
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        objects_read(data);
}

static void objects_read(Objects *objects)
{
    g_dbus_connection_call(objects->bus, objects->owner, "/", OBJECT_MANAGER, "GetManagedObjects",
                           NULL, G_VARIANT_TYPE("(a{oa{sa{sv}}})"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
                           -1, objects->reading, on_managed_objects, objects);
}

static void on_name_appeared(GDBusConnection *bus, const char *name, const char *owner,
                             gpointer data)
{
    Objects *objects = data;

    objects_forget(objects);
    objects->owner = g_strdup(owner);
    objects->reading = g_cancellable_new();
    objects_subscribe(objects);
    objects_read(objects);
}

static void on_name_vanished(GDBusConnection *bus, const char *name, gpointer data)
{
    Objects *objects = data;

    objects_forget(objects);
    objects->events->left(objects->data);
}

Objects *objects_new(GDBusConnection *bus, const ObjectsEvents *events, void *data)
{
    Objects *objects = g_new0(Objects, 1);

    objects->bus = g_object_ref(bus);
    objects->events = events;
    objects->data = data;
    objects->entries = g_hash_table_new_full(entry_hash, entry_equal, entry_free, NULL);
    objects->watch =
        g_bus_watch_name_on_connection(bus, BLUEZ_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                       on_name_appeared, on_name_vanished, objects, NULL);
    return objects;
}

void objects_free(Objects *objects)
{
    if (!objects)
        return;
    g_bus_unwatch_name(objects->watch);
    objects_forget(objects);
    g_hash_table_unref(objects->entries);
    g_object_unref(objects->bus);
    g_free(objects);
}

GDBusConnection *objects_bus(const Objects *objects)
{
    return objects->bus;
}

const char *objects_owner(const Objects *objects)
{
    return objects->owner;
}

bool objects_here(const Objects *objects)
{
    return objects->here;
}

bool objects_refuse_stranger(const Objects *objects, GDBusMethodInvocation *invocation)
{
    const char *sender = g_dbus_method_invocation_get_sender(invocation);

    if (objects->owner && g_strcmp0(sender, objects->owner) == 0)
        return false;
    g_warning("%s called %s, which only bluetoothd may", sender,
              g_dbus_method_invocation_get_method_name(invocation));
    g_dbus_method_invocation_return_error_literal(
        invocation, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED, "Only bluetoothd may call this");
    return true;
}

bool objects_have(const Objects *objects, const char *path, const char *interface)
{
    return entry_find(objects, path, interface) != NULL;
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

char **objects_paths(const Objects *objects, const char *interface)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, objects->entries);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        const Entry *entry = key;

        if (g_str_equal(entry->interface, interface))
            g_ptr_array_add(paths, g_strdup(entry->path));
    }
    g_ptr_array_sort(paths, compare_paths);
    g_ptr_array_add(paths, NULL);
    return (char **)g_ptr_array_steal(paths, NULL);
}

bool objects_has_property(const Objects *objects, const char *path, const char *interface,
                          const char *property)
{
    return property_find(objects, path, interface, property) != NULL;
}

bool objects_bool(const Objects *objects, const char *path, const char *interface,
                  const char *property)
{
    GVariant *value = property_find(objects, path, interface, property);

    return value && g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN) &&
           g_variant_get_boolean(value);
}

int64_t objects_int(const Objects *objects, const char *path, const char *interface,
                    const char *property)
{
    GVariant *value = property_find(objects, path, interface, property);

    if (!value)
        return 0;
    if (g_variant_is_of_type(value, G_VARIANT_TYPE_INT16))
        return g_variant_get_int16(value);
    if (g_variant_is_of_type(value, G_VARIANT_TYPE_UINT16))
        return g_variant_get_uint16(value);
    if (g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32))
        return g_variant_get_uint32(value);
    return 0;
}

const char *objects_string(const Objects *objects, const char *path, const char *interface,
                           const char *property)
{
    GVariant *value = property_find(objects, path, interface, property);

    if (!value || !(g_variant_is_of_type(value, G_VARIANT_TYPE_STRING) ||
                    g_variant_is_of_type(value, G_VARIANT_TYPE_OBJECT_PATH)))
        return "";
    return g_variant_get_string(value, NULL);
}

const char **objects_strings(const Objects *objects, const char *path, const char *interface,
                             const char *property)
{
    GVariant *value = property_find(objects, path, interface, property);

    return value && g_variant_is_of_type(value, G_VARIANT_TYPE_STRING_ARRAY)
               ? g_variant_get_strv(value, NULL)
               : NULL;
}
