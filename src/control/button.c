/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "control/button.h"

#include <glib.h>
#include <stddef.h>

typedef struct {
    uint8_t operation;
    const char *name;
    const char *key;
    const char *method;
} Row;

static const Row rows[] = {
    [BUTTON_PLAY] = {0x44, "play", "KEY_PLAYCD", "Play"},
    [BUTTON_PAUSE] = {0x46, "pause", "KEY_PAUSECD", "Pause"},
    [BUTTON_STOP] = {0x45, "stop", "KEY_STOPCD", "Stop"},
    [BUTTON_NEXT] = {0x4b, "next", "KEY_NEXTSONG", "Next"},
    [BUTTON_PREVIOUS] = {0x4c, "previous", "KEY_PREVIOUSSONG", "Previous"},
    [BUTTON_FAST_FORWARD] = {0x49, "fast-forward", "KEY_FASTFORWARD", NULL},
    [BUTTON_REWIND] = {0x48, "rewind", "KEY_REWIND", NULL},
    [BUTTON_VOLUME_UP] = {0x41, "volume-up", "KEY_VOLUMEUP", NULL},
    [BUTTON_VOLUME_DOWN] = {0x42, "volume-down", "KEY_VOLUMEDOWN", NULL},
    [BUTTON_MUTE] = {0x43, "mute", "KEY_MUTE", NULL},
};

G_STATIC_ASSERT(G_N_ELEMENTS(rows) == BUTTON_COUNT);

const char *button_name(Button button)
{
    return rows[button].name;
}

uint8_t button_operation(Button button)
{
    return rows[button].operation;
}

const char *button_key(Button button)
{
    return rows[button].key;
}

const char *button_method(Button button)
{
    return rows[button].method;
}

/* Looks for a word in the column at that offset of a row. */
static bool find_word(size_t column, const char *word, Button *button)
{
    for (unsigned i = 0; word != NULL && i < BUTTON_COUNT; i++) {
        if (g_strcmp0(G_STRUCT_MEMBER(const char *, &rows[i], column), word) == 0) {
            *button = (Button)i;
            return true;
        }
    }
    return false;
}

bool button_from_name(const char *name, Button *button)
{
    return find_word(offsetof(Row, name), name, button);
}

bool button_from_key(const char *key, Button *button)
{
    return find_word(offsetof(Row, key), key, button);
}

bool button_from_method(const char *method, Button *button)
{
    return find_word(offsetof(Row, method), method, button);
}

bool button_from_operation(uint8_t operation, Button *button)
{
    for (unsigned i = 0; i < BUTTON_COUNT; i++) {
        if (rows[i].operation == operation) {
            *button = (Button)i;
            return true;
        }
    }
    return false;
}
