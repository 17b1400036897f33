/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Reconnect: how long to wait before a wanted speaker is called again. Pure. */
#pragma once

#define RECONNECT_FIRST_MS 2000
#define RECONNECT_LAST_MS  300000

/* attempt: failed attempts in a row, from 1. Doubles from 2 s to 300 s; chance (0 to 1) spreads it by
 * a fifth to either side, so that boards that lost power together do not call together. */
unsigned reconnect_delay_ms(unsigned attempt, double chance);
