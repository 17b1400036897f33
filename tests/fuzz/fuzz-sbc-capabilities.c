/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "fuzz.h"

#include "a2dp/encoder.h"

/* Whatever a speaker announces: what we choose is within it, and libsbc can encode it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int16_t silence[2 * ENCODER_PCM_FRAMES_MAX];
    const SbcWish wish = {44100, size % 2 ? 53 : 30, size % 3 == 0};
    uint8_t out[SBC_FRAME_BYTES_MAX];
    SbcCapabilities capabilities;
    SbcConfig config;
    Encoder encoder;

    if (!sbc_capabilities_parse(data, size, &capabilities, NULL) ||
        !sbc_config_select(&capabilities, &wish, &config, NULL))
        return 0;
    g_assert_cmpuint(config.bitpool_max, <=, MIN(data[3], wish.bitpool_max));
    g_assert_cmpuint(config.bitpool_min, >=, data[2]);
    g_assert_true(encoder_init(&encoder, &config, NULL));
    g_assert_cmpuint(encoder_encode(&encoder, silence, out, sizeof(out)), ==, encoder.frame_bytes);
    encoder_clear(&encoder);
    return 0;
}
