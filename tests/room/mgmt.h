/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * mgmt: what bluetoothd's D-Bus interface cannot do, asked of the kernel's management channel.
 * Calls block until the kernel answers (milliseconds). Needs root.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { MGMT_IO_DISPLAY_YES_NO = 1, MGMT_IO_NO_INPUT_NO_OUTPUT = 3 };

/* How many controllers there are; -1 when the kernel does not say. */
int mgmt_count(void);
/* A socket that becomes readable when controllers come or go (and for much else). */
int mgmt_watch(void);

bool mgmt_set_class(uint16_t index, uint8_t major, uint8_t minor);
bool mgmt_set_connectable(uint16_t index, bool on);
bool mgmt_set_io_capability(uint16_t index, uint8_t capability);
/* Drops the link to a BR/EDR device, "AA:BB:CC:DD:EE:FF". */
bool mgmt_disconnect(uint16_t index, const char *address);

/* bluetoothd gives every adapter the IO capability of its default agent. This sees it do so and
 * puts this adapter's own back each time, from the main loop, as long as the program runs. */
bool mgmt_guard_io_capability(uint16_t index, uint8_t capability);
