/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "control/volume.h"

#include "base/error.h"

static void test_steps(void)
{
    static const uint8_t golden[] = {0, 13, 25, 38, 51, 64, 76, 89, 102, 114, 127};

    g_assert_cmpuint(G_N_ELEMENTS(golden), ==, VOLUME_STEP_MAX + 1);
    for (unsigned step = 0; step <= VOLUME_STEP_MAX; step++) {
        g_assert_cmpuint(volume_from_step(step), ==, golden[step]);
        g_assert_cmpuint(volume_to_step(golden[step]), ==, step);
    }
    g_assert_cmpuint(volume_from_step(11), ==, 127);
    g_assert_cmpuint(volume_from_step(UINT_MAX), ==, 127);
}

static void test_percent(void)
{
    for (unsigned percent = 0; percent <= 100; percent++)
        g_assert_cmpuint(volume_to_percent(volume_from_percent(percent)), ==, percent);
    g_assert_cmpuint(volume_from_percent(0), ==, 0);
    g_assert_cmpuint(volume_from_percent(50), ==, 64);
    g_assert_cmpuint(volume_from_percent(100), ==, 127);
    g_assert_cmpuint(volume_from_percent(101), ==, 127);
}

static void test_monotonic(void)
{
    for (unsigned avrcp = 1; avrcp <= 127; avrcp++) {
        g_assert_cmpuint(volume_to_step((uint8_t)avrcp), >=, volume_to_step((uint8_t)(avrcp - 1)));
        g_assert_cmpuint(volume_to_percent((uint8_t)avrcp), >=,
                         volume_to_percent((uint8_t)(avrcp - 1)));
        g_assert_cmpuint(volume_to_step((uint8_t)avrcp), >=, 1); /* audible is not 0 */
        g_assert_cmpuint(volume_to_percent((uint8_t)avrcp), >=, 1);
    }
    g_assert_cmpuint(volume_to_step(128), ==, 10); /* off the scale from the air */
    g_assert_cmpuint(volume_to_step(255), ==, 10);
    g_assert_cmpuint(volume_to_percent(255), ==, 100);
}

static void test_parse(void)
{
    static const struct {
        const char *text;
        VolumeUnit unit;
        int value;
    } cases[] = {
        {"0", VOLUME_STEP, 0},         {"5", VOLUME_STEP, 5},      {"10", VOLUME_STEP, 10},
        {"05", VOLUME_STEP, 5},        {"0%", VOLUME_PERCENT, 0},  {"55%", VOLUME_PERCENT, 55},
        {"100%", VOLUME_PERCENT, 100}, {"+1", VOLUME_RELATIVE, 1}, {"-2", VOLUME_RELATIVE, -2},
        {"+10", VOLUME_RELATIVE, 10},  {"-0", VOLUME_RELATIVE, 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        VolumeWish wish = {0};

        g_assert_true(volume_parse(cases[i].text, &wish, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(wish.unit, ==, cases[i].unit);
        g_assert_cmpint(wish.value, ==, cases[i].value);
    }
}

static void test_parse_refuses(void)
{
    static const char *const bad[] = {
        NULL,  "",    " 5",   "5 ",           "11",       "101%", "%",   "+",
        "-",   "+11", "-11",  "+5%",          "5.5",      "5%%",  "0x5", "five",
        "--1", "++1", "1000", "4294967301", "\xc2\xb2", "mute"};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        VolumeWish wish = {VOLUME_PERCENT, 77};

        g_assert_false(volume_parse(bad[i], &wish, &error));
        g_assert_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS);
        g_assert_cmpint(wish.value, ==, 77); /* left alone */
    }
}

static void test_apply(void)
{
    static const struct {
        VolumeWish wish;
        uint8_t from;
        uint8_t to;
    } cases[] = {
        {{VOLUME_STEP, 5}, 0, 64},       {{VOLUME_PERCENT, 100}, 3, 127},
        {{VOLUME_STEP, 0}, 100, 0},      {{VOLUME_RELATIVE, 1}, 64, 76},
        {{VOLUME_RELATIVE, -2}, 64, 38}, {{VOLUME_RELATIVE, 10}, 64, 127},
        {{VOLUME_RELATIVE, -10}, 64, 0}, {{VOLUME_RELATIVE, 1}, 127, 127},
        {{VOLUME_RELATIVE, -1}, 0, 0},   {{VOLUME_RELATIVE, 1}, 0, 13},
        {{VOLUME_STEP, -3}, 50, 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpuint(volume_apply(&cases[i].wish, cases[i].from), ==, cases[i].to);
}

/* From wherever the speaker's own knob stands, up is louder and down is softer. */
static void test_relative_moves(void)
{
    const VolumeWish up = {VOLUME_RELATIVE, 1};
    const VolumeWish down = {VOLUME_RELATIVE, -1};

    for (unsigned avrcp = 0; avrcp <= 127; avrcp++) {
        if (avrcp < 127)
            g_assert_cmpuint(volume_apply(&up, (uint8_t)avrcp), >=, avrcp);
        if (avrcp > 0)
            g_assert_cmpuint(volume_apply(&down, (uint8_t)avrcp), <, avrcp);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/volume/steps", test_steps);
    g_test_add_func("/volume/percent", test_percent);
    g_test_add_func("/volume/monotonic", test_monotonic);
    g_test_add_func("/volume/parse", test_parse);
    g_test_add_func("/volume/parse-refuses", test_parse_refuses);
    g_test_add_func("/volume/apply", test_apply);
    g_test_add_func("/volume/relative-moves", test_relative_moves);
    return g_test_run();
}
