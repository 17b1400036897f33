/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Listener: the ears of a fake speaker. Takes A2DP media packets apart (RTP, SBC), counts what is
 * wrong with them and writes what they sound like: signed 16 bit PCM of the machine's byte order.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct Listener Listener;

typedef struct {
    uint64_t packets;
    uint64_t malformed; /* no RTP of version 2, no SBC frame, or bytes left over */
    uint64_t sequence_gaps;
    uint64_t timestamp_gaps; /* not one packet's PCM frames after the one before */
    uint64_t sbc_frames;
    uint64_t pcm_frames;
    unsigned frames_in_packet_min, frames_in_packet_max;
    unsigned rate_hz;
    unsigned channels;
} Hearing;

Listener *listener_new(void);
void listener_free(Listener *listener);
/* path NULL: records no more. False: it cannot be written. */
gboolean listener_record(Listener *listener, const char *path);
void listener_take(Listener *listener, const uint8_t *packet, size_t size);
const Hearing *listener_hearing(const Listener *listener);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Listener, listener_free)
