/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "daemon/roster.h"

#include "base/error.h"

#include <string.h>

struct Roster {
    GPtrArray *entries;
};

Roster *roster_new(void)
{
    Roster *roster = g_new0(Roster, 1);

    roster->entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    return roster;
}

void roster_free(Roster *roster)
{
    if (roster == NULL)
        return;
    g_ptr_array_unref(roster->entries);
    g_free(roster);
}

const GPtrArray *roster_entries(const Roster *roster)
{
    return roster->entries;
}

#define FOR_EACH_ENTRY(entry, roster)                                                              \
    Entry *entry = NULL;                                                                           \
    for (unsigned i_ = 0; i_ < (roster)->entries->len; i_++)                                       \
        if ((entry = g_ptr_array_index((roster)->entries, i_)) != NULL)

Entry *roster_find(const Roster *roster, const Address *address)
{
    FOR_EACH_ENTRY (entry, roster)
        if (address_equal(&entry->address, address))
            return entry;
    return NULL;
}

Entry *roster_ensure(Roster *roster, const Address *address)
{
    Entry *entry = roster_find(roster, address);

    if (entry == NULL) {
        entry = entry_new(address);
        g_ptr_array_add(roster->entries, entry);
    }
    return entry;
}

void roster_remove(Roster *roster, Entry *entry)
{
    g_ptr_array_remove(roster->entries, entry);
}

Entry *roster_find_stream(const Roster *roster, EngineStream stream)
{
    FOR_EACH_ENTRY (entry, roster)
        if (stream != 0 && entry->stream == stream)
            return entry;
    return NULL;
}

Entry *roster_active(const Roster *roster)
{
    FOR_EACH_ENTRY (entry, roster)
        if (speaker_is_active(&entry->speaker))
            return entry;
    return NULL;
}

Entry *roster_pairing(const Roster *roster)
{
    FOR_EACH_ENTRY (entry, roster)
        if (entry_has_waiter(entry, WAIT_PAIRED) || entry_has_waiter(entry, WAIT_PAIRED_TONE))
            return entry;
    return NULL;
}

Entry *roster_default(const Roster *roster)
{
    FOR_EACH_ENTRY (entry, roster)
        if (entry->record != NULL && entry->record->is_default)
            return entry;
    return NULL;
}

static Entry *last_used(const Roster *roster, bool only_wanted)
{
    Entry *best = NULL;

    FOR_EACH_ENTRY (entry, roster) {
        if (entry->record == NULL || (only_wanted && !entry->record->wanted))
            continue;
        if (best == NULL || entry->record->last_used > best->record->last_used)
            best = entry;
    }
    return best;
}

Entry *roster_preferred(const Roster *roster)
{
    Entry *entry = roster_default(roster);

    return entry != NULL ? entry : last_used(roster, false);
}

Entry *roster_subject(const Roster *roster)
{
    Entry *entry = roster_active(roster);

    if (entry == NULL)
        entry = last_used(roster, true);
    return entry != NULL ? entry : roster_preferred(roster);
}

unsigned roster_count_saved(const Roster *roster)
{
    unsigned count = 0;

    FOR_EACH_ENTRY (entry, roster)
        count += entry->record != NULL;
    return count;
}

static void describe(GString *text, const Entry *entry)
{
    char address[ADDRESS_STRING_SIZE];

    address_format(&entry->address, address);
    g_string_append_printf(text, "%s%s (%s)", text->len > 0 ? ", " : "", entry_name(entry),
                           address);
}

/* A whole name wins over beginnings, a saved speaker over one that is only in reach. */
static int rank(const Entry *entry, const char *folded)
{
    g_autofree char *name = g_utf8_casefold(entry_name(entry), -1);

    if (!g_str_has_prefix(name, folded))
        return 0;
    return 1 + (entry->record != NULL) + 2 * (strcmp(name, folded) == 0);
}

static Entry *resolve_name(const Roster *roster, const char *name, GError **error)
{
    g_autofree char *folded = g_utf8_casefold(name, -1);
    g_autoptr(GString) candidates = g_string_new(NULL);
    Entry *found = NULL;
    int best = 0;
    unsigned count = 0;

    FOR_EACH_ENTRY (entry, roster) {
        int this_rank = rank(entry, folded);
        if (this_rank == 0 || this_rank < best)
            continue;
        if (this_rank > best) {
            g_string_truncate(candidates, 0);
            count = 0;
        }
        best = this_rank;
        found = entry;
        count++;
        describe(candidates, entry);
    }
    if (count == 1)
        return found;
    if (count == 0)
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_NOT_FOUND,
                    "no speaker with a name that begins with \"%s\" is known", name);
    else
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_AMBIGUOUS, "\"%s\" fits %u speakers: %s",
                    name, count, candidates->str);
    return NULL;
}

Entry *roster_resolve(const Roster *roster, const char *selector, GError **error)
{
    Address address;

    if (strcmp(selector, "default") == 0) {
        Entry *entry = roster_default(roster);
        if (entry == NULL)
            g_set_error_literal(error, ECHOCAST_ERROR, ECHOCAST_ERROR_NOT_FOUND,
                                "no default speaker is set");
        return entry;
    }
    if (!address_parse(selector, &address) &&
        !(*selector == '/' && address_parse_path(selector, &address)))
        return resolve_name(roster, selector, error);

    Entry *entry = roster_find(roster, &address);
    if (entry == NULL)
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_NOT_FOUND, "no speaker %s is known",
                    selector);
    return entry;
}
