/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/command.h"
#include "ctl/describe.h"
#include "ctl/document.h"
#include "ctl/terminal.h"
#include "ctl/text.h"

#include <stdio.h>
#include <string.h>

static TerminalColour headline_colour(const Facts *manager)
{
    if (*facts_string(manager, "Reason"))
        return TERMINAL_BAD;
    bool active = *facts_string(manager, "ActiveSpeaker") &&
                  strcmp(facts_string(manager, "ActiveSpeaker"), "/") != 0;
    return active ? TERMINAL_GOOD : TERMINAL_PLAIN;
}

/* What the daemon makes of it all: headline, why, what to do. */
static void print_diagnosis(const Facts *manager)
{
    g_autofree char *headline = text_clean(facts_string(manager, "Headline"));
    if (*headline)
        printf("%s%s%s\n", terminal_colour(stdout, headline_colour(manager)), headline,
               terminal_colour_end(stdout));
    describe_row_if("  why", facts_string(manager, "Detail"));
    describe_row_if("  code", facts_string(manager, "Reason"));
    describe_row_if("  next", facts_string(manager, "Advice"));
}

/* A word of the interface in more words; itself if it is not in the table. */
static const char *explain(const char *word, const char *const (*table)[2], size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        if (strcmp(table[i][0], word) == 0)
            return table[i][1];
    return word;
}

static void print_adapter(const Facts *manager)
{
    static const char *const states[][2] = {
        {"off", "switched off"},
        {"blocked", "blocked by rfkill"},
        {"missing", "none on this machine"},
        {"no-bluetoothd", "unknown while bluetoothd is not running"},
    };
    g_autofree char *alias = text_clean(facts_string(manager, "AdapterAlias"));
    const char *address = facts_string(manager, "Adapter");
    const char *state =
        explain(facts_string(manager, "AdapterState"), states, G_N_ELEMENTS(states));
    if (*address)
        describe_row("Adapter", "%s%s%s, %s", address, *alias ? " " : "", alias, state);
    else
        describe_row("Adapter", "%s", state);
}

static void print_loopback(const Facts *manager)
{
    static const char *const states[][2] = {
        {"missing", "missing: is the module snd-aloop loaded?"},
        {"busy", "busy: another program holds our side of it"},
    };
    const char *state = facts_string(manager, "LoopbackState");
    if (strcmp(state, "open") == 0)
        describe_row("Loopback", "open, %s",
                     facts_flag(manager, "PlayerActive") ? "an application plays into it"
                                                         : "nothing plays into it");
    else
        describe_row("Loopback", "%s", explain(state, states, G_N_ELEMENTS(states)));
}

static void print_work(const Facts *manager)
{
    int64_t deadline_us = facts_number(manager, "PairingDeadline");
    int64_t left_us = deadline_us - g_get_monotonic_time();
    if (facts_flag(manager, "Pairing") && left_us > 0)
        describe_row("Pairing", "runs, %" G_GINT64_FORMAT " s left", left_us / G_USEC_PER_SEC);
    else if (facts_flag(manager, "Pairing"))
        describe_row("Pairing", "runs");
    else if (facts_flag(manager, "Scanning"))
        describe_row("Scan", "runs");
}

static void print_state(const char *label, const Entry *entry)
{
    g_autofree char *who = describe_label(entry, "");
    const char *reason = facts_string(entry->speaker, "Reason");
    describe_row(label, "%s", who);
    describe_row("", "%s%s%s, got as far as: %s", facts_string(entry->speaker, "State"),
                 *reason ? " because of " : "", reason, facts_string(entry->speaker, "Rung"));
}

static void print_speaker(const Catalogue *catalogue, GVariant *counters)
{
    const Facts *manager = catalogue_manager(catalogue);
    const Entry *active = catalogue_get(catalogue, facts_string(manager, "ActiveSpeaker"));
    const Entry *usual = catalogue_get(catalogue, facts_string(manager, "DefaultSpeaker"));
    if (active) {
        print_state("Speaker", active);
        describe_stream(active, counters);
    } else if (usual) {
        print_state("Default", usual);
    } else {
        describe_row("Speaker", "none active");
    }
}

static void print_screen(const Catalogue *catalogue, GVariant *counters)
{
    const Facts *manager = catalogue_manager(catalogue);
    printf("Echocast %s, role: %s\n", facts_string(manager, "Version"),
           facts_string(manager, "Role"));
    print_diagnosis(manager);
    print_adapter(manager);
    print_loopback(manager);
    print_work(manager);
    print_speaker(catalogue, counters);
}

static void print_json(const Catalogue *catalogue, GVariant *counters)
{
    const Facts *manager = catalogue_manager(catalogue);
    const Entry *active = catalogue_get(catalogue, facts_string(manager, "ActiveSpeaker"));
    g_autoptr(JsonObject) object = json_object_new();
    facts_add_to_json(manager, object);
    if (active)
        json_object_set_object_member(object, "speaker", describe_json(active, counters));
    else
        json_object_set_null_member(object, "speaker");
    document_print(object);
}

static bool run_status(Client *client, const Options *options, GError **error)
{
    const Catalogue *catalogue = client_catalogue(client);
    g_autofree char *active = g_strdup(facts_string(catalogue_manager(catalogue), "ActiveSpeaker"));
    g_autoptr(GVariant) counters = describe_counters(client, active);
    if (options->json)
        print_json(catalogue, counters);
    else
        print_screen(catalogue, counters);
    return true;
}

const Command command_status = {
    .name = "status",
    .arguments = "",
    .summary = "Show what works, what plays, and what is wrong",
    .about = "What is wrong, if anything, stands on top with the next step to take. Behind the "
             "speaker's state stands how far its connection got: saved, discovered, bonded, "
             "link-up, profile-up, stream-open, streaming or silent.",
    .limit_s = 10,
    .run = run_status,
};
