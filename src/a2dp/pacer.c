/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "a2dp/pacer.h"

#include <glib.h>

#define SECOND_NS UINT64_C(1000000000)

void pacer_init(Pacer *pacer, unsigned rate_hz, unsigned packet_pcm_frames, uint64_t tick_ns)
{
    g_return_if_fail(rate_hz > 0 && packet_pcm_frames > 0);
    *pacer = (Pacer){
        .rate_hz = rate_hz,
        .packet_pcm_frames = packet_pcm_frames,
        .tick_ns = tick_ns,
    };
}

unsigned pacer_packets(const Pacer *pacer, uint64_t pcm_frames_available)
{
    return (unsigned)MIN(pcm_frames_available / pacer->packet_pcm_frames, UINT_MAX);
}

/* The position seen now is that of the last tick, up to one tick ago, and the position at the
 * wakeup is just as old. So the missing PCM frames are counted from now, and one tick on top makes
 * sure that the last of them is seen: the packet is full at every wakeup, less than two ticks late,
 * and what is late now is in pcm_frames_left and does not add up. */
uint64_t pacer_next_ns(const Pacer *pacer, uint64_t now_ns, uint64_t pcm_frames_left)
{
    if (pcm_frames_left >= pacer->packet_pcm_frames)
        return now_ns;
    return now_ns + pacer_duration_ns(pacer, pacer->packet_pcm_frames - pcm_frames_left) +
           pacer->tick_ns;
}

/* Seconds and the rest apart, so that neither product wraps; rounded up, so that so many PCM frames
 * have gone by at the end, and pacer_pcm_frames gives the same number back. */
uint64_t pacer_duration_ns(const Pacer *pacer, uint64_t pcm_frames)
{
    uint64_t seconds = pcm_frames / pacer->rate_hz;
    uint64_t rest = pcm_frames % pacer->rate_hz;

    return seconds * SECOND_NS + (rest * SECOND_NS + pacer->rate_hz - 1) / pacer->rate_hz;
}

uint64_t pacer_pcm_frames(const Pacer *pacer, uint64_t duration_ns)
{
    uint64_t seconds = duration_ns / SECOND_NS;
    uint64_t rest = duration_ns % SECOND_NS;

    return seconds * pacer->rate_hz + rest * pacer->rate_hz / SECOND_NS;
}
