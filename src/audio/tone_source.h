/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* ToneSource: the samples of a test tone: a sine of -12 dBFS with faded ends. Pure. */
#pragma once

#include "audio/engine.h"

typedef struct {
    Tone tone;
    unsigned rate_hz;
    uint64_t position; /* PCM frames made so far */
    uint64_t length;   /* PCM frames in all; 0: no tone */
    uint64_t fade;
} ToneSource;

void tone_source_init(ToneSource *source, const Tone *tone, unsigned rate_hz);
bool tone_source_is_active(const ToneSource *source);
/* Interleaved stereo; silence behind the end. */
void tone_source_read(ToneSource *source, int16_t *pcm, unsigned pcm_frames);
