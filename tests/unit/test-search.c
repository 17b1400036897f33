/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "speaker/search.h"

static const Address KITCHEN = {{0x00, 0x11, 0x22, 0x33, 0x44, 0x55}};
static const Address BATH = {{0x00, 0x11, 0x22, 0x33, 0x44, 0x56}};

static void see(Search *search, const Address *address, const char *name, bool is_speaker,
                bool is_source, bool is_saved)
{
    search_see(search, address, name, -60, is_speaker, is_source, is_saved, 1000);
}

static void test_the_only_new_one(void)
{
    g_autoptr(Search) search = search_new("");
    Address chosen;

    g_assert_cmpint(search_verdict(search, 1000, &chosen), ==, SEARCH_GOES_ON);
    g_assert_cmpint(search_wakeup_us(search), ==, 0);
    see(search, &KITCHEN, "Kitchen", true, false, false);
    g_assert_cmpint(search_verdict(search, 1001, &chosen), ==, SEARCH_GOES_ON);
    g_assert_cmpint(search_wakeup_us(search), ==, 1000 + SEARCH_LINGER_US);
    g_assert_cmpint(search_verdict(search, 1000 + SEARCH_LINGER_US, &chosen), ==, SEARCH_CHOSEN);
    g_assert_true(address_equal(&chosen, &KITCHEN));
}

static void test_seen_twice_is_one(void)
{
    g_autoptr(Search) search = search_new("");
    Address chosen;

    see(search, &KITCHEN, "00-11-22-33-44-55", true, false, false);
    see(search, &KITCHEN, "Kitchen", true, false, false);
    g_assert_cmpuint(search_matches(search)->len, ==, 1);
    g_assert_cmpint(search_verdict(search, 1000 + SEARCH_LINGER_US, &chosen), ==, SEARCH_CHOSEN);
}

static void test_two_new_ones_are_the_owners_choice(void)
{
    g_autoptr(Search) search = search_new("");
    Address chosen;

    see(search, &KITCHEN, "Kitchen", true, false, false);
    see(search, &BATH, "Bath", true, false, false);
    g_assert_cmpint(search_verdict(search, 1001, &chosen), ==, SEARCH_AMBIGUOUS);
    g_assert_cmpint(search_failure(search), ==, ECHOCAST_ERROR_AMBIGUOUS);
    g_autofree char *text = search_describe(search);
    g_assert_cmpstr(text, ==,
                    "Kitchen (00:11:22:33:44:55, -60 dBm), Bath (00:11:22:33:44:56, -60 dBm)");
}

static void test_saved_ones_and_other_things_are_no_candidates(void)
{
    g_autoptr(Search) search = search_new("");
    Address chosen;

    see(search, &KITCHEN, "Kitchen", true, false, true);
    see(search, &BATH, "Phone", false, true, false);
    g_assert_cmpint(search_verdict(search, 9000000, &chosen), ==, SEARCH_GOES_ON);
    g_assert_cmpint(search_failure(search), ==, ECHOCAST_ERROR_NOT_IN_PAIRING_MODE);
}

static void test_by_address_at_once(void)
{
    g_autoptr(Search) search = search_new("00:11:22:33:44:56");
    Address chosen;

    see(search, &KITCHEN, "Kitchen", true, false, false);
    g_assert_cmpint(search_verdict(search, 1001, &chosen), ==, SEARCH_GOES_ON);
    g_assert_cmpint(search_failure(search), ==, ECHOCAST_ERROR_NOT_IN_PAIRING_MODE);
    see(search, &BATH, "Bath", false, false, false);
    g_assert_cmpint(search_verdict(search, 1001, &chosen), ==, SEARCH_CHOSEN);
    g_assert_true(address_equal(&chosen, &BATH));
}

static void test_by_name_in_any_case(void)
{
    g_autoptr(Search) search = search_new("kÜCHE");
    Address chosen;

    see(search, &BATH, "Bad", true, false, false);
    see(search, &KITCHEN, "Küchenradio", true, false, true);
    g_assert_cmpint(search_verdict(search, 1000 + SEARCH_LINGER_US, &chosen), ==, SEARCH_CHOSEN);
    g_assert_true(address_equal(&chosen, &KITCHEN));
}

static void test_a_phone_by_name_is_refused(void)
{
    g_autoptr(Search) search = search_new("Phone");
    Address chosen;

    see(search, &BATH, "Phone", false, true, false);
    g_assert_cmpint(search_verdict(search, 1001, &chosen), ==, SEARCH_NOT_A_SPEAKER);
    g_assert_true(address_equal(&chosen, &BATH));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/search/only-new-one", test_the_only_new_one);
    g_test_add_func("/search/seen-twice", test_seen_twice_is_one);
    g_test_add_func("/search/ambiguous", test_two_new_ones_are_the_owners_choice);
    g_test_add_func("/search/no-candidates", test_saved_ones_and_other_things_are_no_candidates);
    g_test_add_func("/search/by-address", test_by_address_at_once);
    g_test_add_func("/search/by-name", test_by_name_in_any_case);
    g_test_add_func("/search/phone", test_a_phone_by_name_is_refused);
    return g_test_run();
}
