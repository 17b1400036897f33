/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Text: what may be shown of a string that came from the air. A speaker's name is chosen by whoever
 * holds the speaker: it may hold escape sequences, line feeds, right-to-left overrides, piles of
 * combining marks. Nothing of that reaches a terminal. Pure. */
#pragma once

#include <glib.h>
#include <stddef.h>

/* One line of valid UTF-8 without control or format characters. */
char *text_clean(const char *raw);
/* The same of several lines: line feeds stay. */
char *text_clean_lines(const char *raw);
/* Columns it takes on a terminal: 2 for wide characters, 0 for combining ones. */
size_t text_width(const char *text);
/* Cleaned, cut to that many columns (an ellipsis says so). */
char *text_cut(const char *raw, size_t columns);
/* Cleaned, cut and filled with spaces to exactly that many columns. */
char *text_fit(const char *raw, size_t columns);
/* Breaks at spaces so that no line is longer than that; lines after the first begin with so many
 * spaces. A word that is longer stands alone. Line feeds stay. */
char *text_wrap(const char *text, size_t columns, size_t indent);
