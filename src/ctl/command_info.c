/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/command.h"
#include "ctl/describe.h"
#include "ctl/document.h"

#include <string.h>

static void print_last_used(const Facts *speaker)
{
    int64_t seconds = facts_number(speaker, "LastUsed");
    g_autoptr(GDateTime) time = seconds > 0 ? g_date_time_new_from_unix_local(seconds) : NULL;
    g_autofree char *text = time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : NULL;
    describe_row_if("Last used", text ? text : "never");
}

static const char *yes_no(bool flag)
{
    return flag ? "yes" : "no";
}

static void print_screen(const Entry *entry, GVariant *counters)
{
    const Facts *speaker = entry->speaker;
    int64_t rssi = facts_number(speaker, "Rssi");
    describe_row_if("Name", facts_string(speaker, "Name"));
    describe_row_if("Address", facts_string(speaker, "Address"));
    describe_row_if("Kind", facts_string(speaker, "Kind"));
    describe_row_if("State", facts_string(speaker, "State"));
    describe_row_if("  why", facts_string(speaker, "Detail"));
    describe_row_if("  code", facts_string(speaker, "Reason"));
    describe_row_if("  next", facts_string(speaker, "Advice"));
    describe_row_if("Got to", facts_string(speaker, "Rung"));
    describe_row("Saved", "%s", yes_no(facts_flag(speaker, "Saved")));
    describe_row("Paired", "%s", yes_no(facts_flag(speaker, "Bonded")));
    describe_row("Default", "%s", yes_no(facts_flag(speaker, "Default")));
    print_last_used(speaker);
    if (rssi != 0)
        describe_row("Signal", "%" G_GINT64_FORMAT " dBm", rssi);
    describe_row("Class", "0x%06x", (unsigned)facts_number(speaker, "Class"));
    describe_stream(entry, counters);
}

static bool run_info(Client *client, const Options *options, GError **error)
{
    const Catalogue *catalogue = client_catalogue(client);
    const Entry *entry = catalogue_find(catalogue, options_selector(options), error);
    if (!entry)
        return false;
    g_autofree char *path = g_strdup(entry->path);
    g_autoptr(GVariant) counters = describe_counters(client, path);
    entry = catalogue_get(catalogue, path);
    if (!entry) {
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_NOT_FOUND, "The speaker is gone.");
        return false;
    }
    if (options->json) {
        g_autoptr(JsonObject) object = describe_json(entry, counters);
        document_print(object);
    } else {
        print_screen(entry, counters);
    }
    return true;
}

const Command command_info = {
    .name = "info",
    .arguments = "[SPEAKER]",
    .summary = "Show all that is known of a speaker",
    .about = "Without SPEAKER: the active one, else the default.",
    .arguments_max = 1,
    .limit_s = 10,
    .run = run_info,
};
