/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/terminal.h"

#include "ctl/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80
#define COLUMNS_MIN     20

bool terminal_is_live(FILE *stream)
{
    const char *kind = getenv("TERM");
    return kind && *kind && strcmp(kind, "dumb") != 0 && isatty(fileno(stream));
}

unsigned terminal_columns(FILE *stream)
{
    struct winsize size = {0};
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col < COLUMNS_MIN)
        return COLUMNS_DEFAULT;
    return size.ws_col;
}

char *terminal_wrap(FILE *stream, const char *text, unsigned indent)
{
    if (!terminal_is_live(stream) || terminal_columns(stream) < 2 * indent)
        return g_strdup(text);
    g_autofree char *wrapped = text_wrap(text, terminal_columns(stream) - 1 - indent, 0);
    g_auto(GStrv) lines = g_strsplit(wrapped, "\n", -1);
    g_autofree char *margin = g_strdup_printf("\n%*s", (int)indent, "");
    return g_strjoinv(margin, lines);
}

static bool wants_colour(FILE *stream)
{
    const char *refused = getenv("NO_COLOR");
    return !(refused && *refused) && terminal_is_live(stream);
}

const char *terminal_colour(FILE *stream, TerminalColour colour)
{
    static const char *const codes[] = {
        [TERMINAL_PLAIN] = "",
        [TERMINAL_GOOD] = "\033[32m",
        [TERMINAL_BUSY] = "\033[33m",
        [TERMINAL_BAD] = "\033[31m",
    };
    return wants_colour(stream) ? codes[colour] : "";
}

const char *terminal_colour_end(FILE *stream)
{
    return wants_colour(stream) ? "\033[0m" : "";
}
