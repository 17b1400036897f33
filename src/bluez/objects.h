/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Objects: a mirror of what org.bluez has on the bus, for the interfaces we use: kept by signals,
 * read at once. GDBusObjectManagerClient would do, but when the name comes back it reads everything
 * by a synchronous call from the main loop; ours never blocks. Main loop only; owned by Bluez. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Objects Objects;

typedef struct {
    /* bluetoothd is there and all it has is in the mirror. */
    void (*arrived)(void *data);
    /* bluetoothd is gone; the mirror is empty already. */
    void (*left)(void *data);
    /* One interface of one object, between arrived and left. */
    void (*added)(const char *path, const char *interface, void *data);
    void (*changed)(const char *path, const char *interface, void *data);
    void (*removed)(const char *path, const char *interface, void *data);
} ObjectsEvents;

Objects *objects_new(GDBusConnection *bus, const ObjectsEvents *events, void *data);
void objects_free(Objects *objects);

GDBusConnection *objects_bus(const Objects *objects);
/* bluetoothd's unique name, so that no call ever starts or reaches another one; NULL without it. */
const char *objects_owner(const Objects *objects);
/* True between arrived and left. */
bool objects_here(const Objects *objects);
/* Any local user may call us; bluetoothd is only who owns org.bluez. Answers a stranger's call with
 * an error, and then the invocation is used up. */
bool objects_refuse_stranger(const Objects *objects, GDBusMethodInvocation *invocation);

bool objects_have(const Objects *objects, const char *path, const char *interface);
/* The objects with that interface, sorted; to be freed with g_strfreev. */
char **objects_paths(const Objects *objects, const char *interface);

/* Properties: false, 0 and "" where it is absent or of another type. */
bool objects_has_property(const Objects *objects, const char *path, const char *interface,
                          const char *property);
bool objects_bool(const Objects *objects, const char *path, const char *interface,
                  const char *property);
int64_t objects_int(const Objects *objects, const char *path, const char *interface,
                    const char *property);
const char *objects_string(const Objects *objects, const char *path, const char *interface,
                           const char *property);
/* To be freed with g_free: the strings are the mirror's. NULL if absent. */
const char **objects_strings(const Objects *objects, const char *path, const char *interface,
                             const char *property);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Objects, objects_free)
