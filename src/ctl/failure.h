/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Failure: an error as the user meets it: one word of the closed set, what happened, what to do
 * next, and the exit code. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

typedef struct {
    EchocastError code;
    char *what; /* may have several lines: candidates to choose from */
    char *advice;
} Failure;

/* Reads any GError: ours, the daemon's answer, the bus's own, GOption's. A message may bring its
 * own advice as a last line "next: ...". */
void failure_init(Failure *failure, const GError *error);
void failure_clear(Failure *failure);
/* Two lines on standard error, or with json one object on standard output. Returns the exit code.
 */
int failure_print(const Failure *failure, bool json);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Failure, failure_clear)
