/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Button: a key on a speaker, in the words of all who name it. Pure. The operation is that of a
 * passthrough command (AV/C panel subunit, used by AVRCP 1.6.2); the key is what bluetoothd types
 * on its uinput keyboard; the method is org.mpris.MediaPlayer2.Player's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    BUTTON_PLAY,
    BUTTON_PAUSE,
    BUTTON_STOP,
    BUTTON_NEXT,
    BUTTON_PREVIOUS,
    BUTTON_FAST_FORWARD,
    BUTTON_REWIND,
    BUTTON_VOLUME_UP,
    BUTTON_VOLUME_DOWN,
    BUTTON_MUTE,
} Button;

#define BUTTON_COUNT (BUTTON_MUTE + 1)

/* "play" ... "volume-up": our own word, on D-Bus and in the configuration. */
const char *button_name(Button button);
/* Seven bits; the eighth on the air says pressed or released. */
uint8_t button_operation(Button button);
/* "KEY_PLAYCD" ... */
const char *button_key(Button button);
/* NULL: players have no such method. */
const char *button_method(Button button);

/* Each gives false and leaves button alone for what is no button of ours. */
bool button_from_name(const char *name, Button *button);
bool button_from_operation(uint8_t operation, Button *button);
bool button_from_key(const char *key, Button *button);
bool button_from_method(const char *method, Button *button);
