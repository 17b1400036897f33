/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/command.h"
#include "ctl/describe.h"
#include "ctl/document.h"

#include <string.h>

#define FREQUENCY_MIN_HZ 20
#define FREQUENCY_MAX_HZ 20000
#define DURATION_MIN_MS  50
#define DURATION_MAX_MS  60000
#define REST_S           30.0 /* to open the stream, if it is closed */

static int frequency_hz = 440;
static int duration_ms = 1000;
static char *channel;

static const GOptionEntry entries[] = {
    {"freq", 0, 0, G_OPTION_ARG_INT, &frequency_hz, "frequency, 20 to 20000, else 440", "HZ"},
    {"ms", 0, 0, G_OPTION_ARG_INT, &duration_ms, "duration, 50 to 60000, else 1000", "N"},
    {"channel", 0, 0, G_OPTION_ARG_STRING, &channel, "l, r or both, else both", "CHANNEL"},
    {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
};

/* The daemon's word for it, NULL for none. */
static const char *channels_word(void)
{
    static const char *const words[][2] = {
        {"both", "both"}, {"l", "left"}, {"left", "left"}, {"r", "right"}, {"right", "right"}};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(channel ? channel : "both", words[i][0]) == 0)
            return words[i][1];
    return NULL;
}

static bool check_options(GError **error)
{
    const char *wrong = NULL;
    if (frequency_hz < FREQUENCY_MIN_HZ || frequency_hz > FREQUENCY_MAX_HZ)
        wrong = "--freq takes 20 to 20000 Hz.";
    else if (duration_ms < DURATION_MIN_MS || duration_ms > DURATION_MAX_MS)
        wrong = "--ms takes 50 to 60000 milliseconds.";
    else if (!channels_word())
        wrong = "--channel takes l, r or both.";
    if (wrong)
        g_set_error_literal(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS, wrong);
    return !wrong;
}

static GVariant *wish_of(const Options *options)
{
    GVariantBuilder wish;
    g_variant_builder_init(&wish, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&wish, "{sv}", "frequency", g_variant_new_uint32((guint32)frequency_hz));
    g_variant_builder_add(&wish, "{sv}", "duration", g_variant_new_uint32((guint32)duration_ms));
    g_variant_builder_add(&wish, "{sv}", "channels", g_variant_new_string(channels_word()));
    return g_variant_new("(s@a{sv})", options_selector(options), g_variant_builder_end(&wish));
}

static void print_verdict(const char *who, const Facts *evidence)
{
    describe_row("Tone", "%d Hz, %d ms, %s%s", frequency_hz, duration_ms, channels_word(),
                 strcmp(channels_word(), "both") == 0 ? " channels" : " channel only");
    if (*who)
        describe_row("Speaker", "%s", who);
    describe_row("Sent", "%" G_GINT64_FORMAT " packets", facts_number(evidence, "packets"));
    describe_row_if("Transport", facts_string(evidence, "transport"));
    describe_row("Verdict", "the link to the speaker took the whole tone.");
    describe_row("", "If you heard nothing, turn the speaker up.");
}

static void print_json(GVariant *evidence)
{
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_int_member(object, "frequency", frequency_hz);
    json_object_set_string_member(object, "channels", channels_word());
    facts_add_variant_to_json(evidence, object);
    document_print(object);
}

static bool judge(const Options *options, const char *who, GVariant *evidence, GError **error)
{
    g_autoptr(Facts) facts = facts_new();
    facts_apply(facts, evidence);
    if (facts_number(facts, "packets") == 0) {
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_CONNECTED_NO_AUDIO,
                    "No packet of the tone went out.");
        return false;
    }
    if (options->json)
        print_json(evidence);
    else
        print_verdict(who, facts);
    return true;
}

static bool run_test_tone(Client *client, const Options *options, GError **error)
{
    if (!check_options(error))
        return false;
    const Entry *entry = catalogue_find(client_catalogue(client), options_selector(options), NULL);
    g_autofree char *who = describe_label(entry, options_selector(options));
    client_limit(client,
                 options->timeout_s > 0 ? options->timeout_s : REST_S + duration_ms / 1000.0);
    g_autoptr(GVariant) answer = client_ask(client, "TestTone", wish_of(options), "(a{sv})", error);
    if (!answer)
        return false;
    g_autoptr(GVariant) evidence = g_variant_get_child_value(answer, 0);
    return judge(options, who, evidence, error);
}

const Command command_test_tone = {
    .name = "test-tone",
    .arguments = "[SPEAKER]",
    .summary = "Play a tone and say what became of it",
    .about = "Without SPEAKER: the active one. The tone does not pass through the loopback: if "
             "you hear it but no music, look at the player. The program cannot hear, so its "
             "verdict goes by what was sent.",
    .entries = entries,
    .arguments_max = 1,
    .run = run_test_tone,
};
