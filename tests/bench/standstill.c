/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * standstill MS: with a higher priority than anything that is measured, wakes up every 5 ms and
 * says, one line each, when that came so many ms late: then the machine itself stood still, and
 * nobody on it could have been in time. Prints the time (CLOCK_MONOTONIC, ns) and the gap in ms.
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define PRIORITY 50
#define STEP_NS  5000000

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argc, char **argv)
{
    const struct sched_param parameters = {.sched_priority = PRIORITY};
    const struct timespec step = {.tv_nsec = STEP_NS};
    int64_t limit_ns = (argc > 1 ? atoll(argv[1]) : 30) * 1000000;
    int64_t before = now_ns();

    if (sched_setscheduler(0, SCHED_FIFO, &parameters) < 0 || mlockall(MCL_CURRENT) < 0) {
        perror("standstill");
        return 1;
    }
    puts("watching");
    fflush(stdout);
    for (;;) {
        int64_t now;

        clock_nanosleep(CLOCK_MONOTONIC, 0, &step, NULL);
        now = now_ns();
        if (now - before > limit_ns + STEP_NS) {
            printf("%lld %lld\n", (long long)now, (long long)((now - before) / 1000000));
            fflush(stdout);
        }
        before = now;
    }
}
