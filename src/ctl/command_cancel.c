/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/command.h"
#include "ctl/document.h"

#include <stdio.h>

static bool run_cancel(Client *client, const Options *options, GError **error)
{
    g_autoptr(GVariant) answer = client_ask(client, "CancelPairing", NULL, "()", error);
    if (!answer)
        return false;
    if (options->json) {
        g_autoptr(JsonObject) object = json_object_new();
        json_object_set_boolean_member(object, "pairing", FALSE);
        document_print(object);
    } else {
        puts("The pairing is cancelled.");
    }
    return true;
}

const Command command_cancel = {
    .name = "cancel",
    .arguments = "",
    .summary = "End a pairing that runs",
    .about = "Whoever waits for that pairing is told that it was cancelled. Nothing is left half "
             "paired.",
    .limit_s = 30,
    .run = run_cancel,
};
