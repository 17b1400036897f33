/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Notify: tells the service manager how the daemon is: sd_notify(3)'s protocol, one datagram to
 * $NOTIFY_SOCKET. Without libsystemd, which brings gcrypt, lzma, lz4 and zstd into memory: 0.6 MB,
 * a fifth of what the whole daemon may use. Without a manager it does nothing. */
#pragma once

#include <stdint.h>

/* "READY=1", "WATCHDOG=1", "STOPPING=1". */
void notify_manager(const char *state);
/* How often the manager wants to hear WATCHDOG=1, in microseconds; 0: it does not. */
uint64_t notify_watchdog_interval_us(void);
