/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/tone_source.h"

#include <math.h>

#define PEAK    (32768.0 * 0.251188643150958) /* -12 dBFS */
#define FADE_MS 10

void tone_source_init(ToneSource *source, const Tone *tone, unsigned rate_hz)
{
    *source = (ToneSource){
        .tone = *tone,
        .rate_hz = rate_hz,
        .length = (uint64_t)tone->duration_ms * rate_hz / 1000,
    };
    /* A tone shorter than its two fades is all fade. */
    source->fade = MAX(1, MIN(source->length / 2, (uint64_t)FADE_MS * rate_hz / 1000));
}

bool tone_source_is_active(const ToneSource *source)
{
    return source->position < source->length;
}

/* From 0 to 1 at the beginning, back to 0 at the end. */
static double envelope(const ToneSource *source)
{
    uint64_t to_end = source->length - source->position;

    return fmin(1.0, (double)MIN(source->position, to_end) / (double)source->fade);
}

/* The phase comes from whole periods of the frequency, so that it stays exact however long. */
static int16_t sample(const ToneSource *source)
{
    uint64_t turn = source->position * source->tone.frequency_hz % source->rate_hz;
    double phase = 2.0 * M_PI * (double)turn / (double)source->rate_hz;

    return (int16_t)lround(PEAK * envelope(source) * sin(phase));
}

void tone_source_read(ToneSource *source, int16_t *pcm, unsigned pcm_frames)
{
    for (unsigned i = 0; i < pcm_frames; i++) {
        int16_t value = tone_source_is_active(source) ? sample(source) : 0;

        pcm[2 * i] = (source->tone.channels & TONE_LEFT) != 0 ? value : 0;
        pcm[2 * i + 1] = (source->tone.channels & TONE_RIGHT) != 0 ? value : 0;
        if (tone_source_is_active(source))
            source->position++;
    }
}
