/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Snapshot: the plain facts of one moment, and what they mean in one headline. Pure. */
#pragma once

#include "base/error.h"
#include "speaker/speaker.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    LOOPBACK_OPEN,
    LOOPBACK_MISSING,
    LOOPBACK_BUSY,
} LoopbackFact;

typedef enum {
    ADAPTER_READY,
    ADAPTER_OFF,
    ADAPTER_BLOCKED,
    ADAPTER_MISSING,
    ADAPTER_NO_BLUETOOTHD,
} AdapterFact;

typedef struct {
    AdapterFact adapter;
    LoopbackFact loopback;
    bool player_active;   /* an application plays into the loopback */
    unsigned saved;       /* speakers in the list */
    const Speaker *speaker; /* the one it is about: active, else wanted, else last used; or NULL */
    const char *speaker_name;
} Snapshot;

typedef struct {
    const char *headline; /* out of a closed set */
    bool is_error;        /* reason says why there is no sound; else all is as it should be */
    EchocastError reason;
    const char *what;   /* one sentence, without the speaker's name */
    const char *advice; /* what to do next, "" for nothing */
} Finding;

/* The first thing that stands between the player and the speaker, in the order of the way. */
Finding snapshot_judge(const Snapshot *snapshot);
const char *adapter_fact_word(AdapterFact fact);
const char *loopback_fact_word(LoopbackFact fact);
