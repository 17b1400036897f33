/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Terminal: what may be done with an output stream. Escape codes only where somebody looks at them:
 * never into files and pipes, never with TERM=dumb; no colours with NO_COLOR. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

typedef enum { TERMINAL_PLAIN, TERMINAL_GOOD, TERMINAL_BUSY, TERMINAL_BAD } TerminalColour;

/* A line may be written anew in place. */
bool terminal_is_live(FILE *stream);
unsigned terminal_columns(FILE *stream);
/* The text, on a live terminal broken into lines that fit behind what stands before it: indent
 * columns. Elsewhere lines stay whole, for grep. */
char *terminal_wrap(FILE *stream, const char *text, unsigned indent);
/* "" where colours are not wanted. */
const char *terminal_colour(FILE *stream, TerminalColour colour);
const char *terminal_colour_end(FILE *stream);
