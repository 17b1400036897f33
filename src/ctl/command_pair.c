/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/command.h"
#include "ctl/describe.h"
#include "ctl/progress.h"

#include <math.h>
#include <string.h>

/* What the daemon takes as a search window. */
#define WINDOW_MIN_S 10.0
#define WINDOW_MAX_S 180.0
/* Behind the search come pairing, connecting, perhaps a second attempt, and the tone. */
#define REST_S  120.0
#define PIN_MAX 16

static char *pin;
static gboolean no_tone;

static const GOptionEntry entries[] = {
    {"pin", 0, 0, G_OPTION_ARG_STRING, &pin, "the code of a speaker that asks for one", "PIN"},
    {"no-tone", 0, 0, G_OPTION_ARG_NONE, &no_tone, "play no tone at the end", NULL},
    {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
};

static bool check_options(const Options *options, GError **error)
{
    if (options->timeout_s > WINDOW_MAX_S)
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS,
                    "A search for a speaker runs for %.0f s at most.", WINDOW_MAX_S);
    else if (pin && (!*pin || strlen(pin) > PIN_MAX))
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS,
                    "A PIN has 1 to %d characters.", PIN_MAX);
    else
        return true;
    return false;
}

/* Less time than the daemon's shortest search is kept here, by cancelling. */
static double limit_of(const Options *options)
{
    if (options->timeout_s > 0 && options->timeout_s < WINDOW_MIN_S)
        return options->timeout_s;
    return (options->timeout_s > 0 ? options->timeout_s : WINDOW_MAX_S) + REST_S;
}

static GVariant *wish_of(const Options *options)
{
    GVariantBuilder wish;
    g_variant_builder_init(&wish, G_VARIANT_TYPE_VARDICT);
    if (options->timeout_s > 0)
        g_variant_builder_add(
            &wish, "{sv}", "timeout",
            g_variant_new_uint32((guint32)ceil(MAX(options->timeout_s, WINDOW_MIN_S))));
    if (pin)
        g_variant_builder_add(&wish, "{sv}", "pin", g_variant_new_string(pin));
    if (no_tone)
        g_variant_builder_add(&wish, "{sv}", "tone", g_variant_new_boolean(FALSE));
    return g_variant_new("(s@a{sv})", options_selector(options), g_variant_builder_end(&wish));
}

/* The daemon would end it anyway when we leave the bus; asking for it tells when it has ended. */
static bool cancel(Client *client, Progress *progress, GError **error)
{
    bool timed_out = client_stop(client) == CLIENT_TIMED_OUT;
    progress_stage(progress, "cancelling", "waiting until nothing is left half paired");
    bool confirmed = client_farewell(client, "CancelPairing");
    g_set_error(error, ECHOCAST_ERROR,
                timed_out ? ECHOCAST_ERROR_TIMED_OUT : ECHOCAST_ERROR_CANCELLED, "%s%s",
                timed_out ? "The pairing did not end in time and was cancelled"
                          : "The pairing was cancelled",
                confirmed ? "." : ", but echocastd did not confirm that.");
    return false;
}

static GVariant *pair(Client *client, const Options *options, GError **error)
{
    g_autoptr(Progress) progress = progress_new(options);
    g_autoptr(GError) failed = NULL;
    client_limit(client, limit_of(options));
    client_watch(client, &progress_events, progress);
    g_autoptr(GVariant) answer = client_ask(client, "Pair", wish_of(options), "(o)", &failed);
    ClientStop stop = client_stop(client);
    if (!answer && (stop == CLIENT_INTERRUPTED || stop == CLIENT_TIMED_OUT))
        cancel(client, progress, error);
    else if (!answer)
        g_propagate_error(error, g_steal_pointer(&failed));
    client_watch(client, NULL, NULL);
    return g_steal_pointer(&answer);
}

static bool run_pair(Client *client, const Options *options, GError **error)
{
    if (!check_options(options, error))
        return false;
    g_autoptr(GVariant) answer = pair(client, options, error);
    if (!answer)
        return false;
    const char *path;
    g_variant_get(answer, "(&o)", &path);
    return describe_outcome(
        client, options, path, "Paired with",
        no_tone ? "Sound flows to it." : "Sound flows to it: you should have heard a tone.", error);
}

const Command command_pair = {
    .name = "pair",
    .arguments = "[SPEAKER]",
    .summary = "Find, pair and connect a speaker, play a tone",
    .about = "Hold the speaker's Bluetooth button until it blinks fast: only then can it be "
             "paired. It does not matter whether you do that before or after giving this "
             "command.\nWithout SPEAKER: the only new speaker in pairing mode. If there are "
             "several, they are listed and nothing is done.\n--timeout is how long to search: 60 "
             "s if not given, 180 s at most. Ctrl-C cancels, and waits until nothing is left half "
             "paired.",
    .entries = entries,
    .arguments_max = 1,
    .run = run_pair,
};
