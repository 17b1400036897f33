/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* SbcConfig: the SBC codec's capabilities and configuration, between the four octets of AVDTP and
 * plain numbers. Pure. A2DP 1.3.2, clause 4.3.2 (codec specific information elements). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SBC_BLOB_SIZE          4
#define SBC_FRAME_BYTES_MAX    524 /* dual channel, 16 blocks, 8 subbands, bitpool 128: its bound */
#define SBC_SOURCE_BITPOOL_MAX 53

typedef enum {
    SBC_CHANNELS_MONO,
    SBC_CHANNELS_DUAL,
    SBC_CHANNELS_STEREO,
    SBC_CHANNELS_JOINT,
} SbcChannels;

typedef enum {
    SBC_ALLOCATION_SNR,
    SBC_ALLOCATION_LOUDNESS,
} SbcAllocation;

/* What one end can do: octets as on the air, several bits each. */
typedef struct {
    uint8_t octet[SBC_BLOB_SIZE];
} SbcCapabilities;

/* What was agreed: one value each. */
typedef struct {
    unsigned rate_hz; /* 16000, 32000, 44100 or 48000 */
    SbcChannels channels;
    unsigned blocks;   /* 4, 8, 12 or 16 */
    unsigned subbands; /* 4 or 8 */
    SbcAllocation allocation;
    uint8_t bitpool_min; /* 2 to 250 */
    uint8_t bitpool_max; /* what we encode with; not below bitpool_min */
} SbcConfig;

/* What we want of a speaker. */
typedef struct {
    unsigned rate_hz;    /* the loopback's: nothing is resampled */
    uint8_t bitpool_max; /* an upper bound of ours */
    bool mono;           /* prefer mono */
} SbcWish;

/* Our own endpoint's capabilities: everything A2DP knows, bitpool 2 to bitpool_max. */
SbcCapabilities sbc_capabilities_of_source(uint8_t bitpool_max);
/* Checks a speaker's capabilities: size, at least one bit in each field, bitpool range. Reserved
 * and contradicting values are an error (ECHOCAST_ERROR_INCOMPATIBLE) that says which field is
 * wrong. */
bool sbc_capabilities_parse(const uint8_t *blob, size_t size, SbcCapabilities *capabilities,
                            GError **error);
/* The best configuration that both can do: joint stereo before stereo, dual channel, mono; 16
 * blocks; 8 subbands; loudness; the smallest of our bound, the speaker's and A2DP's "high quality"
 * for the bitpool (53 at 44.1 kHz, 51 at 48 kHz, 31 and 29 in mono). An error if there is none,
 * which says what the speaker takes instead. */
bool sbc_config_select(const SbcCapabilities *capabilities, const SbcWish *wish, SbcConfig *config,
                       GError **error);
/* Refuses a configuration from the air that has no bit or several bits in a field, or a bitpool
 * range outside of 2..250, upside down, or beyond what the mode can carry. It does not know our own
 * capabilities: sbc_config_limit holds it to them. */
bool sbc_config_parse(const uint8_t *blob, size_t size, SbcConfig *config, GError **error);
/* Lowers bitpool_max to ours, as a speaker that configures by itself may have asked for more; an
 * error if its minimum is above that. */
bool sbc_config_limit(SbcConfig *config, uint8_t bitpool_max, GError **error);
void sbc_config_write(const SbcConfig *config, uint8_t blob[SBC_BLOB_SIZE]);
unsigned sbc_config_channel_count(const SbcConfig *config);
/* PCM frames in one SBC frame: blocks * subbands. */
unsigned sbc_config_pcm_frames(const SbcConfig *config);
/* The bitpool to encode with: bitpool_max, or less where the mode cannot carry so much (a bound of
 * SBC's own: 16 a subband, 32 where two channels share). */
uint8_t sbc_config_bitpool(const SbcConfig *config);
/* Bytes of one SBC frame at a bitpool (A2DP 1.3.2, 12.9). */
size_t sbc_config_frame_bytes(const SbcConfig *config, uint8_t bitpool);
unsigned sbc_config_bitrate(const SbcConfig *config, uint8_t bitpool); /* bit/s */
/* "44100 Hz joint stereo, 16 blocks, 8 subbands, loudness, bitpool 2..53"; to be freed. */
char *sbc_config_describe(const SbcConfig *config);
