/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Facts: the properties of one D-Bus interface, by name. Read generically and not by generated
 * proxies, so that --json shows whatever the daemon has, also what a newer one adds. Pure. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Facts Facts;

Facts *facts_new(void);
void facts_free(Facts *facts);
/* properties: a{sv}; what is known already is replaced, the rest stays. */
void facts_apply(Facts *facts, GVariant *properties);
void facts_clear(Facts *facts);

/* "" (false, 0) where there is none or it has another type. Facts may be NULL. */
const char *facts_string(const Facts *facts, const char *name);
bool facts_flag(const Facts *facts, const char *name);
int64_t facts_number(const Facts *facts, const char *name);

/* "RateHz" -> "rate_hz". */
char *facts_key(const char *name);
/* Any value as JSON. */
JsonNode *facts_value_to_json(GVariant *value);
/* Adds all of them, sorted by name. */
void facts_add_to_json(const Facts *facts, JsonObject *object);
/* The same of an a{sv} or a{st}. */
void facts_add_variant_to_json(GVariant *properties, JsonObject *object);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Facts, facts_free)
