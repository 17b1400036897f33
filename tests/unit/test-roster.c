/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "daemon/roster.h"

#include <string.h>

static Entry *add(Roster *roster, const char *address, const char *name, uint64_t last_used)
{
    Address parsed;

    g_assert_true(address_parse(address, &parsed));
    Entry *entry = roster_ensure(roster, &parsed);
    entry->record = record_new(&parsed);
    g_free(entry->record->name);
    entry->record->name = g_strdup(name);
    entry->record->last_used = last_used;
    return entry;
}

static Roster *make_household(void)
{
    Roster *roster = roster_new();

    add(roster, "00:00:00:00:00:01", "JBL Flip 6", 10);
    add(roster, "00:00:00:00:00:02", "JBL Flip 6-7A2F", 30);
    add(roster, "00:00:00:00:00:03", "Küche", 20);
    return roster;
}

static void test_selectors(void)
{
    static const struct {
        const char *selector;
        const char *address; /* NULL: an error */
        EchocastError code;
    } CASES[] = {
        {"00:00:00:00:00:02", "00:00:00:00:00:02", 0},
        {"/org/echocast/speaker/00_00_00_00_00_03", "00:00:00:00:00:03", 0},
        {"küc", "00:00:00:00:00:03", 0},
        {"KÜCHE", "00:00:00:00:00:03", 0},
        {"jbl flip 6", "00:00:00:00:00:01", 0}, /* the whole name wins */
        {"jbl flip 6-", "00:00:00:00:00:02", 0},
        {"jbl", NULL, ECHOCAST_ERROR_AMBIGUOUS},
        {"bose", NULL, ECHOCAST_ERROR_NOT_FOUND},
        {"00:00:00:00:00:09", NULL, ECHOCAST_ERROR_NOT_FOUND},
        {"default", NULL, ECHOCAST_ERROR_NOT_FOUND},
    };
    Roster *roster = make_household();

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GError) error = NULL;
        const Entry *entry = roster_resolve(roster, CASES[i].selector, &error);
        char address[ADDRESS_STRING_SIZE] = "";
        if (CASES[i].address == NULL) {
            g_assert_error(error, ECHOCAST_ERROR, (int)CASES[i].code);
            continue;
        }
        g_assert_no_error(error);
        address_format(&entry->address, address);
        g_assert_cmpstr(address, ==, CASES[i].address);
    }
    roster_free(roster);
}

static void test_ambiguous_lists_the_candidates(void)
{
    Roster *roster = make_household();
    g_autoptr(GError) error = NULL;

    g_assert_null(roster_resolve(roster, "jbl", &error));
    g_assert_nonnull(strstr(error->message, "JBL Flip 6 (00:00:00:00:00:01)"));
    g_assert_nonnull(strstr(error->message, "JBL Flip 6-7A2F (00:00:00:00:00:02)"));
    g_assert_null(strstr(error->message, "Küche"));
    roster_free(roster);
}

static void test_preferred_and_subject(void)
{
    Roster *roster = make_household();
    Entry *kitchen = roster_resolve(roster, "küche", NULL);
    Entry *flip = roster_resolve(roster, "jbl flip 6", NULL);

    g_assert_cmpstr(entry_name(roster_preferred(roster)), ==, "JBL Flip 6-7A2F");
    kitchen->record->is_default = true;
    g_assert_true(roster_preferred(roster) == kitchen);
    flip->record->wanted = true;
    g_assert_true(roster_subject(roster) == flip);
    speaker_init(&kitchen->speaker, SPEAKER_STATE_STREAMING);
    g_assert_true(roster_subject(roster) == kitchen);
    g_assert_true(roster_active(roster) == kitchen);
    roster_free(roster);
}

static void test_streams(void)
{
    Roster *roster = make_household();
    Entry *kitchen = roster_resolve(roster, "küche", NULL);

    g_assert_null(roster_find_stream(roster, 0));
    kitchen->stream = 7;
    g_assert_true(roster_find_stream(roster, 7) == kitchen);
    g_assert_null(roster_find_stream(roster, 8));
    roster_free(roster);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/roster/selectors", test_selectors);
    g_test_add_func("/roster/ambiguous", test_ambiguous_lists_the_candidates);
    g_test_add_func("/roster/preferred", test_preferred_and_subject);
    g_test_add_func("/roster/streams", test_streams);
    return g_test_run();
}
