/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Pacer: when the audio thread has to wake up next, so that one wakeup makes one packet. Pure: the
 * time comes in as an argument. The loopback is the clock: its position moves in steps of a kernel
 * tick, so a wakeup is aimed one tick behind the moment at which the packet is full. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    unsigned rate_hz;
    unsigned packet_pcm_frames; /* of one full packet */
    uint64_t tick_ns;           /* granularity of the position */
} Pacer;

void pacer_init(Pacer *pacer, unsigned rate_hz, unsigned packet_pcm_frames, uint64_t tick_ns);
/* Full packets that so many PCM frames make. */
unsigned pacer_packets(const Pacer *pacer, uint64_t pcm_frames_available);
/* The next wakeup, CLOCK_MONOTONIC, given what is left after the full packets went out. */
uint64_t pacer_next_ns(const Pacer *pacer, uint64_t now_ns, uint64_t pcm_frames_left);
uint64_t pacer_duration_ns(const Pacer *pacer, uint64_t pcm_frames);
uint64_t pacer_pcm_frames(const Pacer *pacer, uint64_t duration_ns);
