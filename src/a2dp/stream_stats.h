/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* StreamStats: what one stream did so far. The audio thread writes it, anybody reads it at any
 * time without a lock: relaxed C11 atomics, each counter true for itself. 64 bit: they never wrap.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

/* name, what it counts: one list for the atomics, the plain copy and the names on D-Bus */
#define STREAM_STATS(X)                                                                            \
    X(packets)        /* handed to the socket */                                                   \
    X(bytes)          /* handed to the socket, headers included */                                 \
    X(pcm_frames)     /* PCM frames in these packets */                                            \
    X(late)           /* packets sent more than one packet's duration after they were full */      \
    X(dropped)        /* packets thrown away because they got older than 60 ms */                  \
    X(xruns)          /* times that the capture was overrun and sound was lost */                  \
    X(wakeups)        /* of the audio thread */                                                    \
    X(queue_depth)    /* packets waiting now */                                                    \
    X(own_latency_us) /* from the loopback's position to the socket, of the last packet */         \
    X(own_latency_max_us)                                                                          \
    X(first_packet_ns) /* CLOCK_MONOTONIC; 0: none yet */                                          \
    X(last_packet_ns)

typedef struct {
#define X(name) _Atomic uint64_t name;
    STREAM_STATS(X)
#undef X
} StreamStats;

typedef struct {
#define X(name) uint64_t name;
    STREAM_STATS(X)
#undef X
} StreamCounters;

#define stream_stats_add(stats, name, n)                                                           \
    atomic_fetch_add_explicit(&(stats)->name, (n), memory_order_relaxed)
#define stream_stats_set(stats, name, n)                                                           \
    atomic_store_explicit(&(stats)->name, (n), memory_order_relaxed)

void stream_stats_read(StreamStats *stats, StreamCounters *counters);
