/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* CaptureFake: audio/capture.h with a loopback that follows the fake clock: its position moves in
 * ticks, its ring has silence or what the test's player plays. */
#pragma once

#include "audio/engine.h"

/* For a new test: closed, nobody plays, position 0 is now. */
void capture_fake_reset(unsigned rate_hz);
void capture_fake_set_state(CaptureState state, const char *detail);
/* A player begins: its first PCM frame is captured now, or was so long ago (the news came late).
 * It stays active when the sound is over. pcm: stereo, to be kept. Returns the first one's
 * position. */
uint64_t capture_fake_play(const int16_t *pcm, uint64_t pcm_frames, uint64_t ago_ns);
void capture_fake_stop(void);
/* The next look at the position fails, as it does when a sound card is unplugged. */
void capture_fake_break(void);
uint64_t capture_fake_position(void);
