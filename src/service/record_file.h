/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* RecordFile: the saved speakers as text, one group [Speaker AA:BB:CC:DD:EE:FF] each. The form is a
 * GKeyFile, so what this version does not know stays where it is. Pure: text in, text out. */
#pragma once

#include "speaker/record.h"

/* Reads whatever can be read. damaged: text had lines or values in it that no echocastd has
 * written; they are left out. */
GKeyFile *record_file_parse(const char *text, gsize length, bool *damaged);
/* Record * elements in the order of the file. */
GPtrArray *record_file_records(GKeyFile *file);
void record_file_put(GKeyFile *file, const Record *record);
void record_file_remove(GKeyFile *file, const Address *address);
/* Never empty: a heading stands on top. */
char *record_file_print(GKeyFile *file, gsize *length);
