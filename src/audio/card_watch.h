/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* CardWatch: says when it makes sense to look for the sound card again, by inotify on the device
 * nodes. Watches nothing while the card is in use: other programs opening it wake nobody up. */
#pragma once

#include "base/fd.h"

#include <stdbool.h>

typedef struct {
    Fd fd;
    int watch; /* -1: none */
} CardWatch;

void card_watch_init(CardWatch *watch);
void card_watch_clear(CardWatch *watch);
/* A card appears, or a node's permissions change. */
void card_watch_nodes(CardWatch *watch);
/* Somebody closes that node ("/dev/snd/pcmC0D0p"). */
void card_watch_close(CardWatch *watch, const char *node);
void card_watch_stop(CardWatch *watch);
/* Takes all events off; true if there were any. */
bool card_watch_drain(CardWatch *watch);
