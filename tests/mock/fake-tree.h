/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* FakeTree: the objects of a D-Bus service whose properties may be absent, as BlueZ's are (RSSI,
 * Volume, Delay: there or not there). GDBus skeletons cannot leave one out, therefore this: one
 * table of properties an interface, and the ObjectManager at "/". Paths that are not there answer
 * UnknownObject like bluetoothd does. Runs in the thread-default main context it was made in. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

typedef struct FakeTree FakeTree;
typedef struct FakeObject FakeObject;

typedef struct {
    void (*call)(FakeObject *object, GDBusMethodInvocation *invocation, void *data);
    /* The callee answers the invocation; the value is not stored by itself. */
    void (*set)(FakeObject *object, const char *interface, const char *property, GVariant *value,
                GDBusMethodInvocation *invocation, void *data);
} FakeTreeCalls;

FakeTree *fake_tree_new(GDBusConnection *bus, const FakeTreeCalls *calls, void *data);
void fake_tree_free(FakeTree *tree);
FakeObject *fake_tree_find(FakeTree *tree, const char *path);

/* noun: whatever the object stands for. It is announced by fake_object_announce, in one signal. */
FakeObject *fake_object_new(FakeTree *tree, const char *path, void *noun);
/* Takes an interface off the bus with all its objects' properties; announces it. */
void fake_object_free(FakeObject *object);
void fake_object_add_interface(FakeObject *object, GDBusInterfaceInfo *info);
void fake_object_remove_interface(FakeObject *object, const char *interface);
void fake_object_announce(FakeObject *object);
/* Of an object that is announced already; nothing if it has no such interface. Once. */
void fake_object_announce_interface(FakeObject *object, const char *interface);
const char *fake_object_path(const FakeObject *object);
void *fake_object_noun(const FakeObject *object);

/* value NULL: absent (invalidated if it was there). A value that is the same is not announced.
 * Takes a floating reference. */
void fake_object_set(FakeObject *object, const char *interface, const char *property,
                     GVariant *value);
/* Several properties in one PropertiesChanged; values: a{sv}, floating. */
void fake_object_set_many(FakeObject *object, const char *interface, GVariant *values);
/* NULL: absent. */
GVariant *fake_object_get(const FakeObject *object, const char *interface, const char *property);
/* a{sv} of an interface, or an empty one. */
GVariant *fake_object_properties(const FakeObject *object, const char *interface);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeTree, fake_tree_free)
