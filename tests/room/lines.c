/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 */
#include "lines.h"

#include <glib-unix.h>
#include <unistd.h>

typedef struct {
    LinesFunc func;
    void *data;
    GString *input;
} Lines;

static void lines_free(gpointer data)
{
    Lines *lines = data;

    g_string_free(lines->input, TRUE);
    g_free(lines);
}

static void lines_take(Lines *lines)
{
    char *end;

    while ((end = memchr(lines->input->str, '\n', lines->input->len))) {
        *end = '\0';
        lines->func(lines->input->str, lines->data);
        g_string_erase(lines->input, 0, end + 1 - lines->input->str);
    }
}

static gboolean lines_readable(int fd, GIOCondition condition, gpointer data)
{
    Lines *lines = data;
    char buffer[16384];
    ssize_t got = read(fd, buffer, sizeof(buffer));

    if (got <= 0) {
        lines->func(NULL, lines->data);
        return G_SOURCE_REMOVE;
    }
    g_string_append_len(lines->input, buffer, got);
    lines_take(lines);
    return G_SOURCE_CONTINUE;
}

void lines_watch(int fd, LinesFunc func, void *data)
{
    Lines *lines = g_new0(Lines, 1);

    lines->func = func;
    lines->data = data;
    lines->input = g_string_new(NULL);
    g_unix_fd_add_full(G_PRIORITY_DEFAULT, fd, G_IO_IN | G_IO_HUP, lines_readable, lines,
                       lines_free);
}
