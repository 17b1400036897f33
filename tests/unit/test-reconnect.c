/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "speaker/reconnect.h"

#include <glib.h>

static void test_doubles_to_the_cap(void)
{
    static const unsigned MIDDLE_MS[] = {2000,  4000,   8000,   16000,  32000,
                                         64000, 128000, 256000, 300000, 300000};

    for (unsigned i = 0; i < G_N_ELEMENTS(MIDDLE_MS); i++)
        g_assert_cmpuint(reconnect_delay_ms(i + 1, 0.5), ==, MIDDLE_MS[i]);
    g_assert_cmpuint(reconnect_delay_ms(4000000000u, 0.5), ==, RECONNECT_LAST_MS);
}

static void test_spreads_by_a_fifth(void)
{
    g_assert_cmpuint(reconnect_delay_ms(1, 0), ==, 1600);
    g_assert_cmpuint(reconnect_delay_ms(1, 1), ==, 2400);
    g_assert_cmpuint(reconnect_delay_ms(1, 7), ==, 2400);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reconnect/doubles", test_doubles_to_the_cap);
    g_test_add_func("/reconnect/spreads", test_spreads_by_a_fifth);
    return g_test_run();
}
