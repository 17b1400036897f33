/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "a2dp/sbc_config.h"

#include "base/error.h"

#include <string.h>

static SbcConfig parsed(const uint8_t *blob)
{
    g_autoptr(GError) error = NULL;
    SbcConfig config = {0};

    g_assert_true(sbc_config_parse(blob, SBC_BLOB_SIZE, &config, &error));
    g_assert_no_error(error);
    return config;
}

/* Every sentence about a broken blob names the field. */
static void assert_refused(GError *error, const char *field)
{
    g_assert_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INCOMPATIBLE);
    if (strstr(error->message, field) == NULL)
        g_error("'%s' does not name '%s'", error->message, field);
}

static void test_golden_sizes(void)
{
    static const struct {
        uint8_t blob[SBC_BLOB_SIZE];
        uint8_t bitpool;
        size_t frame_bytes;
        unsigned bitrate;
    } cases[] = {
        {{0x21, 0x15, 2, 53}, 53, 119, 327993}, /* 44.1 kHz joint stereo */
        {{0x11, 0x15, 2, 53}, 51, 115, 345000}, /* 48 kHz joint stereo */
        {{0x28, 0x15, 2, 53}, 31, 70, 192937},  /* 44.1 kHz mono */
        {{0x18, 0x15, 2, 53}, 29, 66, 198000},  /* 48 kHz mono */
        {{0x21, 0x15, 2, 53}, 35, 83, 228768},  /* joint stereo, middle quality */
        {{0x22, 0x15, 2, 53}, 53, 118, 325237}, /* stereo: one octet of joint flags less */
        {{0x24, 0x15, 2, 53}, 38, 164, 452025}, /* dual channel, "XQ" */
        {{0x24, 0x15, 2, 53}, 47, 200, 551250},
        {{0x21, 0x15, 2, 250}, 250, 513, 1413956},
        {{0x24, 0x15, 2, 250}, 128, SBC_FRAME_BYTES_MAX, 1444275},
        {{0x21, 0x19, 2, 53}, 53, 115, 633937}, /* 4 subbands: shorter frames */
        {{0x88, 0x8a, 2, 53}, 2, 7, 56000},     /* the smallest of all */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        SbcConfig config = parsed(cases[i].blob);

        g_assert_cmpuint(sbc_config_frame_bytes(&config, cases[i].bitpool), ==,
                         cases[i].frame_bytes);
        g_assert_cmpuint(sbc_config_bitrate(&config, cases[i].bitpool), ==, cases[i].bitrate);
    }
}

static void test_bitpool_bound(void)
{
    static const struct {
        uint8_t blob[SBC_BLOB_SIZE];
        uint8_t bitpool;
    } cases[] = {
        {{0x21, 0x15, 2, 53}, 53},   {{0x21, 0x15, 2, 250}, 250}, {{0x22, 0x15, 2, 250}, 250},
        {{0x24, 0x15, 2, 250}, 128}, {{0x28, 0x15, 2, 250}, 128}, {{0x28, 0x19, 2, 250}, 64},
        {{0x21, 0x19, 2, 250}, 128}, {{0x28, 0x19, 2, 40}, 40},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        SbcConfig config = parsed(cases[i].blob);

        g_assert_cmpuint(sbc_config_bitpool(&config), ==, cases[i].bitpool);
    }
}

static void test_parse(void)
{
    static const uint8_t blob[] = {0x42, 0x2a, 12, 200};
    SbcConfig config = parsed(blob);

    g_assert_cmpuint(config.rate_hz, ==, 32000);
    g_assert_cmpuint(config.channels, ==, SBC_CHANNELS_STEREO);
    g_assert_cmpuint(config.blocks, ==, 12);
    g_assert_cmpuint(config.subbands, ==, 4);
    g_assert_cmpuint(config.allocation, ==, SBC_ALLOCATION_SNR);
    g_assert_cmpuint(config.bitpool_min, ==, 12);
    g_assert_cmpuint(config.bitpool_max, ==, 128 + 72);
    g_assert_cmpuint(sbc_config_channel_count(&config), ==, 2);
    g_assert_cmpuint(sbc_config_pcm_frames(&config), ==, 48);
}

/* All 256 configurations there are: octets to numbers and back. */
static void test_round_trip(void)
{
    unsigned seen = 0;

    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            const uint8_t blob[] = {(uint8_t)first, (uint8_t)second, 2, 53};
            uint8_t written[SBC_BLOB_SIZE];
            SbcConfig config;

            if (!sbc_config_parse(blob, sizeof(blob), &config, NULL))
                continue;
            sbc_config_write(&config, written);
            g_assert_cmpmem(written, sizeof(written), blob, sizeof(blob));
            seen++;
        }
    }
    g_assert_cmpuint(seen, ==, 4 * 4 * 4 * 2 * 2);
}

static void test_parse_refuses(void)
{
    static const struct {
        uint8_t blob[SBC_BLOB_SIZE + 1];
        size_t size;
        const char *field;
    } cases[] = {
        {{0xff, 0xff, 2, 53}, 4, "sampling frequency has several"}, /* a mask: bluez#1891 */
        {{0x3f, 0xff, 2, 53}, 4, "sampling frequency has several"},
        {{0x23, 0x15, 2, 53}, 4, "channel mode has several"},
        {{0x21, 0xf5, 2, 53}, 4, "block length has several"},
        {{0x21, 0x1d, 2, 53}, 4, "subbands has several"},
        {{0x21, 0x17, 2, 53}, 4, "allocation method has several"},
        {{0x01, 0x15, 2, 53}, 4, "sampling frequency has no"},
        {{0x20, 0x15, 2, 53}, 4, "channel mode has no"},
        {{0x21, 0x05, 2, 53}, 4, "block length has no"},
        {{0x21, 0x11, 2, 53}, 4, "subbands has no"},
        {{0x21, 0x14, 2, 53}, 4, "allocation method has no"},
        {{0x21, 0x15, 1, 53}, 4, "minimum bitpool 1 is not"},
        {{0x21, 0x15, 251, 255}, 4, "minimum bitpool 251 is not"},
        {{0x21, 0x15, 2, 1}, 4, "maximum bitpool 1 is not"},
        {{0x21, 0x15, 2, 251}, 4, "maximum bitpool 251 is not"},
        {{0x21, 0x15, 54, 53}, 4, "minimum bitpool 54 is above the maximum 53"},
        {{0x28, 0x19, 65, 80}, 4, "minimum bitpool 65 is above the 64"},
        {{0x21, 0x15, 2, 53}, 3, "size"},
        {{0x21, 0x15, 2, 53}, 5, "size"},
        {{0}, 0, "size"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        SbcConfig config = {.rate_hz = 1};

        g_assert_false(sbc_config_parse(cases[i].blob, cases[i].size, &config, &error));
        assert_refused(error, cases[i].field);
        g_assert_cmpuint(config.rate_hz, ==, 1); /* left alone */
    }
    g_assert_false(sbc_config_parse(NULL, 4, &(SbcConfig){0}, NULL));
}

static void test_limit(void)
{
    static const struct {
        uint8_t min, max, ours, limited; /* limited 0: refused */
    } cases[] = {
        {2, 250, 53, 53}, {2, 53, 53, 53}, {2, 35, 53, 35}, {53, 250, 53, 53}, {54, 250, 53, 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const uint8_t blob[] = {0x21, 0x15, cases[i].min, cases[i].max};
        SbcConfig config = parsed(blob);
        g_autoptr(GError) error = NULL;

        if (sbc_config_limit(&config, cases[i].ours, &error)) {
            g_assert_cmpuint(config.bitpool_max, ==, cases[i].limited);
            g_assert_cmpuint(config.bitpool_min, ==, cases[i].min);
        } else {
            g_assert_cmpuint(cases[i].limited, ==, 0);
            assert_refused(error, "minimum bitpool 54 is above our maximum 53");
        }
    }
}

static void test_capabilities_refuses(void)
{
    static const struct {
        uint8_t blob[SBC_BLOB_SIZE + 1];
        size_t size;
        const char *field;
    } cases[] = {
        {{0x0f, 0xff, 2, 53}, 4, "sampling frequency"},
        {{0xf0, 0xff, 2, 53}, 4, "channel mode"},
        {{0xff, 0x0f, 2, 53}, 4, "block length"},
        {{0xff, 0xf3, 2, 53}, 4, "subbands"},
        {{0xff, 0xfc, 2, 53}, 4, "allocation method"},
        {{0xff, 0xff, 0, 53}, 4, "minimum bitpool 0"},
        {{0xff, 0xff, 2, 255}, 4, "maximum bitpool 255"},
        {{0xff, 0xff, 53, 2}, 4, "above the maximum"},
        {{0, 0, 0, 0}, 4, "sampling frequency"},
        {{0xff, 0xff, 2, 53}, 3, "size"},
        {{0xff, 0xff, 2, 53}, 5, "size"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        SbcCapabilities capabilities = {{7}};

        g_assert_false(sbc_capabilities_parse(cases[i].blob, cases[i].size, &capabilities, &error));
        assert_refused(error, cases[i].field);
        g_assert_cmpuint(capabilities.octet[0], ==, 7);
    }
}

static void test_capabilities_of_source(void)
{
    static const uint8_t golden[] = {0xff, 0xff, 2, 53};
    SbcCapabilities capabilities = sbc_capabilities_of_source(SBC_SOURCE_BITPOOL_MAX);
    SbcCapabilities back;

    g_assert_cmpmem(capabilities.octet, SBC_BLOB_SIZE, golden, sizeof(golden));
    for (unsigned max = 0; max < 256; max++) {
        capabilities = sbc_capabilities_of_source((uint8_t)max);
        g_assert_true(sbc_capabilities_parse(capabilities.octet, SBC_BLOB_SIZE, &back, NULL));
        g_assert_cmpuint(back.octet[3], ==, CLAMP(max, 2, 250));
    }
}

/* What real and odd speakers announce, and what we answer; NULL for a configuration. */
static const struct {
    const char *name;
    uint8_t theirs[SBC_BLOB_SIZE];
    SbcWish wish;
    uint8_t ours[SBC_BLOB_SIZE];
    const char *refusal;
} selections[] = {
    {"BlueZ as sink", {0xff, 0xff, 2, 53}, {44100, 53, false}, {0x21, 0x15, 2, 53}, NULL},
    {"44.1 and 48 kHz", {0x3f, 0xff, 2, 53}, {44100, 53, false}, {0x21, 0x15, 2, 53}, NULL},
    {"bitpool 250", {0xff, 0xff, 2, 250}, {44100, 53, false}, {0x21, 0x15, 2, 53}, NULL},
    {"wish above 53", {0xff, 0xff, 2, 250}, {44100, 250, false}, {0x21, 0x15, 2, 53}, NULL},
    {"one way only", {0x21, 0x15, 2, 53}, {44100, 53, false}, {0x21, 0x15, 2, 53}, NULL},
    {"48 kHz", {0xff, 0xff, 2, 53}, {48000, 53, false}, {0x11, 0x15, 2, 51}, NULL},
    {"32 kHz", {0xff, 0xff, 2, 53}, {32000, 53, false}, {0x41, 0x15, 2, 53}, NULL},
    {"16 kHz", {0xff, 0xff, 2, 53}, {16000, 53, false}, {0x81, 0x15, 2, 53}, NULL},
    {"speaker's bitpool", {0xff, 0xff, 2, 35}, {44100, 53, false}, {0x21, 0x15, 2, 35}, NULL},
    {"our bitpool", {0xff, 0xff, 2, 53}, {44100, 32, false}, {0x21, 0x15, 2, 32}, NULL},
    {"narrow bitpool", {0xff, 0xff, 53, 53}, {44100, 53, false}, {0x21, 0x15, 53, 53}, NULL},
    {"mono only", {0x38, 0xff, 2, 53}, {44100, 53, false}, {0x28, 0x15, 2, 31}, NULL},
    {"mono only, 48 kHz", {0x38, 0xff, 2, 53}, {48000, 53, false}, {0x18, 0x15, 2, 29}, NULL},
    {"mono wished", {0xff, 0xff, 2, 53}, {44100, 53, true}, {0x28, 0x15, 2, 31}, NULL},
    {"mono wished, not had", {0x33, 0xff, 2, 53}, {44100, 53, true}, {0x21, 0x15, 2, 53}, NULL},
    {"no joint stereo", {0xfe, 0xff, 2, 53}, {44100, 53, false}, {0x22, 0x15, 2, 53}, NULL},
    {"dual or mono", {0xfc, 0xff, 2, 53}, {44100, 53, false}, {0x24, 0x15, 2, 31}, NULL},
    {"no 16 blocks", {0xff, 0xef, 2, 53}, {44100, 53, false}, {0x21, 0x25, 2, 53}, NULL},
    {"8 blocks", {0xff, 0xcf, 2, 53}, {44100, 53, false}, {0x21, 0x45, 2, 53}, NULL},
    {"4 blocks", {0xff, 0x8f, 2, 53}, {44100, 53, false}, {0x21, 0x85, 2, 53}, NULL},
    {"SNR only", {0xff, 0xfe, 2, 53}, {44100, 53, false}, {0x21, 0x16, 2, 53}, NULL},
    /* 53 would make 634 kbit/s of them; A2DP allows 512 */
    {"4 subbands", {0xff, 0xfb, 2, 53}, {44100, 53, false}, {0x21, 0x19, 2, 41}, NULL},
    /* above what is good, but the speaker insists */
    {"high minimum", {0x28, 0xff, 40, 53}, {44100, 53, false}, {0x28, 0x15, 40, 40}, NULL},
    {"48 kHz only", {0x1f, 0xff, 2, 53}, {44100, 53, false}, {0}, "44100 Hz, only 48000"},
    {"44.1 kHz only", {0x2f, 0xff, 2, 53}, {48000, 53, false}, {0}, "48000 Hz, only 44100"},
    {"no such rate", {0x3f, 0xff, 2, 53}, {22050, 53, false}, {0}, "only 44100, 48000"},
    {"minimum above 53", {0xff, 0xff, 54, 80}, {44100, 250, false}, {0}, "bitpool of 54..80"},
    {"minimum above wish", {0xff, 0xff, 40, 53}, {44100, 32, false}, {0}, "32 at most"},
    {"minimum above mode", {0x28, 0x1b, 65, 80}, {44100, 53, false}, {0}, "bitpool of 65..80"},
};

static void test_select(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(selections); i++) {
        g_autoptr(GError) error = NULL;
        uint8_t blob[SBC_BLOB_SIZE];
        SbcCapabilities capabilities;
        SbcConfig config = {0};
        bool selected;

        g_test_message("%s", selections[i].name);
        g_assert_true(
            sbc_capabilities_parse(selections[i].theirs, SBC_BLOB_SIZE, &capabilities, NULL));
        selected = sbc_config_select(&capabilities, &selections[i].wish, &config, &error);
        g_assert_cmpint(selected, ==, selections[i].refusal == NULL);
        if (!selected) {
            assert_refused(error, selections[i].refusal);
            continue;
        }
        sbc_config_write(&config, blob);
        g_assert_cmpmem(blob, sizeof(blob), selections[i].ours, SBC_BLOB_SIZE);
    }
}

/* Capabilities that never went through the parser are no reason to go wrong. */
static void test_select_unparsed(void)
{
    const SbcWish wish = {44100, 53, false};
    g_autoptr(GError) error = NULL;
    SbcCapabilities nothing = {{0x20, 0x00, 2, 53}};
    SbcConfig config;

    g_assert_false(sbc_config_select(&nothing, &wish, &config, &error));
    assert_refused(error, "channel mode");
}

/* Any capabilities at all: what is selected is within them and can be parsed again. */
static void test_select_any(void)
{
    unsigned selected = 0;

    for (unsigned i = 0; i < 100000; i++) {
        uint32_t random = (uint32_t)g_test_rand_int();
        const SbcWish wish = {i % 2 ? 44100 : 48000, (uint8_t)g_test_rand_int_range(2, 251),
                              i % 3 == 0};
        uint8_t blob[SBC_BLOB_SIZE];
        SbcCapabilities capabilities;
        SbcConfig config;

        memcpy(blob, &random, sizeof(blob));
        if (!sbc_capabilities_parse(blob, sizeof(blob), &capabilities, NULL) ||
            !sbc_config_select(&capabilities, &wish, &config, NULL))
            continue;
        sbc_config_write(&config, blob);
        g_assert_cmpuint(blob[0] & capabilities.octet[0], ==, blob[0]);
        g_assert_cmpuint(blob[1] & capabilities.octet[1], ==, blob[1]);
        g_assert_cmpuint(blob[2], >=, capabilities.octet[2]);
        g_assert_cmpuint(blob[3], <=, capabilities.octet[3]);
        g_assert_cmpuint(blob[3], <=, MIN(wish.bitpool_max, SBC_SOURCE_BITPOOL_MAX));
        g_assert_true(sbc_config_parse(blob, sizeof(blob), &config, NULL));
        g_assert_cmpuint(config.rate_hz, ==, wish.rate_hz);
        selected++;
    }
    g_assert_cmpuint(selected, >, 1000);
}

static void test_describe(void)
{
    static const struct {
        uint8_t blob[SBC_BLOB_SIZE];
        const char *text;
    } cases[] = {
        {{0x21, 0x15, 2, 53},
         "44100 Hz joint stereo, 16 blocks, 8 subbands, loudness, bitpool 2..53"},
        {{0x88, 0x8a, 3, 64}, "16000 Hz mono, 4 blocks, 4 subbands, SNR, bitpool 3..64"},
        {{0x14, 0x45, 2, 31},
         "48000 Hz dual channel, 8 blocks, 8 subbands, loudness, bitpool 2..31"},
        {{0x42, 0x29, 2, 9}, "32000 Hz stereo, 12 blocks, 4 subbands, loudness, bitpool 2..9"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        SbcConfig config = parsed(cases[i].blob);
        g_autofree char *text = sbc_config_describe(&config);

        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sbc-config/golden-sizes", test_golden_sizes);
    g_test_add_func("/sbc-config/bitpool-bound", test_bitpool_bound);
    g_test_add_func("/sbc-config/parse", test_parse);
    g_test_add_func("/sbc-config/round-trip", test_round_trip);
    g_test_add_func("/sbc-config/parse-refuses", test_parse_refuses);
    g_test_add_func("/sbc-config/limit", test_limit);
    g_test_add_func("/sbc-config/capabilities-refuses", test_capabilities_refuses);
    g_test_add_func("/sbc-config/capabilities-of-source", test_capabilities_of_source);
    g_test_add_func("/sbc-config/select", test_select);
    g_test_add_func("/sbc-config/select-unparsed", test_select_unparsed);
    g_test_add_func("/sbc-config/select-any", test_select_any);
    g_test_add_func("/sbc-config/describe", test_describe);
    return g_test_run();
}
