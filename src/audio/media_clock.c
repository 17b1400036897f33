/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/media_clock.h"

#include "audio/clock.h"

#include <string.h>

#define BLOCK        CAPTURE_BLOCK_PCM_FRAMES
#define LOOK_BACK_NS UINT64_C(50000000)
/* Beyond that the kernel might overwrite what is being encoded. */
#define OVERRUN_PCM_FRAMES (CAPTURE_RING_PCM_FRAMES - 2048)

void media_clock_init(MediaClock *clock, Capture *capture, unsigned rate_hz)
{
    *clock = (MediaClock){.capture = capture};
    pacer_init(&clock->pacer, rate_hz, BLOCK, clock_tick_ns());
}

uint64_t media_clock_pcm_frames(const MediaClock *clock, uint64_t duration_ns)
{
    return pacer_pcm_frames(&clock->pacer, duration_ns);
}

bool media_clock_look(MediaClock *clock)
{
    bool from_capture = capture_read_position(clock->capture, &clock->written, &clock->now_ns);
    bool changed = from_capture != clock->from_capture;

    if (!from_capture) {
        clock->now_ns = clock_now_ns();
        clock->written = pacer_pcm_frames(&clock->pacer, clock->now_ns);
    }
    clock->from_capture = from_capture;
    if (changed)
        clock->awake = false;
    return changed;
}

static uint64_t block_of(uint64_t position)
{
    return position - position % BLOCK;
}

static uint64_t first_sound(const MediaClock *clock)
{
    uint64_t back = pacer_pcm_frames(&clock->pacer, LOOK_BACK_NS);
    uint64_t end = block_of(clock->written);
    uint64_t begin = clock->written > back ? block_of(clock->written - back) : 0;

    while (begin < end && media_clock_is_silent(capture_block(clock->capture, begin)))
        begin += BLOCK;
    return begin;
}

void media_clock_wake(MediaClock *clock, bool look_back)
{
    clock->read = look_back && clock->from_capture ? first_sound(clock) : block_of(clock->written);
    clock->awake = true;
}

void media_clock_sleep(MediaClock *clock)
{
    clock->awake = false;
}

uint64_t media_clock_unread(const MediaClock *clock)
{
    return clock->awake ? clock->written - clock->read : 0;
}

bool media_clock_has_block(const MediaClock *clock)
{
    return media_clock_unread(clock) >= BLOCK;
}

void media_clock_next_block(MediaClock *clock)
{
    clock->read += BLOCK;
}

static uint64_t came_ns(const MediaClock *clock, uint64_t position)
{
    return clock->now_ns - pacer_duration_ns(&clock->pacer, clock->written - position);
}

uint64_t media_clock_block_ns(const MediaClock *clock)
{
    return came_ns(clock, clock->read + BLOCK);
}

uint64_t media_clock_read_ns(const MediaClock *clock)
{
    return came_ns(clock, clock->read);
}

bool media_clock_is_overrun(const MediaClock *clock)
{
    return media_clock_unread(clock) >= OVERRUN_PCM_FRAMES;
}

void media_clock_skip(MediaClock *clock, uint64_t keep_ns)
{
    uint64_t keep = pacer_pcm_frames(&clock->pacer, keep_ns);

    clock->read = block_of(clock->written - keep + BLOCK - 1);
}

bool media_clock_is_silent(const int16_t *block)
{
    static const int16_t silence[2 * BLOCK];

    return memcmp(block, silence, sizeof(silence)) == 0;
}
