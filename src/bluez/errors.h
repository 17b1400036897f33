/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Errors: BlueZ's words for a failure, translated into ours. One table, from what bluetoothd 5.66
 * to 5.87 answers; and one for the errno of a probe. Pure. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

typedef enum {
    BLUEZ_CALL_ANY,
    BLUEZ_CALL_PAIR,
    BLUEZ_CALL_CONNECT,
    BLUEZ_CALL_ACQUIRE,
} BluezCall;

/* What is still to be found out before the code may be believed. */
typedef enum {
    VERDICT_FINAL,
    VERDICT_PROBE, /* the same words stand for several causes: ask the speaker's L2CAP */
    VERDICT_STUCK, /* busy if there is a link, else bluetoothd has got stuck */
    VERDICT_SETUP, /* the stream was not agreed on: our endpoints may know why */
} Verdict;

/* verdict may be NULL. */
EchocastError errors_judge(BluezCall call, const GError *error, Verdict *verdict);
/* A new error of ECHOCAST_ERROR with BlueZ's own words in its message. */
GError *errors_translate(BluezCall call, const GError *error);
/* The same with a code that is known better. */
GError *errors_restate(EchocastError code, const GError *error);
/* The code for what an L2CAP probe said; 0: the speaker answers, so its handshake is what broke. */
EchocastError errors_judge_probe(int errnum);
/* BlueZ's error with that last word: "NotAuthorized". */
bool errors_is(const GError *error, const char *word);
