/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Encoder: PCM to SBC frames by libsbc. Pure; the state is the caller's. init allocates inside
 * libsbc, encode never does: make it on the main loop, use it on the audio thread.
 * PCM is always interleaved stereo S16 native endian; a mono configuration gets (L + R) / 2. */
#pragma once

#include "a2dp/sbc_config.h"

#include <sbc/sbc.h>

#define ENCODER_PCM_FRAMES_MAX   128
#define ENCODER_DELAY_PCM_FRAMES 73 /* of the 8 subband filter bank */

typedef struct {
    sbc_t sbc;
    SbcConfig config;
    unsigned pcm_frames; /* in one SBC frame */
    size_t frame_bytes;  /* of one SBC frame at the bitpool in use */
    bool downmix;
    int16_t mono[ENCODER_PCM_FRAMES_MAX];
} Encoder;

bool encoder_init(Encoder *encoder, const SbcConfig *config, GError **error);
void encoder_clear(Encoder *encoder);
/* Encodes one SBC frame from encoder->pcm_frames stereo PCM frames into out (room for
 * encoder->frame_bytes at least). Returns the bytes written, 0 for a libsbc failure. */
size_t encoder_encode(Encoder *encoder, const int16_t *pcm, uint8_t *out, size_t out_size);
/* For the frames that follow, bounded to 2 .. sbc_config_bitpool(); frame_bytes follows. */
void encoder_set_bitpool(Encoder *encoder, uint8_t bitpool);
