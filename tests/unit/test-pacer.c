/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "a2dp/pacer.h"

#include <glib.h>

#define SECOND_NS UINT64_C(1000000000)
#define MS_NS     UINT64_C(1000000)

/* A loopback whose position moves only at the kernel's ticks, which began at some phase of the
 * clock, at a rate that is a little off the nominal one. */
typedef struct {
    unsigned rate_hz;
    uint64_t tick_ns;
    uint64_t phase_ns;
    int drift_ppm;
} Loopback;

static uint64_t frames_in(const Loopback *loopback, uint64_t ns)
{
    unsigned __int128 frames = (unsigned __int128)ns * loopback->rate_hz;

    return (uint64_t)(frames * (unsigned)(1000000 + loopback->drift_ppm) / 1000000 / SECOND_NS);
}

static uint64_t position_at(const Loopback *loopback, uint64_t now_ns)
{
    uint64_t age_ns = now_ns - loopback->phase_ns;

    return frames_in(loopback, age_ns - age_ns % loopback->tick_ns);
}

typedef struct {
    Loopback loopback;
    unsigned packet_pcm_frames;
    uint64_t jitter_ns; /* how much later than asked the thread wakes up, at most */
} Case;

typedef struct {
    uint64_t wakeups;
    uint64_t packets;
    uint64_t empty;       /* wakeups without a full packet */
    uint64_t backlog_max; /* PCM frames behind the last packet, as an all-knowing clock sees them */
} Outcome;

static Outcome run(const Case *c, uint64_t duration_ns)
{
    Outcome outcome = {0};
    uint64_t now = c->loopback.phase_ns + c->loopback.tick_ns / 3 + 5 * SECOND_NS;
    uint64_t end = now + duration_ns;
    uint64_t sent = position_at(&c->loopback, now);
    Pacer pacer;

    pacer_init(&pacer, c->loopback.rate_hz, c->packet_pcm_frames, c->loopback.tick_ns);
    now = pacer_next_ns(&pacer, now, 0);
    while (now < end) {
        uint64_t available;
        unsigned packets;
        uint64_t truth;

        now += c->jitter_ns > 0 ? (uint64_t)g_test_rand_int() % c->jitter_ns : 0;
        available = position_at(&c->loopback, now) - sent;
        packets = pacer_packets(&pacer, available);
        outcome.wakeups++;
        outcome.packets += packets;
        outcome.empty += packets == 0;
        sent += (uint64_t)packets * c->packet_pcm_frames;
        truth = frames_in(&c->loopback, now - c->loopback.phase_ns) - sent;
        outcome.backlog_max = MAX(outcome.backlog_max, truth);
        now = pacer_next_ns(&pacer, now, available - (uint64_t)packets * c->packet_pcm_frames);
    }
    return outcome;
}

/* Nothing is empty, one wakeup makes one packet, and what waits is less than two ticks and what the
 * thread overslept (a PCM frame more for rounding). */
static void check(const Case *c, uint64_t duration_ns)
{
    Outcome outcome = run(c, duration_ns);
    uint64_t lag_ns = 2 * c->loopback.tick_ns + c->jitter_ns;
    uint64_t lag = frames_in(&c->loopback, lag_ns) + 2;

    g_test_message("%u Hz, %u PCM frames a packet, tick %u us, phase %u us, %d ppm, jitter %u us: "
                   "%u wakeups, %u packets, backlog %u of %u",
                   c->loopback.rate_hz, c->packet_pcm_frames,
                   (unsigned)(c->loopback.tick_ns / 1000), (unsigned)(c->loopback.phase_ns / 1000),
                   c->loopback.drift_ppm, (unsigned)(c->jitter_ns / 1000),
                   (unsigned)outcome.wakeups, (unsigned)outcome.packets,
                   (unsigned)outcome.backlog_max, (unsigned)lag);
    g_assert_cmpuint(outcome.packets, >, 0);
    g_assert_cmpuint(outcome.empty, ==, 0);
    g_assert_cmpuint(outcome.backlog_max, <=, lag);
    if (c->packet_pcm_frames > lag) /* longer than the ticks: never two at once either */
        g_assert_cmpuint(outcome.wakeups, ==, outcome.packets);
    else
        g_assert_cmpuint(outcome.wakeups, <=, outcome.packets);
}

static const unsigned rates[] = {16000, 32000, 44100, 48000};
static const unsigned packets[] = {5 * 128, 7 * 128, 8 * 128, 15 * 128, 5 * 96, 9 * 128};

/* An hour of each in steps of 4 ms (HZ=250). */
static void test_hour(void)
{
    for (size_t rate = 0; rate < G_N_ELEMENTS(rates); rate++) {
        for (size_t packet = 0; packet < G_N_ELEMENTS(packets); packet++) {
            const Case c = {
                .loopback = {rates[rate], 4 * MS_NS, 1234567 * (rate + packet), 0},
                .packet_pcm_frames = packets[packet],
            };

            check(&c, 3600 * SECOND_NS);
        }
    }
}

static void test_phases_and_ticks(void)
{
    static const uint64_t ticks[] = {1 * MS_NS, 4 * MS_NS, UINT64_C(3333333), 10 * MS_NS};

    for (size_t tick = 0; tick < G_N_ELEMENTS(ticks); tick++) {
        for (uint64_t phase = 0; phase < 10 * MS_NS; phase += UINT64_C(333337)) {
            const Case c = {
                .loopback = {44100, ticks[tick], phase, 0},
                .packet_pcm_frames = packets[phase % G_N_ELEMENTS(packets)],
            };

            check(&c, 60 * SECOND_NS);
        }
    }
}

/* A thread that wakes up late now and then does not lose its pace, nor send short packets. */
static void test_jitter(void)
{
    for (size_t packet = 0; packet < G_N_ELEMENTS(packets); packet++) {
        const Case c = {
            .loopback = {44100, 4 * MS_NS, 777, 0},
            .packet_pcm_frames = packets[packet],
            .jitter_ns = 2 * MS_NS,
        };

        check(&c, 600 * SECOND_NS);
    }
}

/* The loopback counts as fast as it likes: the pace is its, not ours. */
static void test_drift(void)
{
    static const int drifts[] = {-100, -20, 20, 100};

    for (size_t i = 0; i < G_N_ELEMENTS(drifts); i++) {
        const Case c = {
            .loopback = {44100, 4 * MS_NS, 777, drifts[i]},
            .packet_pcm_frames = 640,
            .jitter_ns = 100000,
        };
        Outcome outcome = run(&c, 3600 * SECOND_NS);
        double per_second = (double)outcome.packets / 3600;

        /* A slow one may now and then have one PCM frame less than counted on: not at every wakeup
         */
        g_assert_cmpuint(outcome.empty, <=, outcome.packets / 100);
        g_assert_cmpfloat_with_epsilon(per_second, 68.90625 * (1 + drifts[i] * 1e-6), 0.001);
        g_assert_cmpuint(outcome.backlog_max, <=, 363);
    }
}

/* A packet shorter than a tick: several go out at once, and none is short. */
static void test_packet_shorter_than_tick(void)
{
    const Case c = {.loopback = {48000, 10 * MS_NS, 99, 0}, .packet_pcm_frames = 128};

    check(&c, 600 * SECOND_NS);
}

static void test_packets(void)
{
    Pacer pacer;

    pacer_init(&pacer, 44100, 640, 4 * MS_NS);
    g_assert_cmpuint(pacer_packets(&pacer, 0), ==, 0);
    g_assert_cmpuint(pacer_packets(&pacer, 639), ==, 0);
    g_assert_cmpuint(pacer_packets(&pacer, 640), ==, 1);
    g_assert_cmpuint(pacer_packets(&pacer, 1279), ==, 1);
    g_assert_cmpuint(pacer_packets(&pacer, 1280), ==, 2);
}

static void test_next(void)
{
    Pacer pacer;

    pacer_init(&pacer, 48000, 480, 4 * MS_NS);
    g_assert_cmpuint(pacer_next_ns(&pacer, 1000, 0), ==, 1000 + 10 * MS_NS + 4 * MS_NS);
    g_assert_cmpuint(pacer_next_ns(&pacer, 1000, 240), ==, 1000 + 5 * MS_NS + 4 * MS_NS);
    g_assert_cmpuint(pacer_next_ns(&pacer, 1000, 480), ==, 1000); /* full already: now */
    g_assert_cmpuint(pacer_next_ns(&pacer, 1000, 481), ==, 1000);
}

/* There and back is exact, and a year of PCM frames does not wrap. */
static void test_durations(void)
{
    static const uint64_t counts[] = {0,
                                      1,
                                      127,
                                      128,
                                      44099,
                                      44100,
                                      44101,
                                      640 * 7,
                                      44100 * 3600,
                                      UINT64_C(1400000000000),
                                      UINT64_C(1400000012345)};
    Pacer pacer;

    for (size_t rate = 0; rate < G_N_ELEMENTS(rates); rate++) {
        pacer_init(&pacer, rates[rate], 640, 4 * MS_NS);
        for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
            g_assert_cmpuint(pacer_pcm_frames(&pacer, pacer_duration_ns(&pacer, counts[i])), ==,
                             counts[i]);
        g_assert_cmpuint(pacer_duration_ns(&pacer, rates[rate]), ==, SECOND_NS);
    }
    pacer_init(&pacer, 44100, 640, 4 * MS_NS);
    g_assert_cmpuint(pacer_duration_ns(&pacer, 128), ==, 2902495); /* rounded up */
    g_assert_cmpuint(pacer_duration_ns(&pacer, UINT64_C(44100) * 86400 * 365), ==,
                     UINT64_C(86400) * 365 * SECOND_NS);
    g_assert_cmpuint(pacer_pcm_frames(&pacer, UINT64_C(86400) * 365 * SECOND_NS), ==,
                     UINT64_C(44100) * 86400 * 365);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pacer/packets", test_packets);
    g_test_add_func("/pacer/next", test_next);
    g_test_add_func("/pacer/durations", test_durations);
    g_test_add_func("/pacer/hour", test_hour);
    g_test_add_func("/pacer/phases-and-ticks", test_phases_and_ticks);
    g_test_add_func("/pacer/jitter", test_jitter);
    g_test_add_func("/pacer/drift", test_drift);
    g_test_add_func("/pacer/packet-shorter-than-tick", test_packet_shorter_than_tick);
    return g_test_run();
}
