/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/command.h"
#include "ctl/describe.h"
#include "ctl/progress.h"

/* Not waiting any longer does not undo it: the owner wanted that speaker. */
static bool fail_stopped(ClientStop stop, const GError *failed, GError **error)
{
    bool timed_out = stop == CLIENT_TIMED_OUT;
    if (!timed_out && stop != CLIENT_INTERRUPTED) {
        g_propagate_error(error, g_error_copy(failed));
        return false;
    }
    g_set_error(error, ECHOCAST_ERROR,
                timed_out ? ECHOCAST_ERROR_TIMED_OUT : ECHOCAST_ERROR_CANCELLED,
                "%s; echocastd may go on trying.\n"
                "next: 'echocastctl status' shows what it does, 'echocastctl disconnect' ends it.",
                timed_out ? "The audio path was not ready in time" : "Waiting was cancelled");
    return false;
}

static bool run_connect(Client *client, const Options *options, GError **error)
{
    g_autoptr(Progress) progress = progress_new(options);
    g_autoptr(GError) failed = NULL;
    client_watch(client, &progress_events, progress);
    g_autoptr(GVariant) answer = client_ask(
        client, "Connect", g_variant_new("(s)", options_selector(options)), "(o)", &failed);
    client_watch(client, NULL, NULL);
    g_clear_pointer(&progress, progress_free);
    if (!answer)
        return fail_stopped(client_stop(client), failed, error);
    const char *path;
    g_variant_get(answer, "(&o)", &path);
    return describe_outcome(client, options, path, "Connected to", "The audio path is ready.",
                            error);
}

const Command command_connect = {
    .name = "connect",
    .arguments = "[SPEAKER]",
    .summary = "Connect a saved speaker, wait until sound can flow",
    .about = "Without SPEAKER: the default, else the one used last. A new speaker must be paired "
             "first, with 'echocastctl pair'. Ctrl-C ends the waiting, not the connecting.",
    .arguments_max = 1,
    .limit_s = 180,
    .run = run_connect,
};
