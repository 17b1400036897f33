/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Capture: the loopback's capture side, opened as early as possible, started at once and never
 * stopped: the kernel writes round and round in a ring mapped into our memory, silence while nobody
 * plays, so that the first sample of a player is there already when we hear of it. Nobody is woken
 * up for that. Until the sound card is there and free it waits for it by inotify.
 * Audio thread only. A seam: a test links its own. */
#pragma once

#include "audio/engine.h"

#include <poll.h>

#define CAPTURE_RING_PCM_FRAMES  16384
#define CAPTURE_BLOCK_PCM_FRAMES 128 /* divides the ring: a block never wraps */
#define CAPTURE_POLL_MAX         2
#define CAPTURE_DETAIL_SIZE      160

typedef struct Capture Capture;

Capture *capture_new(const char *card, unsigned rate_hz);
void capture_free(Capture *capture);
/* Fills in at most CAPTURE_POLL_MAX descriptors to wait for. */
unsigned capture_poll(const Capture *capture, struct pollfd *fds);
/* A descriptor reported, or the retry time has come (or never: call it once to begin). Opens what
 * can be opened, takes in whether somebody plays. */
void capture_check(Capture *capture);
/* CLOCK_NEVER but where no event tells that another attempt could succeed. */
uint64_t capture_retry_ns(const Capture *capture);

CaptureState capture_state(const Capture *capture);
/* Why it is not open, one line; how it is open otherwise. Never NULL. */
const char *capture_detail(const Capture *capture);
bool capture_player_is_active(const Capture *capture);
/* PCM frames since the capture started, and the time at which it was so. One system call. False:
 * not open, or not any more. */
bool capture_read_position(Capture *capture, uint64_t *position, uint64_t *now_ns);
/* The block that begins at a position (a multiple of the block), where it lies in the ring. */
const int16_t *capture_block(const Capture *capture, uint64_t position);
/* Silences a block that was read. Where a player's sound ends, snd-aloop leaves a few milliseconds of
 * what the ring held one round before: silence then, not old sound. */
void capture_forget(Capture *capture, uint64_t position);
