/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* MediaClock: how many PCM frames have come and how many were fed. It is the capture's position
 * while the capture is open, and the time otherwise (a test tone needs no sound card). One position
 * for all streams, in steps of a block, so that a block never wraps in the ring. Audio thread only.
 */
#pragma once

#include "a2dp/pacer.h"
#include "audio/capture.h"

typedef struct {
    Capture *capture; /* not owned */
    Pacer pacer;      /* for its arithmetic between PCM frames and time */
    bool from_capture;
    bool awake;       /* read is valid */
    uint64_t now_ns;  /* of the last look */
    uint64_t written; /* PCM frames that came until then */
    uint64_t read;    /* the next one to be fed */
} MediaClock;

void media_clock_init(MediaClock *clock, Capture *capture, unsigned rate_hz);
uint64_t media_clock_pcm_frames(const MediaClock *clock, uint64_t duration_ns);
/* Looks what has come. True if it counts something else now: positions of before mean nothing. */
bool media_clock_look(MediaClock *clock);
/* Begins to read at what comes now; look_back: at the first sound of the last 50 ms, since the news
 * of a player comes later than its first sample. */
void media_clock_wake(MediaClock *clock, bool look_back);
void media_clock_sleep(MediaClock *clock);
bool media_clock_has_block(const MediaClock *clock);
void media_clock_next_block(MediaClock *clock);
/* When the last PCM frame of the next block came. */
uint64_t media_clock_block_ns(const MediaClock *clock);
/* When what was read last came. */
uint64_t media_clock_read_ns(const MediaClock *clock);
/* PCM frames that came and were not read. */
uint64_t media_clock_unread(const MediaClock *clock);
/* Slept through more than the ring holds, or nearly: then what is not too old yet is next. */
bool media_clock_is_overrun(const MediaClock *clock);
void media_clock_skip(MediaClock *clock, uint64_t keep_ns);
bool media_clock_is_silent(const int16_t *block);
