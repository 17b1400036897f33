/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Word: a string fact as D-Bus wants it: there is no NULL on the bus, "" says "none". Pure. */
#pragma once

static inline const char *word(const char *text)
{
    return text ? text : "";
}
