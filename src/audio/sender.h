/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Sender: the socket's side of a stream. Never waits. Its send buffer holds four packets, which is
 * more than it seems: the kernel counts what it needs itself, and that is a multiple of the packet
 * where the controller takes only small pieces. So the first packets are measured. Audio thread, but
 * for sender_init. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int fd; /* not owned */
    bool counts_free;
    int packet_cost; /* the highest seen */
    unsigned to_measure;
} Sender;

typedef enum {
    SENDER_SENT,
    SENDER_FULL, /* no room now: try again later */
    SENDER_DEAD, /* errno says why */
} SenderResult;

/* Sets the socket's buffer and priority; what a socket cannot do is left as it is. */
void sender_init(Sender *sender, int fd, size_t packet_bytes);
SenderResult sender_send(Sender *sender, const uint8_t *bytes, size_t size);
/* Why a socket reports POLLERR or POLLHUP: its pending error, or that the peer has gone. */
int sender_error(int fd, short revents);
