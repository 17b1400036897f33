/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Keylines: in which line of a key file each group and key stands. GKeyFile reads the values but
 * knows no lines, takes the last of two equal keys and says nothing; this is the other half. Pure.
 */
#pragma once

#include <glib.h>

typedef struct {
    unsigned number; /* from 1 */
    char *group;
    char *key; /* NULL: the group's own line */
} Keyline;

/* Keyline * elements in the order of the file. An error (ECHOCAST_ERROR_INVALID_ARGUMENTS, "12: …")
 * for the first line that is no group, key, comment or blank, and for a group or key that stands
 * twice. */
GPtrArray *keylines_scan(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
