/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/command.h"
#include "ctl/describe.h"
#include "ctl/document.h"
#include "ctl/text.h"

#include <stdio.h>
#include <string.h>

/* 2 + 28 + 2 + 17 + 2 + 10 + 2 + 16 = 79 columns. */
#define NAME_COLUMNS 28

static char *last_used_text(const Facts *speaker)
{
    int64_t seconds = facts_number(speaker, "LastUsed");
    g_autoptr(GDateTime) time = seconds > 0 ? g_date_time_new_from_unix_local(seconds) : NULL;
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("never");
}

static void print_row(const Entry *entry)
{
    g_autofree char *name = text_fit(facts_string(entry->speaker, "Name"), NAME_COLUMNS);
    g_autofree char *used = last_used_text(entry->speaker);
    printf("%c %s  %-17s  %-10s  %s\n", facts_flag(entry->speaker, "Default") ? '*' : ' ', name,
           facts_string(entry->speaker, "Address"), facts_string(entry->speaker, "State"), used);
}

static void print_table(const GPtrArray *saved, bool quiet)
{
    if (saved->len == 0) {
        puts("No speaker is saved.");
        if (!quiet)
            puts("  next: put one into pairing mode, then 'echocastctl pair'.");
        return;
    }
    printf("  %-*s  %-17s  %-10s  %s\n", NAME_COLUMNS, "NAME", "ADDRESS", "STATE", "LAST USED");
    for (guint i = 0; i < saved->len; i++)
        print_row(saved->pdata[i]);
    if (!quiet && facts_flag(((const Entry *)saved->pdata[0])->speaker, "Default"))
        puts("* the default speaker");
}

static void print_json(const GPtrArray *saved)
{
    g_autoptr(JsonObject) object = json_object_new();
    JsonArray *speakers = json_array_new();
    for (guint i = 0; i < saved->len; i++)
        json_array_add_object_element(speakers, describe_json(saved->pdata[i], NULL));
    json_object_set_array_member(object, "speakers", speakers);
    document_print(object);
}

static GPtrArray *saved_speakers(const Catalogue *catalogue)
{
    GPtrArray *all = catalogue_list(catalogue);
    for (guint i = all->len; i-- > 0;)
        if (!facts_flag(((const Entry *)all->pdata[i])->speaker, "Saved"))
            g_ptr_array_remove_index(all, i);
    return all;
}

static bool run_list(Client *client, const Options *options, GError **error)
{
    g_autoptr(GPtrArray) saved = saved_speakers(client_catalogue(client));
    if (options->json)
        print_json(saved);
    else
        print_table(saved, options->quiet);
    return true;
}

const Command command_list = {
    .name = "list",
    .arguments = "",
    .summary = "Show the saved speakers",
    .about = "Speakers that are in reach but not saved are shown by 'echocastctl scan'.",
    .limit_s = 10,
    .run = run_list,
};
