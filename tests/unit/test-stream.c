/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* A stream alone: blocks of sound and times go in, packets come out of the socketpair. */

#include "audio/stream.h"

#include "a2dp/packetiser.h"
#include "base/error.h"

#include <sbc/sbc.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS    UINT64_C(1000000)
#define BLOCK STREAM_BLOCK_PCM_FRAMES
#define MTU   672

static const SbcConfig joint_53 = {44100, SBC_CHANNELS_JOINT, 16, 8, SBC_ALLOCATION_LOUDNESS, 2,
                                   53};

typedef struct {
    Stream *stream;
    int theirs;
    uint8_t packet[PACKET_BYTES_MAX];
} Fixture;

static void open_stream(Fixture *fixture, size_t mtu, const SbcConfig *config)
{
    g_autoptr(GError) error = NULL;
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
    fixture->theirs = pair[1];
    fixture->stream = stream_new(1, pair[0], mtu, config, &error);
    g_assert_no_error(error);
}

static void close_stream(Fixture *fixture)
{
    g_clear_pointer(&fixture->stream, stream_free);
    close(fixture->theirs);
}

/* The size of the next packet that arrived, 0 if there is none. */
static size_t receive(Fixture *fixture)
{
    ssize_t size = recv(fixture->theirs, fixture->packet, sizeof(fixture->packet), MSG_DONTWAIT);

    return size < 0 ? 0 : (size_t)size;
}

static unsigned count_arrived(Fixture *fixture)
{
    unsigned count = 0;

    while (receive(fixture) > 0)
        count++;
    return count;
}

static uint32_t timestamp(const Fixture *fixture)
{
    const uint8_t *bytes = fixture->packet;

    return (uint32_t)bytes[4] << 24 | (uint32_t)bytes[5] << 16 | (uint32_t)bytes[6] << 8 | bytes[7];
}

static unsigned sequence(const Fixture *fixture)
{
    return (unsigned)(fixture->packet[2] << 8 | fixture->packet[3]);
}

static uint64_t counter(Fixture *fixture, size_t offset)
{
    StreamCounters counters;

    stream_stats_read(stream_stats(fixture->stream), &counters);
    return *(uint64_t *)(void *)((char *)&counters + offset);
}

#define counter_of(fixture, name) counter(fixture, offsetof(StreamCounters, name))

/* count blocks of the same sample, from a position on, all come at one moment. */
static void feed(Fixture *fixture, unsigned count, int16_t sample, uint64_t position,
                 uint64_t ready_ns)
{
    int16_t pcm[2 * BLOCK];

    for (unsigned i = 0; i < 2 * BLOCK; i++)
        pcm[i] = sample;
    for (unsigned i = 0; i < count; i++)
        stream_feed(fixture->stream, pcm, position + i * BLOCK, ready_ns);
}

/* Any configuration that SBC knows: all packets full, and together just what libsbc makes. */
static void check_config(const SbcConfig *config, size_t mtu)
{
    size_t unit = sbc_config_pcm_frames(config);
    size_t frame_bytes = sbc_config_frame_bytes(config, config->bitpool_max);
    unsigned frames = packetiser_frames_for_mtu(mtu, frame_bytes);
    int16_t pcm[2 * BLOCK];
    uint8_t blob[SBC_BLOB_SIZE];
    Fixture fixture;
    sbc_t plain;
    g_autoptr(GByteArray) heard = g_byte_array_new();
    g_autoptr(GByteArray) expected = g_byte_array_new();
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(int16_t));
    g_autoptr(GRand) random = g_rand_new_with_seed(1);

    open_stream(&fixture, mtu, config);
    for (unsigned i = 0; i < 100; i++) {
        for (unsigned j = 0; j < 2 * BLOCK; j++)
            pcm[j] = (int16_t)g_rand_int_range(random, -30000, 30000);
        stream_feed(fixture.stream, pcm, i * BLOCK, i * MS);
        g_assert_cmpint(stream_send(fixture.stream, i * MS), ==, 0);
        if (config->channels == SBC_CHANNELS_MONO)
            for (unsigned j = 0; j < BLOCK; j++)
                pcm[j] = (int16_t)((pcm[2 * j] + pcm[2 * j + 1]) / 2);
        g_array_append_vals(all, pcm, BLOCK * sbc_config_channel_count(config));
        for (size_t size; (size = receive(&fixture)) > 0;) {
            g_assert_cmpuint(size, ==, 13 + frames * frame_bytes);
            g_assert_cmpuint(fixture.packet[12], ==, frames);
            g_byte_array_append(heard, fixture.packet + 13, (guint)size - 13);
        }
    }
    sbc_config_write(config, blob);
    g_assert_cmpint(sbc_init_a2dp(&plain, 0, blob, sizeof(blob)), ==, 0);
    plain.bitpool = config->bitpool_max;
    plain.endian = SBC_LE;
    unit *= sbc_config_channel_count(config);
    for (size_t at = 0; at + unit <= all->len && expected->len < heard->len; at += unit) {
        uint8_t frame[SBC_FRAME_BYTES_MAX];
        ssize_t size = 0;

        sbc_encode(&plain, &g_array_index(all, int16_t, at), unit * sizeof(int16_t), frame,
                   sizeof(frame), &size);
        g_byte_array_append(expected, frame, (guint)size);
    }
    sbc_finish(&plain);
    g_assert_cmpuint(heard->len, >, frames * frame_bytes);
    g_assert_cmpmem(heard->data, heard->len, expected->data, expected->len);
    close_stream(&fixture);
}

static void test_all_configs(void)
{
    static const unsigned all_blocks[] = {4, 8, 12, 16};
    static const unsigned all_subbands[] = {4, 8};

    for (unsigned channels = SBC_CHANNELS_MONO; channels <= SBC_CHANNELS_JOINT; channels++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(all_blocks) * G_N_ELEMENTS(all_subbands); i++) {
            const SbcConfig config = {
                .rate_hz = 48000,
                .channels = (SbcChannels)channels,
                .blocks = all_blocks[i / 2],
                .subbands = all_subbands[i % 2],
                .allocation = i % 3 == 0 ? SBC_ALLOCATION_SNR : SBC_ALLOCATION_LOUDNESS,
                .bitpool_min = 2,
                .bitpool_max = 31,
            };

            check_config(&config, MTU);
            check_config(&config, 200);
        }
    }
    check_config(&joint_53, 895);
    check_config(&joint_53, 5000);
}

/* The last packet is completed; where sound goes on later, RTP's time says how much later. */
static void test_pause_and_gap(void)
{
    Fixture fixture;
    uint32_t begin;
    unsigned first;

    open_stream(&fixture, MTU, &joint_53);
    feed(&fixture, 7, 1000, 1000 * BLOCK, 0);
    stream_pause(fixture.stream, 0);
    stream_pause(fixture.stream, 0);
    g_assert_true(stream_has_waiting(fixture.stream));
    g_assert_cmpint(stream_send(fixture.stream, MS), ==, 0);
    g_assert_false(stream_has_waiting(fixture.stream));
    g_assert_cmpuint(receive(&fixture), ==, 608);
    begin = timestamp(&fixture);
    first = sequence(&fixture);
    g_assert_cmpuint(receive(&fixture), ==, 608);
    g_assert_cmpuint(timestamp(&fixture), ==, begin + 640);
    g_assert_cmpuint(receive(&fixture), ==, 0);
    feed(&fixture, 5, 1000, 5000 * BLOCK, 2 * MS);
    stream_send(fixture.stream, 2 * MS);
    g_assert_cmpuint(receive(&fixture), ==, 608);
    g_assert_cmpuint(timestamp(&fixture), ==, begin + 4000 * BLOCK);
    g_assert_cmpuint(sequence(&fixture), ==, first + 2);
    /* Another clock: no gap, whatever the positions say. */
    stream_change_clock(fixture.stream);
    feed(&fixture, 5, 1000, 77777 * BLOCK, 3 * MS);
    stream_send(fixture.stream, 3 * MS);
    g_assert_cmpuint(receive(&fixture), ==, 608);
    g_assert_cmpuint(timestamp(&fixture), ==, begin + 4005 * BLOCK);
    close_stream(&fixture);
}

static void test_too_old(void)
{
    Fixture fixture;

    open_stream(&fixture, MTU, &joint_53);
    feed(&fixture, 10, 1000, 0, 100 * MS);
    feed(&fixture, 5, 1000, 10 * BLOCK, 101 * MS);
    stream_send(fixture.stream, 160 * MS + 1);
    g_assert_cmpuint(count_arrived(&fixture), ==, 1);
    g_assert_cmpuint(counter_of(&fixture, dropped), ==, 2);
    g_assert_cmpuint(counter_of(&fixture, packets), ==, 1);
    g_assert_cmpuint(counter_of(&fixture, late), ==, 1);
    g_assert_cmpuint(counter_of(&fixture, own_latency_us), ==, 14512 + 59000);
    close_stream(&fixture);
}

/* More at once than the queue holds: the newest stay, in order. */
static void test_overflow(void)
{
    Fixture fixture;
    unsigned last;

    open_stream(&fixture, MTU, &joint_53);
    feed(&fixture, 5 * 100, 1000, 0, MS);
    g_assert_cmpuint(counter_of(&fixture, dropped), >=, 70);
    g_assert_cmpuint(counter_of(&fixture, dropped), <=, 80);
    stream_send(fixture.stream, MS);
    g_assert_cmpuint(receive(&fixture), ==, 608);
    last = sequence(&fixture);
    do {
        stream_send(fixture.stream, MS);
        while (receive(&fixture) > 0)
            g_assert_cmpuint(sequence(&fixture), ==, ++last);
    } while (stream_has_waiting(fixture.stream));
    g_assert_cmpuint(last, ==, 99);
    g_assert_cmpuint(counter_of(&fixture, queue_depth), ==, 0);
    close_stream(&fixture);
}

static void test_next(void)
{
    Fixture fixture;

    open_stream(&fixture, MTU, &joint_53);
    /* 640 PCM frames and a tick of 4 ms */
    g_assert_cmpuint(stream_next_ns(fixture.stream, 0, 0) / 1000, ==, 18512);
    feed(&fixture, 2, 0, 0, 0);
    g_assert_cmpuint(stream_next_ns(fixture.stream, 0, 0) / 1000, ==, 12707);
    g_assert_cmpuint(stream_next_ns(fixture.stream, 0, 100) / 1000, ==, 10439);
    close_stream(&fixture);
}

static void test_refused(void)
{
    g_autoptr(GError) error = NULL;
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
    g_assert_null(stream_new(1, pair[0], 100, &joint_53, &error));
    g_assert_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INCOMPATIBLE);
    g_assert_cmpint(write(pair[1], "", 1), ==, -1);
    close(pair[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream/all-configs", test_all_configs);
    g_test_add_func("/stream/pause-and-gap", test_pause_and_gap);
    g_test_add_func("/stream/too-old", test_too_old);
    g_test_add_func("/stream/overflow", test_overflow);
    g_test_add_func("/stream/next", test_next);
    g_test_add_func("/stream/refused", test_refused);
    return g_test_run();
}
