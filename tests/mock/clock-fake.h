/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* ClockFake: audio/clock.h with a time that only the test moves. The audio thread sleeps in
 * clock_wait; time jumps to its deadlines as long as they are not beyond the moment up to which the
 * test lets it run. So a minute takes milliseconds, and nothing depends on this machine's speed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_FAKE_TICK_NS 4000000U

/* For a new test; no audio thread may run. */
void clock_fake_reset(uint64_t now_ns);
uint64_t clock_fake_now(void);
/* Returns when everything that happens up to then has happened, commands of before the call too,
 * and the audio thread sleeps. */
void clock_fake_run_until(uint64_t time_ns);
void clock_fake_run(uint64_t duration_ns);
/* The next wakeup at a deadline comes so much too late: a process that was stopped. */
void clock_fake_stall(uint64_t duration_ns);
/* How often clock_wait came back. */
uint64_t clock_fake_wakeups(void);
/* True on a thread that has slept in clock_wait. */
bool clock_fake_is_audio_thread(void);
