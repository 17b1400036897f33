/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* PlayerWatch: whether an application plays into the loopback, told by the card's control element
 * `PCM Slave Active` of the capture side, at the moment it starts or stops. */
#pragma once

#include <alsa/asoundlib.h>
#include <poll.h>
#include <stdbool.h>

typedef struct {
    snd_ctl_t *ctl; /* NULL: closed */
    unsigned numid;
    bool active;
} PlayerWatch;

/* 0 or a negative errno. */
int player_watch_open(PlayerWatch *watch, int card);
void player_watch_close(PlayerWatch *watch);
bool player_watch_poll(const PlayerWatch *watch, struct pollfd *fd);
/* Takes in what happened. 0, or a negative errno when the card has gone. */
int player_watch_update(PlayerWatch *watch);
