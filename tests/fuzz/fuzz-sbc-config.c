/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "fuzz.h"

#include "a2dp/encoder.h"

/* Whatever configuration comes from the air: refused with a reason, or encoded, and the octets are
 * the same when written again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int16_t silence[2 * ENCODER_PCM_FRAMES_MAX];
    g_autoptr(GError) error = NULL;
    uint8_t out[SBC_FRAME_BYTES_MAX];
    uint8_t blob[SBC_BLOB_SIZE];
    SbcConfig config;
    Encoder encoder;

    if (!sbc_config_parse(data, size, &config, &error)) {
        g_assert_nonnull(error);
        return 0;
    }
    sbc_config_write(&config, blob);
    g_assert_cmpmem(blob, sizeof(blob), data, size);
    g_assert_true(encoder_init(&encoder, &config, NULL));
    g_assert_cmpuint(encoder_encode(&encoder, silence, out, sizeof(out)), ==, encoder.frame_bytes);
    encoder_clear(&encoder);
    return 0;
}
