/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "speaker/reconnect.h"

#include <glib.h>

#define SPREAD 0.2

unsigned reconnect_delay_ms(unsigned attempt, double chance)
{
    unsigned delay_ms = RECONNECT_FIRST_MS;

    for (unsigned i = 1; i < attempt && delay_ms < RECONNECT_LAST_MS; i++)
        delay_ms *= 2;
    delay_ms = MIN(delay_ms, RECONNECT_LAST_MS);
    return delay_ms * (1 + SPREAD * (2 * CLAMP(chance, 0, 1) - 1));
}
