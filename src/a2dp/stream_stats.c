/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "a2dp/stream_stats.h"

void stream_stats_read(StreamStats *stats, StreamCounters *counters)
{
#define X(name) counters->name = atomic_load_explicit(&stats->name, memory_order_relaxed);
    STREAM_STATS(X)
#undef X
}
