/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "a2dp/sbc_config.h"

#include "base/error.h"

#include <stdarg.h>
#include <string.h>

#define BITPOOL_LOWEST  2
#define BITPOOL_HIGHEST 250
#define BITPOOL_MIN     2 /* octet of the blob */
#define BITPOOL_MAX     3
#define CHOICES_MAX     4

/* What A2DP allows a source at all, and asks every speaker to decode. */
#define BITRATE_MAX_MONO   320000
#define BITRATE_MAX_STEREO 512000

typedef struct {
    uint8_t bit;
    unsigned value;
} Choice;

/* A bit field of the blob, its choices in our order of preference (0 ends a short list). */
typedef struct {
    const char *name;
    unsigned octet;
    Choice choices[CHOICES_MAX];
} Field;

typedef enum {
    FIELD_RATE,
    FIELD_CHANNELS,
    FIELD_BLOCKS,
    FIELD_SUBBANDS,
    FIELD_ALLOCATION,
    FIELD_COUNT,
} FieldId;

static const Field fields[FIELD_COUNT] = {
    [FIELD_RATE] = {"sampling frequency",
                    0,
                    {{0x20, 44100}, {0x10, 48000}, {0x40, 32000}, {0x80, 16000}}},
    [FIELD_CHANNELS] = {"channel mode",
                        0,
                        {{0x01, SBC_CHANNELS_JOINT},
                         {0x02, SBC_CHANNELS_STEREO},
                         {0x04, SBC_CHANNELS_DUAL},
                         {0x08, SBC_CHANNELS_MONO}}},
    [FIELD_BLOCKS] = {"block length", 1, {{0x10, 16}, {0x20, 12}, {0x40, 8}, {0x80, 4}}},
    [FIELD_SUBBANDS] = {"subbands", 1, {{0x04, 8}, {0x08, 4}}},
    [FIELD_ALLOCATION] = {"allocation method",
                          1,
                          {{0x01, SBC_ALLOCATION_LOUDNESS}, {0x02, SBC_ALLOCATION_SNR}}},
};

static uint8_t field_bits(FieldId id, const uint8_t *blob)
{
    uint8_t mask = 0;

    for (unsigned i = 0; i < CHOICES_MAX; i++)
        mask |= fields[id].choices[i].bit;
    return blob[fields[id].octet] & mask;
}

/* The first of our preferences that is among the bits; NULL if none is. */
static const Choice *field_best(FieldId id, uint8_t bits)
{
    for (unsigned i = 0; i < CHOICES_MAX; i++) {
        if (fields[id].choices[i].bit & bits)
            return &fields[id].choices[i];
    }
    return NULL;
}

static uint8_t field_bit_of(FieldId id, unsigned value)
{
    for (unsigned i = 0; i < CHOICES_MAX; i++) {
        if (fields[id].choices[i].bit != 0 && fields[id].choices[i].value == value)
            return fields[id].choices[i].bit;
    }
    return 0;
}

static bool refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool refuse(GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INCOMPATIBLE, text);
    return false;
}

static bool check_size(const char *what, const uint8_t *blob, size_t size, GError **error)
{
    if (blob == NULL || size != SBC_BLOB_SIZE)
        return refuse(error, "SBC %s: size is %zu octets, not %d", what, size, SBC_BLOB_SIZE);
    return true;
}

static bool check_bitpool(const char *what, const uint8_t *blob, GError **error)
{
    uint8_t min = blob[BITPOOL_MIN];
    uint8_t max = blob[BITPOOL_MAX];

    if (min < BITPOOL_LOWEST || min > BITPOOL_HIGHEST)
        return refuse(error, "SBC %s: minimum bitpool %u is not in 2..250", what, min);
    if (max < BITPOOL_LOWEST || max > BITPOOL_HIGHEST)
        return refuse(error, "SBC %s: maximum bitpool %u is not in 2..250", what, max);
    if (min > max)
        return refuse(error, "SBC %s: minimum bitpool %u is above the maximum %u", what, min, max);
    return true;
}

/* SBC's own bound: a subband never takes more than 16 bits (A2DP 1.3.2, 12.5). */
static unsigned bitpool_limit(const SbcConfig *config)
{
    bool together =
        config->channels == SBC_CHANNELS_STEREO || config->channels == SBC_CHANNELS_JOINT;
    unsigned limit = (together ? 32 : 16) * config->subbands;

    return MIN(limit, BITPOOL_HIGHEST);
}

/* What sounds well without wasting airtime: A2DP 1.3.2, table 4.7 (high quality); dual channel
 * counts a channel, like mono. Lower rates have no row there: our own bound alone. */
static unsigned bitpool_high_quality(const SbcConfig *config)
{
    bool together =
        config->channels == SBC_CHANNELS_STEREO || config->channels == SBC_CHANNELS_JOINT;

    if (config->rate_hz == 48000)
        return together ? 51 : 29;
    if (config->rate_hz == 44100)
        return together ? SBC_SOURCE_BITPOOL_MAX : 31;
    return SBC_SOURCE_BITPOOL_MAX;
}

SbcCapabilities sbc_capabilities_of_source(uint8_t bitpool_max)
{
    uint8_t max = CLAMP(bitpool_max, BITPOOL_LOWEST, BITPOOL_HIGHEST);

    return (SbcCapabilities){{0xff, 0xff, BITPOOL_LOWEST, max}};
}

bool sbc_capabilities_parse(const uint8_t *blob, size_t size, SbcCapabilities *capabilities,
                            GError **error)
{
    if (!check_size("capabilities", blob, size, error))
        return false;
    for (unsigned id = 0; id < FIELD_COUNT; id++) {
        if (field_bits(id, blob) == 0)
            return refuse(error, "SBC capabilities: %s has no bit set", fields[id].name);
    }
    if (!check_bitpool("capabilities", blob, error))
        return false;
    memcpy(capabilities->octet, blob, SBC_BLOB_SIZE);
    return true;
}

static bool select_rate(const uint8_t *theirs, unsigned rate_hz, SbcConfig *config, GError **error)
{
    g_autoptr(GString) rates = NULL;
    uint8_t bits = field_bits(FIELD_RATE, theirs);

    config->rate_hz = rate_hz;
    if (bits & field_bit_of(FIELD_RATE, rate_hz))
        return true;
    rates = g_string_new(NULL);
    for (unsigned i = 0; i < CHOICES_MAX; i++) {
        if (bits & fields[FIELD_RATE].choices[i].bit)
            g_string_append_printf(rates, "%s%u", rates->len > 0 ? ", " : "",
                                   fields[FIELD_RATE].choices[i].value);
    }
    return refuse(error, "SBC: the speaker does not take %u Hz, only %s", rate_hz,
                  rates->len > 0 ? rates->str : "nothing");
}

static bool select_modes(const uint8_t *theirs, bool mono, SbcConfig *config, GError **error)
{
    const Choice *best[FIELD_COUNT] = {NULL};

    for (unsigned id = FIELD_CHANNELS; id < FIELD_COUNT; id++) {
        best[id] = field_best(id, field_bits(id, theirs));
        if (best[id] == NULL)
            return refuse(error, "SBC: the speaker's %s has no bit set", fields[id].name);
    }
    config->channels = best[FIELD_CHANNELS]->value;
    if (mono &&
        (field_bits(FIELD_CHANNELS, theirs) & field_bit_of(FIELD_CHANNELS, SBC_CHANNELS_MONO)))
        config->channels = SBC_CHANNELS_MONO;
    config->blocks = best[FIELD_BLOCKS]->value;
    config->subbands = best[FIELD_SUBBANDS]->value;
    config->allocation = best[FIELD_ALLOCATION]->value;
    return true;
}

static bool select_bitpool(const uint8_t *theirs, unsigned wish_max, SbcConfig *config,
                           GError **error)
{
    unsigned min = MAX(theirs[BITPOOL_MIN], BITPOOL_LOWEST);
    unsigned max = MIN(theirs[BITPOOL_MAX], bitpool_limit(config));
    unsigned allowed =
        config->channels == SBC_CHANNELS_MONO ? BITRATE_MAX_MONO : BITRATE_MAX_STEREO;

    max = MIN(max, wish_max);
    if (min > max)
        return refuse(error, "SBC: the speaker wants a bitpool of %u..%u, we can give %u at most",
                      theirs[BITPOOL_MIN], theirs[BITPOOL_MAX], max);
    /* A speaker that insists on more than we find useful gets its minimum. */
    max = MAX(min, MIN(max, bitpool_high_quality(config)));
    while (max > min && sbc_config_bitrate(config, (uint8_t)max) > allowed)
        max--;
    config->bitpool_min = (uint8_t)min;
    config->bitpool_max = (uint8_t)max;
    return true;
}

bool sbc_config_select(const SbcCapabilities *capabilities, const SbcWish *wish, SbcConfig *config,
                       GError **error)
{
    unsigned wish_max = MIN(wish->bitpool_max, SBC_SOURCE_BITPOOL_MAX);
    SbcConfig selected = {0};

    if (!select_rate(capabilities->octet, wish->rate_hz, &selected, error))
        return false;
    if (!select_modes(capabilities->octet, wish->mono, &selected, error))
        return false;
    if (!select_bitpool(capabilities->octet, wish_max, &selected, error))
        return false;
    *config = selected;
    return true;
}

/* Some speakers send their whole capability mask as a configuration, and BlueZ passes it on
 * (bluez/bluez#1891): one bit exactly. */
static const Choice *only_choice(FieldId id, const uint8_t *blob, GError **error)
{
    uint8_t bits = field_bits(id, blob);

    if (bits == 0) {
        refuse(error, "SBC configuration: %s has no bit set", fields[id].name);
        return NULL;
    }
    if (bits & (bits - 1)) {
        refuse(error, "SBC configuration: %s has several bits set (0x%02x)", fields[id].name, bits);
        return NULL;
    }
    return field_best(id, bits);
}

bool sbc_config_parse(const uint8_t *blob, size_t size, SbcConfig *config, GError **error)
{
    const Choice *chosen[FIELD_COUNT];
    SbcConfig parsed;

    if (!check_size("configuration", blob, size, error))
        return false;
    for (unsigned id = 0; id < FIELD_COUNT; id++) {
        chosen[id] = only_choice(id, blob, error);
        if (chosen[id] == NULL)
            return false;
    }
    if (!check_bitpool("configuration", blob, error))
        return false;
    parsed = (SbcConfig){
        .rate_hz = chosen[FIELD_RATE]->value,
        .channels = chosen[FIELD_CHANNELS]->value,
        .blocks = chosen[FIELD_BLOCKS]->value,
        .subbands = chosen[FIELD_SUBBANDS]->value,
        .allocation = chosen[FIELD_ALLOCATION]->value,
        .bitpool_min = blob[BITPOOL_MIN],
        .bitpool_max = blob[BITPOOL_MAX],
    };
    if (parsed.bitpool_min > bitpool_limit(&parsed))
        return refuse(error, "SBC configuration: minimum bitpool %u is above the %u of this mode",
                      parsed.bitpool_min, bitpool_limit(&parsed));
    *config = parsed;
    return true;
}

bool sbc_config_limit(SbcConfig *config, uint8_t bitpool_max, GError **error)
{
    if (config->bitpool_min > bitpool_max)
        return refuse(error, "SBC configuration: minimum bitpool %u is above our maximum %u",
                      config->bitpool_min, bitpool_max);
    config->bitpool_max = MIN(config->bitpool_max, bitpool_max);
    return true;
}

void sbc_config_write(const SbcConfig *config, uint8_t blob[SBC_BLOB_SIZE])
{
    blob[0] =
        field_bit_of(FIELD_RATE, config->rate_hz) | field_bit_of(FIELD_CHANNELS, config->channels);
    blob[1] = field_bit_of(FIELD_BLOCKS, config->blocks) |
              field_bit_of(FIELD_SUBBANDS, config->subbands) |
              field_bit_of(FIELD_ALLOCATION, config->allocation);
    blob[BITPOOL_MIN] = config->bitpool_min;
    blob[BITPOOL_MAX] = config->bitpool_max;
}

unsigned sbc_config_channel_count(const SbcConfig *config)
{
    return config->channels == SBC_CHANNELS_MONO ? 1 : 2;
}

unsigned sbc_config_pcm_frames(const SbcConfig *config)
{
    return config->blocks * config->subbands;
}

uint8_t sbc_config_bitpool(const SbcConfig *config)
{
    return (uint8_t)MIN(config->bitpool_max, bitpool_limit(config));
}

size_t sbc_config_frame_bytes(const SbcConfig *config, uint8_t bitpool)
{
    unsigned channels = sbc_config_channel_count(config);
    size_t header = 4 + config->subbands * channels / 2; /* four bits a scale factor */
    size_t bits = (size_t)config->blocks * bitpool;

    switch (config->channels) {
    case SBC_CHANNELS_MONO:
    case SBC_CHANNELS_STEREO:
        break;
    case SBC_CHANNELS_DUAL:
        bits *= 2; /* each channel has a bitpool of its own */
        break;
    case SBC_CHANNELS_JOINT:
        bits += config->subbands; /* one flag a subband */
        break;
    }
    return header + (bits + 7) / 8;
}

unsigned sbc_config_bitrate(const SbcConfig *config, uint8_t bitpool)
{
    uint64_t bits = 8 * (uint64_t)sbc_config_frame_bytes(config, bitpool);

    return (unsigned)(bits * config->rate_hz / sbc_config_pcm_frames(config));
}

static const char *channels_text(SbcChannels channels)
{
    switch (channels) {
    case SBC_CHANNELS_MONO:
        return "mono";
    case SBC_CHANNELS_DUAL:
        return "dual channel";
    case SBC_CHANNELS_STEREO:
        return "stereo";
    case SBC_CHANNELS_JOINT:
        return "joint stereo";
    }
    g_return_val_if_reached("?");
}

char *sbc_config_describe(const SbcConfig *config)
{
    return g_strdup_printf("%u Hz %s, %u blocks, %u subbands, %s, bitpool %u..%u", config->rate_hz,
                           channels_text(config->channels), config->blocks, config->subbands,
                           config->allocation == SBC_ALLOCATION_SNR ? "SNR" : "loudness",
                           config->bitpool_min, config->bitpool_max);
}
