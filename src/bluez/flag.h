/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Flag: one boolean of the adapter that we hold at a value: Pairable, Discoverable. Sets it when it
 * is seen otherwise, one call at a time: BlueZ answers a second one Busy, or takes it for done
 * while the first is still on its way (adapter.c:property_set_mode). Main loop only; owned by
 * Adapter. */
#pragma once

#include "calls.h"

typedef struct Flag Flag;

Flag *flag_new(const Objects *objects, const char *property);
void flag_free(Flag *flag);
/* The adapter it belongs to; NULL: none now, and what was under way is forgotten. */
void flag_attach(Flag *flag, const char *adapter);
/* Looks at the property and sets it if it is not as wanted. */
void flag_settle(Flag *flag);
/* done (may be NULL) is called from the main loop once the value stands, or with an error; a later
 * flag_want or flag_attach forgets it. */
void flag_want(Flag *flag, bool value, void (*done)(const GError *error, void *data), void *data);
/* Last words: off, also if an "on" of ours is under way. Blocks for it, a second at the most. */
void flag_say_off(Flag *flag);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Flag, flag_free)
