/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * message: one JSON object on one line, built member by member. The caller owns it until
 * message_end(), which frees it.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Begins {"kind": "name" …}. */
JsonBuilder *message_new(const char *kind, const char *name);
void message_int(JsonBuilder *message, const char *name, int64_t value);
void message_double(JsonBuilder *message, const char *name, double value);
void message_bool(JsonBuilder *message, const char *name, bool value);
void message_string(JsonBuilder *message, const char *name, const char *value);
/* The finished line, with its line feed. */
char *message_end(JsonBuilder *message);
/* Finishes it and writes it to standard output. */
void message_print(JsonBuilder *message);

/* CLOCK_MONOTONIC: the time base of everything in the room. */
int64_t now_ns(void);
