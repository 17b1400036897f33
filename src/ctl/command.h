/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Command: one word of echocastctl: what it takes, what it says of itself, what it does.
 * One file each, command_NAME.c; main.c holds the table. */
#pragma once

#include "base/error.h"
#include "ctl/client.h"
#include "ctl/options.h"

#include <glib.h>
#include <stdbool.h>

struct Command {
    const char *name;
    const char *arguments;       /* as the usage line shows them, "" for none */
    const char *summary;         /* one line */
    const char *about;           /* more, after the options; NULL for nothing */
    const GOptionEntry *entries; /* its own options, NULL for none */
    unsigned arguments_min;
    unsigned arguments_max;
    /* How long it may take in all, where --timeout does not say; 0: it sees to that itself. */
    unsigned limit_s;
    bool hidden; /* for the completion, not for people */
    /* false with error set: nothing was printed on standard output if that is to be one object. */
    bool (*run)(Client *client, const Options *options, GError **error);
};

extern const Command command_cancel;
extern const Command command_connect;
extern const Command command_disconnect;
extern const Command command_forget;
extern const Command command_info;
extern const Command command_list;
extern const Command command_monitor;
extern const Command command_names;
extern const Command command_pair;
extern const Command command_scan;
extern const Command command_status;
extern const Command command_test_tone;
