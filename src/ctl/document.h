/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Document: one JSON object on one line of standard output, all that --json prints there. */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>

/* The text of it. Names from the air may hold C1 controls and direction overrides, which JSON
 * allows and terminals obey: they are written as \u escapes, so that nothing is lost and nothing
 * happens. */
char *document_text(JsonObject *object);
/* Prints a line and flushes it; false when nobody reads any more. */
bool document_print(JsonObject *object);
