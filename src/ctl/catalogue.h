/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Catalogue: what the daemon says of itself and of the speakers it knows, kept up to date by its
 * signals. Also finds the speaker that somebody means. Pure; entries live until the next change. */
#pragma once

#include "ctl/facts.h"

typedef struct {
    char *path;
    Facts *speaker; /* org.echocast.Speaker1, never NULL */
    Facts *stream;  /* org.echocast.Stream1, NULL while there is none */
} Entry;

typedef struct Catalogue Catalogue;

Catalogue *catalogue_new(void);
void catalogue_free(Catalogue *catalogue);
void catalogue_clear(Catalogue *catalogue);

/* org.echocast.Manager1. */
Facts *catalogue_manager(const Catalogue *catalogue);
/* objects: a{oa{sa{sv}}}, all there are. */
void catalogue_load(Catalogue *catalogue, GVariant *objects);
/* interfaces: a{sa{sv}}. */
void catalogue_add(Catalogue *catalogue, const char *path, GVariant *interfaces);
void catalogue_remove(Catalogue *catalogue, const char *path, const char *const *interfaces);
/* changed: a{sv}. */
void catalogue_change(Catalogue *catalogue, const char *path, const char *interface,
                      GVariant *changed);

/* NULL for none. */
const Entry *catalogue_get(const Catalogue *catalogue, const char *path);
/* Of const Entry *; the default first, then by name. */
GPtrArray *catalogue_list(const Catalogue *catalogue);
/* By the daemon's own rule: an address, an object path, a name or its unique beginning in any case
 * (a whole name wins over beginnings, a saved speaker over one in reach), "default"; "" is the
 * active speaker, else the default. error: NOT_FOUND, or AMBIGUOUS with the candidates, one a line.
 */
const Entry *catalogue_find(const Catalogue *catalogue, const char *selector, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Catalogue, catalogue_free)
