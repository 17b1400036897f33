/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "a2dp/encoder.h"

#include "base/error.h"

#include <string.h>

/* Counts what anybody in this process allocates while it is armed. The sanitizers bring their own
 * malloc: there the counter does not exist and its test is skipped. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_MALLOC 0
#endif
#endif
#ifndef OWN_MALLOC
#define OWN_MALLOC 1
#endif

static unsigned allocations;

#if OWN_MALLOC
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    allocations++;
    return __libc_realloc(memory, size);
}
#endif

static const unsigned rates[] = {16000, 32000, 44100, 48000};

typedef void (*ConfigCheck)(const SbcConfig *config);

/* Every configuration there is, with the widest bitpool range. */
static void for_each_config(ConfigCheck check)
{
    for (unsigned i = 0; i < 4 * 4 * 4 * 2 * 2; i++) {
        const SbcConfig config = {
            .rate_hz = rates[i % 4],
            .channels = (SbcChannels)(i / 4 % 4),
            .blocks = 4 * (1 + i / 16 % 4),
            .subbands = 4 * (1 + i / 64 % 2),
            .allocation = (SbcAllocation)(i / 128 % 2),
            .bitpool_min = 2,
            .bitpool_max = 250,
        };

        check(&config);
    }
}

static void fill_noise(int16_t *pcm, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        pcm[i] = (int16_t)g_test_rand_int();
    pcm[0] = pcm[1] = INT16_MIN; /* both ends of the range too */
    pcm[2] = pcm[3] = INT16_MAX;
}

/* libsbc by itself, told the configuration in its own words. */
static void init_plain(sbc_t *sbc, const SbcConfig *config)
{
    static const uint8_t modes[] = {
        [SBC_CHANNELS_MONO] = SBC_MODE_MONO,
        [SBC_CHANNELS_DUAL] = SBC_MODE_DUAL_CHANNEL,
        [SBC_CHANNELS_STEREO] = SBC_MODE_STEREO,
        [SBC_CHANNELS_JOINT] = SBC_MODE_JOINT_STEREO,
    };

    g_assert_cmpint(sbc_init(sbc, 0), ==, 0);
    for (uint8_t i = 0; i < G_N_ELEMENTS(rates); i++) {
        if (rates[i] == config->rate_hz)
            sbc->frequency = i;
    }
    sbc->mode = modes[config->channels];
    sbc->blocks = (uint8_t)(config->blocks / 4 - 1);
    sbc->subbands = config->subbands == 8 ? SBC_SB_8 : SBC_SB_4;
    sbc->allocation = config->allocation == SBC_ALLOCATION_SNR ? SBC_AM_SNR : SBC_AM_LOUDNESS;
    sbc->endian = G_BYTE_ORDER == G_LITTLE_ENDIAN ? SBC_LE : SBC_BE;
}

static size_t encode_plain(sbc_t *sbc, bool mono, const int16_t *pcm, unsigned pcm_frames,
                           uint8_t *out)
{
    int16_t one[ENCODER_PCM_FRAMES_MAX];
    ssize_t written = 0;
    size_t size = pcm_frames * (mono ? 2 : 4);

    for (unsigned i = 0; i < pcm_frames; i++)
        one[i] = (int16_t)(((int)pcm[2 * i] + (int)pcm[2 * i + 1]) / 2);
    g_assert_cmpint(sbc_encode(sbc, mono ? one : pcm, size, out, SBC_FRAME_BYTES_MAX, &written), ==,
                    size);
    return (size_t)written;
}

static void check_identical(const SbcConfig *config)
{
    g_autoptr(GError) error = NULL;
    Encoder encoder;
    sbc_t plain;
    bool mono = config->channels == SBC_CHANNELS_MONO;

    g_assert_true(encoder_init(&encoder, config, &error));
    g_assert_no_error(error);
    init_plain(&plain, config);
    for (unsigned frame = 0; frame < 24; frame++) {
        const uint8_t bitpools[] = {2, 53, 31, 64, 19, 3};
        uint8_t bitpool = bitpools[frame / 4 % G_N_ELEMENTS(bitpools)];
        int16_t pcm[2 * ENCODER_PCM_FRAMES_MAX];
        uint8_t ours[SBC_FRAME_BYTES_MAX];
        uint8_t theirs[SBC_FRAME_BYTES_MAX];
        size_t ours_size;

        fill_noise(pcm, G_N_ELEMENTS(pcm));
        encoder_set_bitpool(&encoder, bitpool);
        plain.bitpool = bitpool;
        ours_size = encoder_encode(&encoder, pcm, ours, encoder.frame_bytes);
        g_assert_cmpuint(ours_size, ==, encoder.frame_bytes);
        g_assert_cmpmem(ours, ours_size, theirs,
                        encode_plain(&plain, mono, pcm, encoder.pcm_frames, theirs));
    }
    sbc_finish(&plain);
    encoder_clear(&encoder);
}

static void test_identical(void)
{
    for_each_config(check_identical);
}

/* Our arithmetic of sizes against libsbc's, at every bitpool that the mode can carry. */
static void check_sizes(const SbcConfig *config)
{
    Encoder encoder;

    g_assert_true(encoder_init(&encoder, config, NULL));
    g_assert_cmpuint(encoder.frame_bytes, <=, SBC_FRAME_BYTES_MAX);
    g_assert_cmpuint(encoder.pcm_frames, ==, sbc_config_pcm_frames(config));
    for (unsigned bitpool = 2; bitpool <= sbc_config_bitpool(config); bitpool++) {
        int16_t pcm[2 * ENCODER_PCM_FRAMES_MAX] = {0};
        uint8_t out[SBC_FRAME_BYTES_MAX];

        encoder_set_bitpool(&encoder, (uint8_t)bitpool);
        g_assert_cmpuint(encoder.sbc.bitpool, ==, bitpool);
        g_assert_cmpuint(encoder.frame_bytes, ==, sbc_get_frame_length(&encoder.sbc));
        g_assert_cmpuint(encoder_encode(&encoder, pcm, out, sizeof(out)), ==, encoder.frame_bytes);
        g_assert_cmpuint(out[0], ==, 0x9c); /* the syncword */
        g_assert_cmpuint(out[2], ==, bitpool);
    }
    encoder_clear(&encoder);
}

static void test_sizes(void)
{
    for_each_config(check_sizes);
}

static const SbcConfig joint = {44100, SBC_CHANNELS_JOINT, 16, 8, SBC_ALLOCATION_LOUDNESS, 2, 53};

/* A frame of silence, byte for byte: the header of the most usual configuration. */
static void test_golden_header(void)
{
    static const int16_t silence[2 * ENCODER_PCM_FRAMES_MAX];
    uint8_t out[SBC_FRAME_BYTES_MAX];
    Encoder encoder;

    g_assert_true(encoder_init(&encoder, &joint, NULL));
    g_assert_cmpuint(encoder_encode(&encoder, silence, out, sizeof(out)), ==, 119);
    g_assert_cmpuint(out[0], ==, 0x9c);
    g_assert_cmpuint(out[1], ==,
                     0xbd); /* 44.1 kHz, 16 blocks, joint stereo, loudness, 8 subbands */
    g_assert_cmpuint(out[2], ==, 53);
    encoder_clear(&encoder);
}

/* What comes out of a decoder, ENCODER_DELAY_PCM_FRAMES later, is what went in. */
static void test_delay(void)
{
    int16_t in[2 * 10 * 128] = {0};
    int16_t out[2 * 10 * 128] = {0};
    size_t loudest = 0;
    Encoder encoder;
    sbc_t decoder;

    in[2 * 500] = in[2 * 500 + 1] = 20000; /* a click */
    g_assert_true(encoder_init(&encoder, &joint, NULL));
    g_assert_cmpint(sbc_init(&decoder, 0), ==, 0);
    decoder.endian = encoder.sbc.endian;
    for (unsigned frame = 0; frame < 10; frame++) {
        uint8_t sbc[SBC_FRAME_BYTES_MAX];
        size_t size = encoder_encode(&encoder, in + 256 * frame, sbc, sizeof(sbc));
        size_t written = 0;

        g_assert_cmpint(sbc_decode(&decoder, sbc, size, out + 256 * frame, 512, &written), >, 0);
    }
    for (size_t i = 0; i < 10 * 128; i++) {
        if (ABS(out[2 * i]) > ABS(out[2 * loudest]))
            loudest = i;
    }
    g_assert_cmpuint(loudest, ==, 500 + ENCODER_DELAY_PCM_FRAMES);
    sbc_finish(&decoder);
    encoder_clear(&encoder);
}

/* (L + R) / 2 at both ends of the range: no clipping, no overflow. */
static void test_downmix(void)
{
    static const struct {
        int16_t left, right, mono;
    } cases[] = {
        {INT16_MAX, INT16_MAX, INT16_MAX},
        {INT16_MIN, INT16_MIN, INT16_MIN},
        {INT16_MIN, INT16_MAX, 0},
        {1000, 2000, 1500},
        {-1000, 3000, 1000},
        {0, 0, 0},
        {-3, 0, -1},
        {3, 0, 1},
    };
    SbcConfig config = joint;
    int16_t pcm[2 * ENCODER_PCM_FRAMES_MAX] = {0};
    uint8_t out[SBC_FRAME_BYTES_MAX];
    Encoder encoder;

    config.channels = SBC_CHANNELS_MONO;
    g_assert_true(encoder_init(&encoder, &config, NULL));
    g_assert_true(encoder.downmix);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        pcm[2 * i] = cases[i].left;
        pcm[2 * i + 1] = cases[i].right;
    }
    g_assert_cmpuint(encoder_encode(&encoder, pcm, out, sizeof(out)), >, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(encoder.mono[i], ==, cases[i].mono);
    encoder_clear(&encoder);
}

static void test_bitpool_is_bounded(void)
{
    Encoder encoder;

    g_assert_true(encoder_init(&encoder, &joint, NULL));
    g_assert_cmpuint(encoder.sbc.bitpool, ==, 53);
    encoder_set_bitpool(&encoder, 54);
    g_assert_cmpuint(encoder.sbc.bitpool, ==, 53);
    g_assert_cmpuint(encoder.frame_bytes, ==, 119);
    encoder_set_bitpool(&encoder, 0);
    g_assert_cmpuint(encoder.sbc.bitpool, ==, 2);
    encoder_clear(&encoder);
}

static void test_no_room(void)
{
    static const int16_t silence[2 * ENCODER_PCM_FRAMES_MAX];
    uint8_t out[SBC_FRAME_BYTES_MAX];
    Encoder encoder;

    g_assert_true(encoder_init(&encoder, &joint, NULL));
    g_assert_cmpuint(encoder_encode(&encoder, silence, out, 118), ==, 0);
    g_assert_cmpuint(encoder_encode(&encoder, silence, out, 119), ==, 119);
    encoder_clear(&encoder);
}

static void test_refuses_nonsense(void)
{
    static const SbcConfig nonsense[] = {
        {0, SBC_CHANNELS_JOINT, 16, 8, SBC_ALLOCATION_LOUDNESS, 2, 53},
        {22050, SBC_CHANNELS_JOINT, 16, 8, SBC_ALLOCATION_LOUDNESS, 2, 53},
        {44100, SBC_CHANNELS_JOINT, 15, 8, SBC_ALLOCATION_LOUDNESS, 2, 53},
        {44100, SBC_CHANNELS_JOINT, 16, 6, SBC_ALLOCATION_LOUDNESS, 2, 53},
        {0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(nonsense); i++) {
        g_autoptr(GError) error = NULL;
        Encoder encoder;

        g_assert_false(encoder_init(&encoder, &nonsense[i], &error));
        g_assert_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INCOMPATIBLE);
        encoder_clear(&encoder); /* of a half-built one, twice: fine */
        encoder_clear(&encoder);
    }
}

static void test_never_allocates(void)
{
    static const int16_t silence[2 * ENCODER_PCM_FRAMES_MAX];
    uint8_t out[SBC_FRAME_BYTES_MAX];
    SbcConfig config = joint;
    Encoder encoder;
    unsigned before;

    if (!OWN_MALLOC) {
        g_test_skip("the sanitizer has the malloc");
        return;
    }
    before = allocations;
    g_free(g_malloc(1));
    g_assert_cmpuint(allocations, >, before); /* the counter does count */
    for (unsigned mode = SBC_CHANNELS_MONO; mode <= SBC_CHANNELS_JOINT; mode++) {
        config.channels = (SbcChannels)mode;
        g_assert_true(encoder_init(&encoder, &config, NULL));
        before = allocations;
        for (unsigned i = 0; i < 100; i++) { /* the very first one counts too */
            encoder_set_bitpool(&encoder, (uint8_t)(2 + i));
            encoder_encode(&encoder, silence, out, sizeof(out));
        }
        g_assert_cmpuint(allocations, ==, before);
        encoder_clear(&encoder);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/encoder/identical", test_identical);
    g_test_add_func("/encoder/sizes", test_sizes);
    g_test_add_func("/encoder/golden-header", test_golden_header);
    g_test_add_func("/encoder/delay", test_delay);
    g_test_add_func("/encoder/downmix", test_downmix);
    g_test_add_func("/encoder/bitpool-is-bounded", test_bitpool_is_bounded);
    g_test_add_func("/encoder/no-room", test_no_room);
    g_test_add_func("/encoder/refuses-nonsense", test_refuses_nonsense);
    g_test_add_func("/encoder/never-allocates", test_never_allocates);
    return g_test_run();
}
