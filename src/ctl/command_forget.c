/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/command.h"
#include "ctl/describe.h"
#include "ctl/document.h"

#include <stdio.h>

static bool run_forget(Client *client, const Options *options, GError **error)
{
    const char *selector = options_selector(options);
    /* What is gone afterwards is described before. */
    const Entry *entry = catalogue_find(client_catalogue(client), selector, NULL);
    g_autofree char *who = describe_label(entry, selector);
    g_autoptr(JsonObject) object = entry ? describe_json(entry, NULL) : json_object_new();
    g_autoptr(GVariant) answer =
        client_ask(client, "Forget", g_variant_new("(s)", selector), "()", error);
    if (!answer)
        return false;
    if (options->json)
        document_print(object);
    else
        printf("Forgot %s.\n", who);
    return true;
}

const Command command_forget = {
    .name = "forget",
    .arguments = "SPEAKER",
    .summary = "Remove a speaker: its bond and all that was saved",
    .about = "To use it again it must be paired again. Most speakers keep a list of paired "
             "devices of their own: clear that too if pairing is refused afterwards.\nWith --json "
             "the speaker is shown as it was before.",
    .arguments_min = 1,
    .arguments_max = 1,
    .limit_s = 60,
    .run = run_forget,
};
