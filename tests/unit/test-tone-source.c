/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/tone_source.h"

#include <math.h>
#include <stdlib.h>

#define RATE 44100

static int16_t peak(const int16_t *pcm, unsigned from, unsigned to, unsigned channel)
{
    int16_t highest = 0;

    for (unsigned i = from; i < to; i++)
        highest = MAX(highest, (int16_t)abs(pcm[2 * i + channel]));
    return highest;
}

static void test_level(void)
{
    const Tone tone = {.frequency_hz = 440, .duration_ms = 1000, .channels = TONE_BOTH};
    g_autofree int16_t *pcm = g_new0(int16_t, 2 * (RATE + 128));
    ToneSource source;

    tone_source_init(&source, &tone, RATE);
    g_assert_true(tone_source_is_active(&source));
    tone_source_read(&source, pcm, RATE + 128);
    g_assert_false(tone_source_is_active(&source));
    for (unsigned channel = 0; channel < 2; channel++) {
        double dbfs = 20 * log10(peak(pcm, 0, RATE, channel) / 32768.0);

        g_assert_cmpfloat_with_epsilon(dbfs, -12.0, 0.05);
        /* 10 ms in and out, from and to nothing */
        g_assert_cmpint(peak(pcm, 0, 10, channel), <, 300);
        g_assert_cmpint(peak(pcm, 0, 220, channel), <, 4400);
        g_assert_cmpint(peak(pcm, RATE - 220, RATE, channel), <, 4400);
        g_assert_cmpint(peak(pcm, RATE, RATE + 128, channel), ==, 0);
    }
}

/* However it is read, in blocks or at once, it is the same tone: the phase never jumps. */
static void test_blocks(void)
{
    const Tone tone = {.frequency_hz = 997, .duration_ms = 700, .channels = TONE_BOTH};
    g_autofree int16_t *at_once = g_new0(int16_t, 2 * RATE);
    g_autofree int16_t *in_blocks = g_new0(int16_t, 2 * RATE);
    ToneSource source;

    tone_source_init(&source, &tone, RATE);
    tone_source_read(&source, at_once, RATE);
    tone_source_init(&source, &tone, RATE);
    for (unsigned at = 0; at + 128 <= RATE; at += 128)
        tone_source_read(&source, in_blocks + 2 * at, 128);
    g_assert_cmpmem(at_once, 2 * 0.9 * RATE, in_blocks, 2 * 0.9 * RATE);
}

static void test_channels(void)
{
    int16_t pcm[2 * 2048];
    Tone tone = {.frequency_hz = 440, .duration_ms = 1000, .channels = TONE_LEFT};
    ToneSource source;

    tone_source_init(&source, &tone, RATE);
    tone_source_read(&source, pcm, 2048);
    g_assert_cmpint(peak(pcm, 0, 2048, 0), >, 8000);
    g_assert_cmpint(peak(pcm, 0, 2048, 1), ==, 0);
    tone.channels = TONE_RIGHT;
    tone_source_init(&source, &tone, RATE);
    tone_source_read(&source, pcm, 2048);
    g_assert_cmpint(peak(pcm, 0, 2048, 0), ==, 0);
    g_assert_cmpint(peak(pcm, 0, 2048, 1), >, 8000);
}

/* So short that it is all fade; and none at all. */
static void test_short(void)
{
    int16_t pcm[2 * 128];
    Tone tone = {.frequency_hz = 5000, .duration_ms = 1, .channels = TONE_BOTH};
    ToneSource source;

    tone_source_init(&source, &tone, RATE);
    tone_source_read(&source, pcm, 128);
    g_assert_false(tone_source_is_active(&source));
    g_assert_cmpint(peak(pcm, 0, 128, 0), >, 0);
    g_assert_cmpint(peak(pcm, 44, 128, 0), ==, 0);
    tone.duration_ms = 0;
    tone_source_init(&source, &tone, RATE);
    g_assert_false(tone_source_is_active(&source));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tone-source/level", test_level);
    g_test_add_func("/tone-source/blocks", test_blocks);
    g_test_add_func("/tone-source/channels", test_channels);
    g_test_add_func("/tone-source/short", test_short);
    return g_test_run();
}
