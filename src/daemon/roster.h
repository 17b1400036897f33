/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Roster: all speakers that the daemon knows now, and which of them a client means. */
#pragma once

#include "daemon/entry.h"

typedef struct Roster Roster;

Roster *roster_new(void);
void roster_free(Roster *roster);
Entry *roster_find(const Roster *roster, const Address *address);
Entry *roster_ensure(Roster *roster, const Address *address);
void roster_remove(Roster *roster, Entry *entry);
Entry *roster_find_stream(const Roster *roster, EngineStream stream);
/* Entry * elements, in the order in which they came. */
const GPtrArray *roster_entries(const Roster *roster);
/* The one that has the stream or is about to; NULL for none. */
Entry *roster_active(const Roster *roster);
/* The one that a client's pairing is about; NULL while it still searches, or for none. */
Entry *roster_pairing(const Roster *roster);
Entry *roster_default(const Roster *roster);
/* The default speaker, else the one used last; NULL if none is saved. */
Entry *roster_preferred(const Roster *roster);
/* The one that the daemon is about: active, else wanted, else preferred. */
Entry *roster_subject(const Roster *roster);
unsigned roster_count_saved(const Roster *roster);
/* By address, object path, "default", or a name: the whole one, else a unique beginning, in any
 * case. NotFound or Ambiguous (the candidates stand in the message) else. */
Entry *roster_resolve(const Roster *roster, const char *selector, GError **error);
