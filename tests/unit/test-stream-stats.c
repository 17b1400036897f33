/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "a2dp/stream_stats.h"

#include <glib.h>
#include <pthread.h>

#define ROUNDS 200000

/* Each name has its own place: no two are mixed up. */
static void test_names(void)
{
    StreamStats stats = {0};
    StreamCounters counters = {0};
    uint64_t expected = 0;

#define X(name) stream_stats_set(&stats, name, ++expected);
    STREAM_STATS(X)
#undef X
    stream_stats_read(&stats, &counters);
    expected = 0;
#define X(name) g_assert_cmpuint(counters.name, ==, ++expected);
    STREAM_STATS(X)
#undef X
    g_assert_cmpuint(expected, ==, sizeof(counters) / sizeof(uint64_t));
}

static void test_add(void)
{
    StreamStats stats = {0};
    StreamCounters counters;

    stream_stats_add(&stats, packets, 1);
    stream_stats_add(&stats, packets, 2);
    stream_stats_set(&stats, queue_depth, 4);
    stream_stats_set(&stats, queue_depth, 3);
    stream_stats_add(&stats, bytes, UINT64_C(0x100000000)); /* 64 bit: more than 4 GiB is fine */
    stream_stats_add(&stats, bytes, UINT64_C(0x100000000));
    stream_stats_read(&stats, &counters);
    g_assert_cmpuint(counters.packets, ==, 3);
    g_assert_cmpuint(counters.queue_depth, ==, 3);
    g_assert_cmpuint(counters.bytes, ==, UINT64_C(0x200000000));
    g_assert_cmpuint(counters.late, ==, 0);
}

static void *write_counters(void *data)
{
    StreamStats *stats = data;

    for (unsigned i = 0; i < ROUNDS; i++) {
        stream_stats_add(stats, packets, 1);
        stream_stats_add(stats, bytes, 608);
    }
    return NULL;
}

/* Read while another thread writes: no counter ever goes back, none is lost. */
static void test_threads(void)
{
    StreamStats stats = {0};
    StreamCounters counters = {0};
    pthread_t writers[2];
    uint64_t last = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(writers); i++)
        g_assert_cmpint(pthread_create(&writers[i], NULL, write_counters, &stats), ==, 0);
    for (unsigned i = 0; i < 10000; i++) {
        stream_stats_read(&stats, &counters);
        g_assert_cmpuint(counters.packets, >=, last);
        last = counters.packets;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(writers); i++)
        pthread_join(writers[i], NULL);
    stream_stats_read(&stats, &counters);
    g_assert_cmpuint(counters.packets, ==, 2 * ROUNDS);
    g_assert_cmpuint(counters.bytes, ==, UINT64_C(2) * ROUNDS * 608);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream-stats/names", test_names);
    g_test_add_func("/stream-stats/add", test_add);
    g_test_add_func("/stream-stats/threads", test_threads);
    return g_test_run();
}
