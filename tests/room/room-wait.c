/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * room-wait [--gone] bus NAME [PATH…]   waits until NAME is owned on the system bus and its object
 *                                       manager at / has all the PATHs; or until it is gone
 * room-wait hci COUNT                   waits until there are exactly COUNT controllers
 *
 * Waits on events for ever; whoever starts it has the timeout.
 */
#include <gio/gio.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mgmt.h"

typedef struct {
    GDBusConnection *bus;
    const char *name;
    char **paths;
    bool gone;
    GMainLoop *loop;
} Wait;

static bool has_all(GVariant *objects, char **paths)
{
    for (; *paths; paths++) {
        g_autoptr(GVariant) object = g_variant_lookup_value(objects, *paths, NULL);

        if (!object)
            return false;
    }
    return true;
}

static void objects_listed(GObject *source, GAsyncResult *result, gpointer data)
{
    Wait *wait = data;
    g_autoptr(GVariant) reply =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, NULL);
    g_autoptr(GVariant) objects = reply ? g_variant_get_child_value(reply, 0) : NULL;

    if (objects && has_all(objects, wait->paths))
        g_main_loop_quit(wait->loop);
}

static void objects_list(Wait *wait)
{
    g_dbus_connection_call(wait->bus, wait->name, "/", "org.freedesktop.DBus.ObjectManager",
                           "GetManagedObjects", NULL, G_VARIANT_TYPE("(a{oa{sa{sv}}})"),
                           G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, objects_listed, wait);
}

static void object_added(GDBusConnection *bus, const char *sender, const char *path,
                         const char *interface, const char *signal, GVariant *parameters,
                         gpointer data)
{
    objects_list(data);
}

static void name_appeared(GDBusConnection *bus, const char *name, const char *owner, gpointer data)
{
    Wait *wait = data;

    if (wait->gone)
        return;
    if (!*wait->paths)
        g_main_loop_quit(wait->loop);
    else
        objects_list(wait);
}

static void name_vanished(GDBusConnection *bus, const char *name, gpointer data)
{
    Wait *wait = data;

    if (wait->gone)
        g_main_loop_quit(wait->loop);
}

static int wait_bus(const char *name, char **paths, bool gone)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, &error);
    Wait wait = {.bus = bus, .name = name, .paths = paths, .gone = gone, .loop = loop};

    if (!bus) {
        fprintf(stderr, "room-wait: %s\n", error->message);
        return 1;
    }
    g_dbus_connection_signal_subscribe(bus, name, "org.freedesktop.DBus.ObjectManager",
                                       "InterfacesAdded", NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                       object_added, &wait, NULL);
    g_bus_watch_name_on_connection(bus, name, G_BUS_NAME_WATCHER_FLAGS_NONE, name_appeared,
                                   name_vanished, &wait, NULL);
    g_main_loop_run(loop);
    return 0;
}

static int wait_hci(int wanted)
{
    int fd = mgmt_watch();
    char event[512];

    if (fd < 0) {
        perror("room-wait: management channel");
        return 1;
    }
    while (mgmt_count() != wanted)
        if (read(fd, event, sizeof(event)) < 0)
            return 1;
    return 0;
}

int main(int argc, char **argv)
{
    bool gone = argc > 1 && !strcmp(argv[1], "--gone");

    argc -= gone;
    argv += gone;
    if (argc >= 3 && !strcmp(argv[1], "bus"))
        return wait_bus(argv[2], argv + 3, gone);
    if (argc == 3 && !strcmp(argv[1], "hci"))
        return wait_hci(atoi(argv[2]));
    fprintf(stderr, "usage: room-wait [--gone] bus NAME [PATH…] | hci COUNT\n");
    return 2;
}
