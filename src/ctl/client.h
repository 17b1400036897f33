/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Client: the conversation with echocastd over the system bus. Every call is asynchronous
 * underneath: while one waits, signals of the daemon arrive and Ctrl-C works. It never starts the
 * daemon: whoever stopped it meant that. Owns the signal handlers of the process; main loop only.
 */
#pragma once

#include "ctl/catalogue.h"

#include <gio/gio.h>
#include <stdbool.h>

typedef struct Client Client;

typedef enum {
    CLIENT_RUNS,
    CLIENT_INTERRUPTED, /* SIGINT, SIGTERM, SIGHUP */
    CLIENT_TIMED_OUT,
    CLIENT_BUS_CLOSED,
    CLIENT_OWNER_CHANGED, /* the daemon went or came: client_is_there() */
    CLIENT_ENDED,         /* client_end() */
} ClientStop;

/* Each may be NULL. The catalogue knows it already, but for removed: it still knows the object. */
typedef struct {
    void (*progress)(const char *speaker, const char *stage, const char *text, void *data);
    void (*added)(const char *path, GVariant *interfaces, void *data);
    void (*removed)(const char *path, const char *const *interfaces, void *data);
    void (*changed)(const char *path, const char *interface, GVariant *changed, void *data);
} ClientEvents;

Client *client_new(void);
void client_free(Client *client);
/* Connects and loads the catalogue. */
bool client_open(Client *client, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Reads everything anew. Values that a method changed may be announced after its answer. */
bool client_load(Client *client, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const Catalogue *client_catalogue(const Client *client);
bool client_is_there(const Client *client);

/* events live as long as they are watched; NULL ends it. */
void client_watch(Client *client, const ClientEvents *events, void *data);
/* From now on at most so long; 0: no limit. Forgives a limit that was reached before. */
void client_limit(Client *client, double seconds);

/* A method of Manager1. reply: the type of the answer's tuple. */
GVariant *client_ask(Client *client, const char *method, GVariant *parameters, const char *reply,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
GVariant *client_call(Client *client, const char *path, const char *interface, const char *method,
                      GVariant *parameters, const char *reply,
                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Waits until something ends it. */
ClientStop client_wait(Client *client);
/* Ends client_wait from a callback. */
void client_end(Client *client);
/* Why the last call or wait ended early. */
ClientStop client_stop(const Client *client);
/* A method of Manager1 without arguments, said on the way out: has a few seconds even if the limit
 * is reached or Ctrl-C was pressed; another Ctrl-C ends it. */
bool client_farewell(Client *client, const char *method);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)
