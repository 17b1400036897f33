/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Describe: a speaker as several commands show it, for people and as JSON. */
#pragma once

#include "ctl/client.h"
#include "ctl/options.h"

/* "Kitchen (AA:BB:CC:DD:EE:FF)", cleaned; entry NULL: the selector. */
char *describe_label(const Entry *entry, const char *selector);
/* A row of a screen: the label in its column, then the text. */
void describe_row(const char *label, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same, but nothing if the text is empty; it is cleaned. */
void describe_row_if(const char *label, const char *text);

/* The counters of its stream, a{st}; NULL if there is no stream (any more). Asks the daemon, so
 * entries of the catalogue are to be looked up again behind it. */
GVariant *describe_counters(Client *client, const char *path);
/* Codec, packets, latency. */
void describe_stream(const Entry *entry, GVariant *counters);
/* Path, properties, and "stream" with "counters". */
JsonObject *describe_json(const Entry *entry, GVariant *counters);

/* The end of a command that acted on one speaker: reads its state anew and prints it as JSON, or
 * for people "DONE Kitchen (AA:BB:CC:DD:EE:FF).", and unless quiet a line with what that means
 * (NULL for nothing). */
bool describe_outcome(Client *client, const Options *options, const char *path, const char *done,
                      const char *meaning, GError **error) G_GNUC_WARN_UNUSED_RESULT;
