/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "a2dp/packetiser.h"

#include <glib.h>
#include <string.h>

#define SSRC UINT32_C(0x12345678)

/* Puts as many frames as the packet takes; returns how many. */
static unsigned fill(Packetiser *packetiser, Packet *packet, size_t frame_bytes)
{
    unsigned frames = 0;

    packetiser_begin(packetiser, packet);
    for (;;) {
        size_t room;
        uint8_t *at = packetiser_room(packetiser, packet, &room);

        if (room < frame_bytes)
            return frames;
        memset(at, (int)(0xa0 + frames), frame_bytes);
        packetiser_commit(packetiser, packet, frame_bytes, 128);
        frames++;
    }
}

static void test_frames_for_mtu(void)
{
    static const struct {
        size_t mtu;
        size_t frame_bytes;
        unsigned frames;
    } cases[] = {
        {672, 119, 5},  {895, 119, 7},  {1005, 119, 8}, {1021, 119, 8}, {672, 115, 5},
        {672, 70, 9},   {608, 119, 5},  {607, 119, 4},  {132, 119, 1},  {131, 119, 0},
        {1023, 67, 15}, {1018, 67, 15}, {1017, 67, 14}, {65535, 7, 15}, {65535, 513, 3},
        {13, 1, 0},     {14, 1, 1},     {0, 119, 0},    {672, 0, 0},    {12, 119, 0},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpuint(packetiser_frames_for_mtu(cases[i].mtu, cases[i].frame_bytes), ==,
                         cases[i].frames);
}

static void test_golden_bytes(void)
{
    static const uint8_t first[] = {0x80, 0x60, 0x00, 0x00, 0x00, 0x00, 0x00,
                                    0x00, 0x12, 0x34, 0x56, 0x78, 0x05};
    static const uint8_t third[] = {0x80, 0x60, 0x00, 0x02, 0x00, 0x00, 0x05,
                                    0x00, 0x12, 0x34, 0x56, 0x78, 0x05};
    Packetiser packetiser;
    Packet packet;

    packetiser_init(&packetiser, SSRC, 672);
    g_assert_cmpuint(fill(&packetiser, &packet, 119), ==, 5);
    g_assert_cmpmem(packet.bytes, PACKET_HEADER_BYTES, first, sizeof(first));
    g_assert_cmpuint(packet.size, ==, 13 + 5 * 119);
    g_assert_cmpuint(packet.sbc_frames, ==, 5);
    for (unsigned frame = 0; frame < 5; frame++) {
        g_assert_cmpuint(packet.bytes[13 + 119 * frame], ==, 0xa0 + frame);
        g_assert_cmpuint(packet.bytes[13 + 119 * frame + 118], ==, 0xa0 + frame);
    }
    fill(&packetiser, &packet, 119);
    fill(&packetiser, &packet, 119);
    g_assert_cmpmem(packet.bytes, PACKET_HEADER_BYTES, third, sizeof(third));
    g_assert_cmpuint(packet.sequence, ==, 2);
    g_assert_cmpuint(packet.timestamp, ==, 2 * 5 * 128);
}

/* The room is never more than the MTU leaves, and none behind the fifteenth frame. */
static void test_room(void)
{
    Packetiser packetiser;
    Packet packet;
    size_t room;

    packetiser_init(&packetiser, SSRC, 672);
    packetiser_begin(&packetiser, &packet);
    g_assert_true(packetiser_room(&packetiser, &packet, &room) == packet.bytes + 13);
    g_assert_cmpuint(room, ==, 659);
    packetiser_commit(&packetiser, &packet, 659, 128);
    g_assert_true(packetiser_room(&packetiser, &packet, &room) == packet.bytes + 672);
    g_assert_cmpuint(room, ==, 0);

    packetiser_init(&packetiser, SSRC, 1021);
    g_assert_cmpuint(fill(&packetiser, &packet, 10), ==, 15);
    g_assert_cmpuint(packet.bytes[12], ==, 15);

    packetiser_init(&packetiser, SSRC, 65535);
    packetiser_begin(&packetiser, &packet);
    packetiser_room(&packetiser, &packet, &room);
    g_assert_cmpuint(room, ==, PACKET_BYTES_MAX - 13);

    packetiser_init(&packetiser, SSRC, 5); /* no packet at all */
    packetiser_begin(&packetiser, &packet);
    packetiser_room(&packetiser, &packet, &room);
    g_assert_cmpuint(room, ==, 0);
}

static void test_every_mtu_and_frame(void)
{
    for (size_t mtu = 14; mtu < 2200; mtu += 7) {
        for (size_t frame_bytes = 7; frame_bytes <= 524; frame_bytes += 11) {
            Packetiser packetiser;
            Packet packet;
            unsigned frames;

            packetiser_init(&packetiser, SSRC, mtu);
            frames = fill(&packetiser, &packet, frame_bytes);
            g_assert_cmpuint(frames, ==, packetiser_frames_for_mtu(mtu, frame_bytes));
            g_assert_cmpuint(packet.size, ==, 13 + frames * frame_bytes);
            g_assert_cmpuint(packet.size, <=, MIN(mtu, PACKET_BYTES_MAX));
        }
    }
}

static void test_sequence_wraps(void)
{
    Packetiser packetiser;
    Packet packet;

    packetiser_init(&packetiser, SSRC, 672);
    for (unsigned i = 0; i <= 0x10001; i++) {
        packetiser_begin(&packetiser, &packet);
        g_assert_cmpuint(packet.sequence, ==, i & 0xffff);
        g_assert_cmpuint(packet.bytes[2], ==, (i >> 8) & 0xff);
        g_assert_cmpuint(packet.bytes[3], ==, i & 0xff);
    }
}

/* RTP time is modulo 2^32: after 27 hours it goes on from 0, as the standard has it. */
static void test_timestamp_wraps(void)
{
    static const uint8_t before[] = {0xff, 0xff, 0xff, 0x80};
    static const uint8_t after[] = {0x00, 0x00, 0x02, 0x00};
    Packetiser packetiser;
    Packet packet;

    packetiser_init(&packetiser, SSRC, 672);
    packetiser_skip(&packetiser, UINT32_MAX - 127);
    fill(&packetiser, &packet, 119);
    g_assert_cmpmem(packet.bytes + 4, 4, before, sizeof(before));
    fill(&packetiser, &packet, 119);
    g_assert_cmpmem(packet.bytes + 4, 4, after, sizeof(after));
}

static void test_skip(void)
{
    Packetiser packetiser;
    Packet packet;

    packetiser_init(&packetiser, SSRC, 672);
    fill(&packetiser, &packet, 119);
    packetiser_skip(&packetiser, 1000);
    packetiser_begin(&packetiser, &packet);
    g_assert_cmpuint(packet.sequence, ==, 1); /* nothing is missing of the packets */
    g_assert_cmpuint(packet.timestamp, ==, 640 + 1000);
}

/* A used packet begins anew without a trace of what it was. */
static void test_reuse(void)
{
    Packetiser packetiser;
    Packet packet;

    packetiser_init(&packetiser, SSRC, 672);
    fill(&packetiser, &packet, 119);
    packet.ready_ns = 42;
    packetiser_begin(&packetiser, &packet);
    g_assert_cmpuint(packet.size, ==, 13);
    g_assert_cmpuint(packet.sbc_frames, ==, 0);
    g_assert_cmpuint(packet.bytes[12], ==, 0);
    g_assert_cmpuint(packet.ready_ns, ==, 0);
}

static void test_overfull(void)
{
    if (g_test_subprocess()) {
        Packetiser packetiser;
        Packet packet;

        packetiser_init(&packetiser, SSRC, 100);
        packetiser_begin(&packetiser, &packet);
        packetiser_commit(&packetiser, &packet, 88, 128);
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*frame_bytes <= room*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/packetiser/frames-for-mtu", test_frames_for_mtu);
    g_test_add_func("/packetiser/golden-bytes", test_golden_bytes);
    g_test_add_func("/packetiser/room", test_room);
    g_test_add_func("/packetiser/every-mtu-and-frame", test_every_mtu_and_frame);
    g_test_add_func("/packetiser/sequence-wraps", test_sequence_wraps);
    g_test_add_func("/packetiser/timestamp-wraps", test_timestamp_wraps);
    g_test_add_func("/packetiser/skip", test_skip);
    g_test_add_func("/packetiser/reuse", test_reuse);
    g_test_add_func("/packetiser/overfull", test_overfull);
    return g_test_run();
}
