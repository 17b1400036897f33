/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Sender: the socket's side of a stream. Never waits. Audio thread, but for sender_prepare. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    SENDER_SENT,
    SENDER_FULL, /* no room now: try again later */
    SENDER_DEAD, /* errno says why */
} SenderResult;

/* A short send buffer (about four packets of that size) and the priority of interactive audio; what
 * a socket cannot do is left as it is. */
void sender_prepare(int fd, size_t packet_bytes);
SenderResult sender_send(int fd, const uint8_t *bytes, size_t size);
/* Why a socket reports POLLERR or POLLHUP: its pending error, or that the peer has gone. */
int sender_error(int fd, short revents);
