/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/clock.h"

#include <stddef.h>
#include <time.h>

#define SECOND_NS 1000000000U

static uint64_t to_ns(const struct timespec *time)
{
    return (uint64_t)time->tv_sec * SECOND_NS + (uint64_t)time->tv_nsec;
}

uint64_t clock_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return to_ns(&now);
}

uint64_t clock_tick_ns(void)
{
    struct timespec tick;

    clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    return to_ns(&tick);
}

int clock_wait(struct pollfd *fds, unsigned count, uint64_t deadline_ns)
{
    struct timespec timeout = {0};
    uint64_t now;

    if (deadline_ns == CLOCK_NEVER)
        return ppoll(fds, count, NULL, NULL);
    now = clock_now_ns();
    if (deadline_ns > now) {
        timeout.tv_sec = (time_t)((deadline_ns - now) / SECOND_NS);
        timeout.tv_nsec = (long)((deadline_ns - now) % SECOND_NS);
    }
    return ppoll(fds, count, &timeout, NULL);
}
