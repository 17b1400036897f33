/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Clock: the time and the only sleep of the audio thread. A seam: a test links its own, whose time
 * it moves by hand. No state. */
#pragma once

#include <poll.h>
#include <stdint.h>

#define CLOCK_NEVER UINT64_MAX

/* CLOCK_MONOTONIC. */
uint64_t clock_now_ns(void);
/* The kernel's tick: in steps of that size the loopback's position moves. */
uint64_t clock_tick_ns(void);
/* Sleeps until a descriptor has something to report or the deadline is reached; the number of
 * descriptors that report. */
int clock_wait(struct pollfd *fds, unsigned count, uint64_t deadline_ns);
