/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/command.h"
#include "ctl/text.h"

#include <stdio.h>

/* One word to choose a speaker by on each line, for the shell's completion. */
static bool run_names(Client *client, const Options *options, GError **error)
{
    g_autoptr(GPtrArray) all = catalogue_list(client_catalogue(client));
    for (guint i = 0; i < all->len; i++) {
        const Entry *entry = all->pdata[i];
        g_autofree char *name = text_clean(facts_string(entry->speaker, "Name"));
        if (*name)
            puts(name);
        puts(facts_string(entry->speaker, "Address"));
    }
    puts("default");
    return true;
}

const Command command_names = {
    .name = "names",
    .arguments = "",
    .summary = "Print the words by which a speaker can be chosen, one a line",
    .limit_s = 2,
    .hidden = true,
    .run = run_names,
};
