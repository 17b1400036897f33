/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Options: the command line, read. Options may stand before and behind the command. A command's own
 * options land in variables of its file. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Command Command;

/* gboolean where GOption writes. */
typedef struct {
    gboolean json;
    gboolean quiet;
    gboolean verbose;
    gboolean help;
    gboolean version;
    double timeout_s;       /* 0: not given */
    const Command *command; /* NULL: none was named */
    char **arguments;       /* what is left, NULL-terminated */
} Options;

/* commands: NULL-terminated. error: of ECHOCAST_ERROR, names the nearest word that exists. json is
 * set even then, as far as it was read. */
bool options_parse(Options *options, const Command *const *commands, const char *const *words,
                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
void options_clear(Options *options);
/* The first argument, "" for none. */
const char *options_selector(const Options *options);
/* The help page of a command, or with NULL of the program. */
char *options_help(const Command *const *commands, const Command *command);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)
