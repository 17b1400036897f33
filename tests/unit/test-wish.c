/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "base/error.h"
#include "service/wish.h"

static GVariant *options(const char *text)
{
    g_autoptr(GError) error = NULL;
    GVariant *value = g_variant_parse(G_VARIANT_TYPE("a{sv}"), text, NULL, NULL, &error);

    g_assert_no_error(error);
    return value;
}

static void test_defaults(void)
{
    g_autoptr(GVariant) none = options("{}");
    g_autoptr(GError) error = NULL;
    ScanWish scan;
    PairWish pair;
    ToneWish tone;

    g_assert_true(wish_parse_scan(none, &scan, &error));
    g_assert_false(scan.all);
    g_assert_cmpuint(scan.timeout_s, ==, 30);
    g_assert_true(wish_parse_pair(none, &pair, &error));
    g_assert_cmpuint(pair.timeout_s, ==, 0);
    g_assert_null(pair.pin);
    g_assert_true(pair.tone);
    g_assert_true(wish_parse_tone(none, &tone, &error));
    g_assert_cmpuint(tone.frequency_hz, ==, 440);
    g_assert_cmpuint(tone.duration_ms, ==, 1000);
    g_assert_cmpuint(tone.channels, ==, 3);
    g_assert_no_error(error);
}

static void test_given(void)
{
    g_autoptr(GVariant) scan_options = options("{'all': <true>, 'timeout': <uint32 600>}");
    g_autoptr(GVariant) pair_options =
        options("{'timeout': <uint32 10>, 'pin': <'1234'>, 'tone': <false>}");
    g_autoptr(GVariant) tone_options =
        options("{'frequency': <uint32 20>, 'duration': <uint32 60000>, 'channels': <'right'>}");
    g_autoptr(GError) error = NULL;
    ScanWish scan;
    PairWish pair;
    ToneWish tone;

    g_assert_true(wish_parse_scan(scan_options, &scan, &error));
    g_assert_true(scan.all);
    g_assert_cmpuint(scan.timeout_s, ==, 600);
    g_assert_true(wish_parse_pair(pair_options, &pair, &error));
    g_assert_cmpuint(pair.timeout_s, ==, 10);
    g_assert_cmpstr(pair.pin, ==, "1234");
    g_assert_false(pair.tone);
    g_assert_true(wish_parse_tone(tone_options, &tone, &error));
    g_assert_cmpuint(tone.frequency_hz, ==, 20);
    g_assert_cmpuint(tone.duration_ms, ==, 60000);
    g_assert_cmpuint(tone.channels, ==, 2);
}

typedef struct {
    char method; /* s, p or t */
    const char *options;
    const char *message;
} Refusal;

static const Refusal REFUSALS[] = {
    {'s', "{'al': <true>}", "unknown option 'al'; known: all, timeout"},
    {'s', "{'timeout': <30>}", "option 'timeout' must be of type 'u', not 'i'"},
    {'s', "{'timeout': <uint32 0>}", "option 'timeout' must be 1 to 600, not 0"},
    {'s', "{'timeout': <uint32 601>}", "option 'timeout' must be 1 to 600, not 601"},
    {'p', "{'timeout': <uint32 9>}", "option 'timeout' must be 10 to 180, not 9"},
    {'p', "{'timeout': <uint32 181>}", "option 'timeout' must be 10 to 180, not 181"},
    {'p', "{'pin': <''>}", "option 'pin' must have 1 to 16 characters"},
    {'p', "{'pin': <'12345678901234567'>}", "option 'pin' must have 1 to 16 characters"},
    {'p', "{'pin': <uint32 1234>}", "option 'pin' must be of type 's', not 'u'"},
    {'p', "{'tone': <'no'>}", "option 'tone' must be of type 'b', not 's'"},
    {'t', "{'frequency': <uint32 19>}", "option 'frequency' must be 20 to 20000, not 19"},
    {'t', "{'duration': <uint32 60001>}", "option 'duration' must be 50 to 60000, not 60001"},
    {'t', "{'channels': <'l'>}", "option 'channels' must be left, right or both, not 'l'"},
    {'t', "{'volume': <uint32 1>}",
     "unknown option 'volume'; known: frequency, duration, channels"},
};

static bool parse(const Refusal *refusal, GVariant *value, GError **error)
{
    ScanWish scan;
    PairWish pair;
    ToneWish tone;

    if (refusal->method == 's')
        return wish_parse_scan(value, &scan, error);
    if (refusal->method == 'p')
        return wish_parse_pair(value, &pair, error);
    return wish_parse_tone(value, &tone, error);
}

static void test_refusals(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(REFUSALS); i++) {
        g_autoptr(GVariant) value = options(REFUSALS[i].options);
        g_autoptr(GError) error = NULL;

        g_assert_false(parse(&REFUSALS[i], value, &error));
        g_assert_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS);
        g_assert_cmpstr(error->message, ==, REFUSALS[i].message);
        g_assert_false(parse(&REFUSALS[i], value, NULL));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wish/defaults", test_defaults);
    g_test_add_func("/wish/given", test_given);
    g_test_add_func("/wish/refusals", test_refusals);
    return g_test_run();
}
