/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Client: an A2DP source that does nothing by itself: an agent and a source endpoint on a bus,
 * calls that are made one after the other, and a list of all that was seen meanwhile. It knows no
 * more of BlueZ than its names, so the same conversation can be held with the real one and with the
 * fake. */
#pragma once

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <stdbool.h>

#define CLIENT_WAIT_MS 8000
#define CLIENT_SOURCE  "0000110a-0000-1000-8000-00805f9b34fb"
#define CLIENT_SINK    "0000110b-0000-1000-8000-00805f9b34fb"

typedef struct {
    GDBusConnection *bus;
    /* One line an event: "hci0 Adapter1.Powered=true", "fd0 added", "SelectConfiguration". Objects
     * by the last element of their path. */
    GPtrArray *seen;
    const char *only; /* signals of paths that begin so; NULL: all */
    bool details;     /* properties of what is added as well */
    bool trace;       /* our calls too: "> Device1.Pair", "< Device1.Pair", and its error */
    unsigned mtu;     /* of the last Acquire, to write */

    /* Its manners. */
    bool refuse_configuration;
    bool mute; /* the endpoint answers nothing at all */
    bool refuse_agent;

    guint signals;
    GDBusNodeInfo *info;
    GPtrArray *unanswered;
} Client;

Client *client_new(const char *address);
void client_free(Client *client);
/* Leaves the bus; what was seen stays. */
void client_leave(Client *client);

/* "Interface1.Method" of org.bluez, or with a whole interface name. NULL, or "Error|message" with
 * the last word of the error's name. */
char *client_call(Client *client, const char *path, const char *method, GVariant *arguments);
GVariant *client_call_value(Client *client, const char *path, const char *method,
                            GVariant *arguments, GUnixFDList **fds, GError **error);
/* Does not wait for the answer. */
void client_send(Client *client, const char *path, const char *interface, const char *method,
                 GVariant *arguments);
char *client_set(Client *client, const char *path, const char *interface, const char *property,
                 GVariant *value);
char *client_register_agent(Client *client, const char *capability);
char *client_register_endpoint(Client *client, const char *adapter);
/* The socket, or -1 and an error. */
int client_acquire(Client *client, const char *path, GError **error);

/* Where a line stands at or behind from; G_MAXUINT: nowhere. */
guint client_position(const Client *client, const char *line, guint from);
/* Runs the main context until there is such a line at or behind from; false: CLIENT_WAIT_MS. */
bool client_wait(Client *client, const char *line, guint from);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)
