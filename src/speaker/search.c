/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "speaker/search.h"

struct Search {
    char *name; /* casefolded prefix, NULL for an address or anything */
    Address address;
    bool by_address;
    GArray *matches;
    bool source_matched;
    Address source;
    int64_t first_us;
};

static void clear_match(gpointer match)
{
    g_free(((SearchMatch *)match)->name);
}

Search *search_new(const char *target)
{
    Search *search = g_new0(Search, 1);

    search->by_address = address_parse(target, &search->address);
    if (!search->by_address && *target != '\0')
        search->name = g_utf8_casefold(target, -1);
    search->matches = g_array_new(false, true, sizeof(SearchMatch));
    g_array_set_clear_func(search->matches, clear_match);
    return search;
}

void search_free(Search *search)
{
    if (search == NULL)
        return;
    g_free(search->name);
    g_array_unref(search->matches);
    g_free(search);
}

static bool has_target(const Search *search)
{
    return search->by_address || search->name != NULL;
}

static bool fits(const Search *search, const Address *address, const char *name, bool is_saved)
{
    if (search->by_address)
        return address_equal(&search->address, address);
    if (search->name == NULL)
        return !is_saved;

    g_autofree char *folded = g_utf8_casefold(name, -1);
    return g_str_has_prefix(folded, search->name);
}

static SearchMatch *find_match(const Search *search, const Address *address)
{
    for (unsigned i = 0; i < search->matches->len; i++) {
        SearchMatch *match = &g_array_index(search->matches, SearchMatch, i);
        if (address_equal(&match->address, address))
            return match;
    }
    return NULL;
}

static void remember(Search *search, const Address *address, const char *name, int16_t rssi)
{
    SearchMatch *known = find_match(search, address);
    SearchMatch match = {.address = *address};

    if (known == NULL) {
        g_array_append_val(search->matches, match);
        known = &g_array_index(search->matches, SearchMatch, search->matches->len - 1);
    }
    g_free(known->name);
    known->name = g_strdup(name);
    known->rssi = rssi;
}

void search_see(Search *search, const Address *address, const char *name, int16_t rssi,
                bool is_speaker, bool is_source, bool is_saved, int64_t now_us)
{
    if (!fits(search, address, name, is_saved))
        return;
    /* A device asked for by its address is believed to be a speaker until its services say no. */
    if (!is_source && (is_speaker || search->by_address)) {
        remember(search, address, name, rssi);
        if (search->first_us == 0)
            search->first_us = now_us;
    } else if (has_target(search) && is_source) {
        search->source_matched = true;
        search->source = *address;
    }
}

static bool lingers(const Search *search, int64_t now_us)
{
    return !search->by_address && now_us < search->first_us + SEARCH_LINGER_US;
}

SearchVerdict search_verdict(const Search *search, int64_t now_us, Address *chosen)
{
    if (search->matches->len == 0 && search->source_matched) {
        *chosen = search->source;
        return SEARCH_NOT_A_SPEAKER;
    }
    if (search->matches->len > 1)
        return SEARCH_AMBIGUOUS;
    if (search->matches->len == 0 || lingers(search, now_us))
        return SEARCH_GOES_ON;
    *chosen = g_array_index(search->matches, SearchMatch, 0).address;
    return SEARCH_CHOSEN;
}

int64_t search_wakeup_us(const Search *search)
{
    return search->first_us == 0 ? 0 : search->first_us + SEARCH_LINGER_US;
}

const GArray *search_matches(const Search *search)
{
    return search->matches;
}

char *search_describe(const Search *search)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < search->matches->len; i++) {
        const SearchMatch *match = &g_array_index(search->matches, SearchMatch, i);
        char address[ADDRESS_STRING_SIZE];
        address_format(&match->address, address);
        g_string_append_printf(text, "%s%s (%s, %d dBm)", i > 0 ? ", " : "", match->name, address,
                               match->rssi);
    }
    return g_string_free(text, false);
}

EchocastError search_failure(const Search *search)
{
    if (search->matches->len > 1)
        return ECHOCAST_ERROR_AMBIGUOUS;
    return ECHOCAST_ERROR_NOT_IN_PAIRING_MODE;
}
