/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Rfkill: whether a switch, of software or of hardware, keeps an adapter's radio off. Follows
 * /dev/rfkill by events; without access to it the state is read from /sys when asked. Main loop
 * only; owned by Adapter. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Rfkill Rfkill;

/* changed: some radio was blocked or unblocked. */
Rfkill *rfkill_new(void (*changed)(void *data), void *data);
void rfkill_free(Rfkill *rfkill);
/* adapter: "hci0"; NULL: any Bluetooth switch, for when there is no adapter to be seen. */
bool rfkill_is_blocked(const Rfkill *rfkill, const char *adapter);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rfkill, rfkill_free)
