/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "a2dp/encoder.h"

#include "base/error.h"

#include <string.h>

#define BITPOOL_LOWEST 2

static size_t pcm_bytes(const Encoder *encoder)
{
    return encoder->pcm_frames * sbc_config_channel_count(&encoder->config) * sizeof(int16_t);
}

bool encoder_init(Encoder *encoder, const SbcConfig *config, GError **error)
{
    uint8_t blob[SBC_BLOB_SIZE];
    g_autofree char *text = NULL;

    memset(encoder, 0, sizeof(*encoder));
    encoder->config = *config;
    encoder->pcm_frames = sbc_config_pcm_frames(config);
    encoder->downmix = config->channels == SBC_CHANNELS_MONO;
    sbc_config_write(config, blob);
    /* libsbc compares its own reading of the blob with ours: they have to agree on the sizes. */
    if (sbc_init_a2dp(&encoder->sbc, 0, blob, sizeof(blob)) == 0) {
        encoder->sbc.endian = G_BYTE_ORDER == G_LITTLE_ENDIAN ? SBC_LE : SBC_BE;
        encoder_set_bitpool(encoder, sbc_config_bitpool(config));
        if (sbc_get_codesize(&encoder->sbc) == pcm_bytes(encoder) &&
            sbc_get_frame_length(&encoder->sbc) == encoder->frame_bytes)
            return true;
    }
    encoder_clear(encoder);
    text = sbc_config_describe(config);
    g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INCOMPATIBLE, "libsbc cannot encode %s",
                text);
    return false;
}

void encoder_clear(Encoder *encoder)
{
    if (encoder->sbc.priv != NULL)
        sbc_finish(&encoder->sbc);
    memset(encoder, 0, sizeof(*encoder));
}

/* Half the sum of any two samples fits: nothing clips. */
static const int16_t *downmixed(Encoder *encoder, const int16_t *pcm)
{
    for (unsigned i = 0; i < encoder->pcm_frames; i++)
        encoder->mono[i] = (int16_t)((pcm[2 * i] + pcm[2 * i + 1]) / 2);
    return encoder->mono;
}

size_t encoder_encode(Encoder *encoder, const int16_t *pcm, uint8_t *out, size_t out_size)
{
    size_t in_size = pcm_bytes(encoder);
    ssize_t written = 0;
    ssize_t consumed;

    if (encoder->downmix)
        pcm = downmixed(encoder, pcm);
    consumed = sbc_encode(&encoder->sbc, pcm, in_size, out, out_size, &written);
    return consumed == (ssize_t)in_size && written > 0 ? (size_t)written : 0;
}

void encoder_set_bitpool(Encoder *encoder, uint8_t bitpool)
{
    uint8_t highest = sbc_config_bitpool(&encoder->config);

    encoder->sbc.bitpool = CLAMP(bitpool, BITPOOL_LOWEST, highest);
    encoder->frame_bytes = sbc_config_frame_bytes(&encoder->config, encoder->sbc.bitpool);
}
