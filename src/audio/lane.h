/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Lane: a stream in the hands of the audio thread, and what the main loop was told of it. Levels,
 * not events: what does not fit into the mailbox is told later, as it is then. */
#pragma once

#include "audio/mailbox.h"

#include <poll.h>

typedef enum {
    LANE_LIVE,
    LANE_LOST,    /* the socket is dead */
    LANE_REMOVED, /* as asked for */
} LaneState;

typedef struct {
    Stream *stream;
    LaneState state;
    int error_number; /* of LANE_LOST */
    bool fed;
    bool flows;
    bool flows_told;
    bool tone_done;
    uint64_t tone_packets;
} Lane;

void lane_init(Lane *lane, Stream *stream);
/* Closes the descriptor; what is left is to tell the main loop. */
void lane_end(Lane *lane, LaneState state, int error_number);
/* What poll said of its socket: nothing is ever read from there, only its end is waited for. */
void lane_check(Lane *lane, const struct pollfd *fd);
/* Music, or a tone of its own. */
bool lane_wants(const Lane *lane, bool music);
/* Something to feed, to complete or to send. */
bool lane_is_busy(const Lane *lane, bool music);
/* Begins or ends to be fed; the last packet is completed then. */
void lane_settle(Lane *lane, bool music, uint64_t now_ns);
void lane_send(Lane *lane, uint64_t now_ns);
uint64_t lane_next_ns(const Lane *lane, uint64_t now_ns, uint64_t unread);
/* True when the stream has ended and is the main loop's again: forget the lane. */
bool lane_tell(Lane *lane, Mailbox *outbox);
