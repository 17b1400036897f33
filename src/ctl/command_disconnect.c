/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/command.h"
#include "ctl/describe.h"

static bool run_disconnect(Client *client, const Options *options, GError **error)
{
    const char *selector = options_selector(options);
    const Entry *entry = catalogue_find(client_catalogue(client), selector, NULL);
    g_autofree char *path = g_strdup(entry ? entry->path : selector);
    g_autoptr(GVariant) answer =
        client_ask(client, "Disconnect", g_variant_new("(s)", selector), "()", error);
    if (!answer)
        return false;
    return describe_outcome(client, options, path, "Disconnected from", NULL, error);
}

const Command command_disconnect = {
    .name = "disconnect",
    .arguments = "[SPEAKER]",
    .summary = "Disconnect a speaker; it stays saved",
    .about = "Without SPEAKER: the active one. It is left alone until you connect it again.",
    .arguments_max = 1,
    .limit_s = 60,
    .run = run_disconnect,
};
