/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "control/button.h"

#include <glib.h>

/* Operation ids: AV/C panel subunit. Keys: what bluetoothd's uinput keyboard types. */
static const struct {
    Button button;
    uint8_t operation;
    const char *name;
    const char *key;
    const char *method;
} contract[] = {
    {BUTTON_PLAY, 0x44, "play", "KEY_PLAYCD", "Play"},
    {BUTTON_PAUSE, 0x46, "pause", "KEY_PAUSECD", "Pause"},
    {BUTTON_STOP, 0x45, "stop", "KEY_STOPCD", "Stop"},
    {BUTTON_NEXT, 0x4b, "next", "KEY_NEXTSONG", "Next"},
    {BUTTON_PREVIOUS, 0x4c, "previous", "KEY_PREVIOUSSONG", "Previous"},
    {BUTTON_FAST_FORWARD, 0x49, "fast-forward", "KEY_FASTFORWARD", NULL},
    {BUTTON_REWIND, 0x48, "rewind", "KEY_REWIND", NULL},
    {BUTTON_VOLUME_UP, 0x41, "volume-up", "KEY_VOLUMEUP", NULL},
    {BUTTON_VOLUME_DOWN, 0x42, "volume-down", "KEY_VOLUMEDOWN", NULL},
    {BUTTON_MUTE, 0x43, "mute", "KEY_MUTE", NULL},
};

static void test_contract(void)
{
    g_assert_cmpuint(G_N_ELEMENTS(contract), ==, BUTTON_COUNT);
    for (size_t i = 0; i < G_N_ELEMENTS(contract); i++) {
        Button button = contract[i].button;
        Button other = (Button)((button + 1) % BUTTON_COUNT);
        Button found = other;

        g_assert_cmpuint(button_operation(button), ==, contract[i].operation);
        g_assert_cmpstr(button_name(button), ==, contract[i].name);
        g_assert_cmpstr(button_key(button), ==, contract[i].key);
        g_assert_cmpstr(button_method(button), ==, contract[i].method);

        g_assert_true(button_from_name(contract[i].name, &found));
        g_assert_cmpuint(found, ==, button);
        found = other;
        g_assert_true(button_from_operation(contract[i].operation, &found));
        g_assert_cmpuint(found, ==, button);
        found = other;
        g_assert_true(button_from_key(contract[i].key, &found));
        g_assert_cmpuint(found, ==, button);
        found = other;
        g_assert_cmpint(button_from_method(contract[i].method, &found), ==,
                        contract[i].method != NULL);
        g_assert_cmpuint(found, ==, contract[i].method != NULL ? button : other);
    }
}

static void test_strangers(void)
{
    static const char *const words[] = {NULL,   "",         "Play ",     "PLAY",  "PlayPause",
                                        "Seek", "KEY_PLAY", "volume_up", "eject", "KEY_EJECT"};
    Button button = BUTTON_MUTE;

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_assert_false(button_from_name(words[i], &button));
        g_assert_false(button_from_key(words[i], &button));
        g_assert_false(button_from_method(words[i], &button));
    }
    g_assert_false(button_from_operation(0x4a, &button)); /* eject */
    g_assert_false(button_from_operation(0xc4, &button)); /* play released: not stripped here */
    g_assert_false(button_from_operation(0x00, &button));
    g_assert_cmpuint(button, ==, BUTTON_MUTE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/button/contract", test_contract);
    g_test_add_func("/button/strangers", test_strangers);
    return g_test_run();
}
