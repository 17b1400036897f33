/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "fake-tree.h"

#define PROPERTIES_INTERFACE "org.freedesktop.DBus.Properties"
#define MANAGER_INTERFACE    "org.freedesktop.DBus.ObjectManager"

struct FakeTree {
    GDBusConnection *bus;
    FakeTreeCalls calls;
    void *data;
    GHashTable *objects; /* path -> FakeObject */
    GDBusNodeInfo *manager_info;
    guint manager_id;
    guint filter_id;
    GMutex paths_lock; /* the filter runs in GDBus's thread */
    GHashTable *paths;
};

typedef struct {
    GDBusInterfaceInfo *info;
    guint registration;
    bool announced;
    GHashTable *properties; /* name -> GVariant */
} Interface;

struct FakeObject {
    FakeTree *tree;
    char *path;
    void *noun;
    bool announced;
    GPtrArray *interfaces;
};

static const char manager_xml[] =
    "<node><interface name='" MANAGER_INTERFACE "'>"
    "<method name='GetManagedObjects'><arg type='a{oa{sa{sv}}}' direction='out'/></method>"
    "<signal name='InterfacesAdded'><arg type='o'/><arg type='a{sa{sv}}'/></signal>"
    "<signal name='InterfacesRemoved'><arg type='o'/><arg type='as'/></signal>"
    "</interface></node>";

static void interface_free(gpointer pointer)
{
    Interface *interface = pointer;

    g_hash_table_unref(interface->properties);
    g_free(interface);
}

static Interface *find_interface(const FakeObject *object, const char *name)
{
    for (guint i = 0; i < object->interfaces->len; i++) {
        Interface *interface = object->interfaces->pdata[i];

        if (g_str_equal(interface->info->name, name))
            return interface;
    }
    return NULL;
}

static GVariant *interface_properties(const Interface *interface)
{
    GVariantBuilder builder;
    GHashTableIter iter;
    gpointer name, value;

    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_hash_table_iter_init(&iter, interface->properties);
    while (g_hash_table_iter_next(&iter, &name, &value))
        g_variant_builder_add(&builder, "{sv}", name, value);
    return g_variant_builder_end(&builder);
}

/* a{sa{sv}}, with the two standard interfaces that BlueZ lists as well. */
static GVariant *object_interfaces(const FakeObject *object)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sa{sv}}"));
    g_variant_builder_add(&builder, "{s@a{sv}}", "org.freedesktop.DBus.Introspectable",
                          g_variant_new("a{sv}", NULL));
    for (guint i = 0; i < object->interfaces->len; i++) {
        const Interface *interface = object->interfaces->pdata[i];

        g_variant_builder_add(&builder, "{s@a{sv}}", interface->info->name,
                              interface_properties(interface));
    }
    g_variant_builder_add(&builder, "{s@a{sv}}", PROPERTIES_INTERFACE,
                          g_variant_new("a{sv}", NULL));
    return g_variant_builder_end(&builder);
}

static void emit(FakeTree *tree, const char *path, const char *interface, const char *signal,
                 GVariant *arguments)
{
    /* A connection that closed under us has nobody to tell. */
    if (!g_dbus_connection_is_closed(tree->bus))
        g_dbus_connection_emit_signal(tree->bus, NULL, path, interface, signal, arguments, NULL);
    else
        g_variant_unref(g_variant_ref_sink(arguments));
}

static void answer_managed_objects(FakeTree *tree, GDBusMethodInvocation *invocation)
{
    GVariantBuilder builder;
    GHashTableIter iter;
    gpointer value;

    g_variant_builder_init(&builder, G_VARIANT_TYPE("a{oa{sa{sv}}}"));
    g_hash_table_iter_init(&iter, tree->objects);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const FakeObject *object = value;

        if (object->announced)
            g_variant_builder_add(&builder, "{o@a{sa{sv}}}", object->path,
                                  object_interfaces(object));
    }
    g_dbus_method_invocation_return_value(
        invocation, g_variant_new("(@a{oa{sa{sv}}})", g_variant_builder_end(&builder)));
}

static void on_manager_call(GDBusConnection *bus, const char *sender, const char *path,
                            const char *interface, const char *method, GVariant *arguments,
                            GDBusMethodInvocation *invocation, gpointer data)
{
    answer_managed_objects(data, invocation);
}

static void answer_get(FakeObject *object, GVariant *arguments, GDBusMethodInvocation *invocation)
{
    const char *interface, *name;
    GVariant *value;

    g_variant_get(arguments, "(&s&s)", &interface, &name);
    value = fake_object_get(object, interface, name);
    if (value)
        g_dbus_method_invocation_return_value(invocation, g_variant_new("(v)", value));
    else
        g_dbus_method_invocation_return_dbus_error(
            invocation, "org.freedesktop.DBus.Error.InvalidArgs", "No such property");
}

static void answer_set(FakeObject *object, GVariant *arguments, GDBusMethodInvocation *invocation)
{
    const char *interface, *name;
    g_autoptr(GVariant) value = NULL;
    g_autofree char *message = NULL;

    g_variant_get(arguments, "(&s&sv)", &interface, &name, &value);
    if (fake_object_get(object, interface, name)) {
        object->tree->calls.set(object, interface, name, value, invocation, object->tree->data);
        return;
    }
    message = g_strdup_printf("No such property '%s'", name);
    g_dbus_method_invocation_return_dbus_error(invocation, "org.freedesktop.DBus.Error.InvalidArgs",
                                               message);
}

static void answer_properties(FakeObject *object, const char *method, GVariant *arguments,
                              GDBusMethodInvocation *invocation)
{
    const char *interface;

    if (g_str_equal(method, "Get")) {
        answer_get(object, arguments, invocation);
        return;
    }
    if (g_str_equal(method, "Set")) {
        answer_set(object, arguments, invocation);
        return;
    }
    g_variant_get(arguments, "(&s)", &interface);
    g_dbus_method_invocation_return_value(
        invocation, g_variant_new("(@a{sv})", fake_object_properties(object, interface)));
}

static void on_call(GDBusConnection *bus, const char *sender, const char *path,
                    const char *interface, const char *method, GVariant *arguments,
                    GDBusMethodInvocation *invocation, gpointer data)
{
    FakeTree *tree = data;
    FakeObject *object = fake_tree_find(tree, path);

    if (!object) /* went while the call was on its way */
        g_dbus_method_invocation_return_dbus_error(
            invocation, "org.freedesktop.DBus.Error.UnknownObject", "object is gone");
    else if (g_str_equal(interface, PROPERTIES_INTERFACE))
        answer_properties(object, method, arguments, invocation);
    else
        tree->calls.call(object, invocation, tree->data);
}

static void refuse_unknown_object(GDBusConnection *bus, GDBusMessage *message)
{
    const char *signature = g_dbus_message_get_signature(message);
    g_autoptr(GDBusMessage) reply = g_dbus_message_new_method_error(
        message, "org.freedesktop.DBus.Error.UnknownObject",
        "Method \"%s\" with signature \"%s\" on interface \"%s\" doesn't exist\n",
        g_dbus_message_get_member(message), signature ? signature : "",
        g_dbus_message_get_interface(message));

    g_dbus_connection_send_message(bus, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

/* GDBus says UnknownMethod for a path that is not there, bluetoothd (libdbus) UnknownObject. */
static GDBusMessage *on_message(GDBusConnection *bus, GDBusMessage *message, gboolean incoming,
                                gpointer data)
{
    FakeTree *tree = data;
    bool known;

    if (!incoming || g_dbus_message_get_message_type(message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL ||
        !g_str_has_prefix(g_dbus_message_get_path(message), "/org/bluez/"))
        return message;
    g_mutex_lock(&tree->paths_lock);
    known = g_hash_table_contains(tree->paths, g_dbus_message_get_path(message));
    g_mutex_unlock(&tree->paths_lock);
    if (known)
        return message;
    refuse_unknown_object(bus, message);
    g_object_unref(message);
    return NULL;
}

FakeTree *fake_tree_new(GDBusConnection *bus, const FakeTreeCalls *calls, void *data)
{
    static const GDBusInterfaceVTable vtable = {.method_call = on_manager_call};
    FakeTree *tree = g_new0(FakeTree, 1);

    tree->bus = g_object_ref(bus);
    tree->calls = *calls;
    tree->data = data;
    tree->objects = g_hash_table_new(g_str_hash, g_str_equal);
    tree->paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_mutex_init(&tree->paths_lock);
    tree->manager_info = g_dbus_node_info_new_for_xml(manager_xml, NULL);
    tree->manager_id = g_dbus_connection_register_object(
        bus, "/", tree->manager_info->interfaces[0], &vtable, tree, NULL, NULL);
    tree->filter_id = g_dbus_connection_add_filter(bus, on_message, tree, NULL);
    return tree;
}

void fake_tree_free(FakeTree *tree)
{
    g_autoptr(GList) objects = NULL;

    if (!tree)
        return;
    g_dbus_connection_remove_filter(tree->bus, tree->filter_id);
    objects = g_hash_table_get_values(tree->objects);
    for (GList *item = objects; item; item = item->next)
        fake_object_free(item->data);
    g_dbus_connection_unregister_object(tree->bus, tree->manager_id);
    g_dbus_node_info_unref(tree->manager_info);
    g_hash_table_unref(tree->objects);
    g_hash_table_unref(tree->paths);
    g_mutex_clear(&tree->paths_lock);
    g_object_unref(tree->bus);
    g_free(tree);
}

FakeObject *fake_tree_find(FakeTree *tree, const char *path)
{
    return g_hash_table_lookup(tree->objects, path);
}

FakeObject *fake_object_new(FakeTree *tree, const char *path, void *noun)
{
    FakeObject *object = g_new0(FakeObject, 1);

    g_assert(!fake_tree_find(tree, path));
    object->tree = tree;
    object->path = g_strdup(path);
    object->noun = noun;
    object->interfaces = g_ptr_array_new_with_free_func(interface_free);
    g_hash_table_insert(tree->objects, object->path, object);
    g_mutex_lock(&tree->paths_lock);
    g_hash_table_add(tree->paths, g_strdup(path));
    g_mutex_unlock(&tree->paths_lock);
    return object;
}

static void announce_removed(FakeObject *object, const char *only)
{
    GVariantBuilder names;

    if (!object->announced)
        return;
    g_variant_builder_init(&names, G_VARIANT_TYPE_STRING_ARRAY);
    if (!only) {
        g_variant_builder_add(&names, "s", PROPERTIES_INTERFACE);
        g_variant_builder_add(&names, "s", "org.freedesktop.DBus.Introspectable");
    }
    for (guint i = 0; i < object->interfaces->len; i++) {
        const Interface *interface = object->interfaces->pdata[i];

        if (!only || g_str_equal(only, interface->info->name))
            g_variant_builder_add(&names, "s", interface->info->name);
    }
    emit(object->tree, "/", MANAGER_INTERFACE, "InterfacesRemoved",
         g_variant_new("(o@as)", object->path, g_variant_builder_end(&names)));
}

void fake_object_free(FakeObject *object)
{
    FakeTree *tree;

    if (!object)
        return;
    tree = object->tree;
    announce_removed(object, NULL);
    g_mutex_lock(&tree->paths_lock);
    g_hash_table_remove(tree->paths, object->path);
    g_mutex_unlock(&tree->paths_lock);
    g_hash_table_remove(tree->objects, object->path);
    for (guint i = 0; i < object->interfaces->len; i++) {
        const Interface *interface = object->interfaces->pdata[i];

        g_dbus_connection_unregister_object(tree->bus, interface->registration);
    }
    g_ptr_array_unref(object->interfaces);
    g_free(object->path);
    g_free(object);
}

void fake_object_add_interface(FakeObject *object, GDBusInterfaceInfo *info)
{
    /* Get and Set come to the same function as the methods. */
    static const GDBusInterfaceVTable vtable = {.method_call = on_call};
    Interface *interface = g_new0(Interface, 1);

    interface->info = info;
    interface->properties =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_variant_unref);
    interface->registration = g_dbus_connection_register_object(
        object->tree->bus, object->path, info, &vtable, object->tree, NULL, NULL);
    g_assert(interface->registration);
    g_ptr_array_add(object->interfaces, interface);
}

void fake_object_remove_interface(FakeObject *object, const char *name)
{
    Interface *interface = find_interface(object, name);

    if (!interface)
        return;
    announce_removed(object, name);
    g_dbus_connection_unregister_object(object->tree->bus, interface->registration);
    g_ptr_array_remove(object->interfaces, interface);
}

void fake_object_announce_interface(FakeObject *object, const char *name)
{
    Interface *interface = find_interface(object, name);
    GVariantBuilder builder;

    if (!interface || interface->announced)
        return;
    interface->announced = true;
    g_variant_builder_init(&builder, G_VARIANT_TYPE("a{sa{sv}}"));
    g_variant_builder_add(&builder, "{s@a{sv}}", name, interface_properties(interface));
    emit(object->tree, "/", MANAGER_INTERFACE, "InterfacesAdded",
         g_variant_new("(o@a{sa{sv}})", object->path, g_variant_builder_end(&builder)));
}

void fake_object_announce(FakeObject *object)
{
    object->announced = true;
    for (guint i = 0; i < object->interfaces->len; i++)
        ((Interface *)object->interfaces->pdata[i])->announced = true;
    emit(object->tree, "/", MANAGER_INTERFACE, "InterfacesAdded",
         g_variant_new("(o@a{sa{sv}})", object->path, object_interfaces(object)));
}

const char *fake_object_path(const FakeObject *object)
{
    return object->path;
}

void *fake_object_noun(const FakeObject *object)
{
    return object->noun;
}

/* Stores what differs and lists it; values that are there already are not worth a signal. */
static bool store(Interface *interface, const char *property, GVariant *value,
                  GVariantBuilder *changed, GVariantBuilder *invalidated)
{
    GVariant *old = g_hash_table_lookup(interface->properties, property);

    if (value && old && g_variant_equal(old, value))
        return false;
    if (!value && !old)
        return false;
    if (value) {
        g_variant_builder_add(changed, "{sv}", property, value);
        g_hash_table_insert(interface->properties, g_strdup(property), g_variant_ref(value));
        return true;
    }
    g_variant_builder_add(invalidated, "s", property);
    g_hash_table_remove(interface->properties, property);
    return true;
}

static void finish_change(FakeObject *object, const char *interface, bool differs,
                          GVariantBuilder *changed, GVariantBuilder *invalidated)
{
    g_autoptr(GVariant) arguments =
        g_variant_ref_sink(g_variant_new("(s@a{sv}@as)", interface, g_variant_builder_end(changed),
                                         g_variant_builder_end(invalidated)));

    if (differs && object->announced && find_interface(object, interface)->announced)
        emit(object->tree, object->path, PROPERTIES_INTERFACE, "PropertiesChanged", arguments);
}

void fake_object_set(FakeObject *object, const char *name, const char *property, GVariant *value)
{
    g_autoptr(GVariant) held = value ? g_variant_ref_sink(value) : NULL;
    Interface *interface = find_interface(object, name);
    GVariantBuilder changed, invalidated;
    bool differs;

    g_assert(interface);
    g_variant_builder_init(&changed, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_init(&invalidated, G_VARIANT_TYPE_STRING_ARRAY);
    differs = store(interface, property, held, &changed, &invalidated);
    finish_change(object, name, differs, &changed, &invalidated);
}

void fake_object_set_many(FakeObject *object, const char *name, GVariant *values)
{
    g_autoptr(GVariant) held = g_variant_ref_sink(values);
    Interface *interface = find_interface(object, name);
    GVariantBuilder changed, invalidated;
    GVariantIter iter;
    const char *property;
    GVariant *value;
    bool differs = false;

    g_assert(interface);
    g_variant_builder_init(&changed, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_init(&invalidated, G_VARIANT_TYPE_STRING_ARRAY);
    g_variant_iter_init(&iter, held);
    while (g_variant_iter_loop(&iter, "{&sv}", &property, &value))
        differs |= store(interface, property, value, &changed, &invalidated);
    finish_change(object, name, differs, &changed, &invalidated);
}

GVariant *fake_object_get(const FakeObject *object, const char *name, const char *property)
{
    Interface *interface = find_interface(object, name);

    return interface ? g_hash_table_lookup(interface->properties, property) : NULL;
}

GVariant *fake_object_properties(const FakeObject *object, const char *name)
{
    Interface *interface = find_interface(object, name);

    return interface ? interface_properties(interface) : g_variant_new("a{sv}", NULL);
}
