/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * recorder: what a speaker hears. Takes media packets (RTP, one byte, SBC frames), decodes them
 * with libsbc and keeps three files: N.wav, N.sbc (the frames back to back) and N.csv (a line a
 * packet: arrival_ns,sequence,timestamp,frames,bytes), N counting recordings. And counters.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "message.h"

typedef struct Recorder Recorder;

typedef enum {
    RECORDER_FIRST = 1 << 0,   /* the recording's first packet */
    RECORDER_AUDIBLE = 1 << 1, /* its first packet whose sound is above -50 dBFS */
} RecorderNews;

/* Keeps its files in `directory`, which it makes. */
Recorder *recorder_new(const char *directory);
void recorder_free(Recorder *recorder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Recorder, recorder_free)

/* A new stream begins: its sequence numbers and times have nothing to do with the last one's. */
void recorder_begin_stream(Recorder *recorder);
RecorderNews recorder_packet(Recorder *recorder, const uint8_t *data, size_t length,
                             int64_t arrival_ns);
uint64_t recorder_packets(const Recorder *recorder);
/* Makes the files readable as they stand. */
void recorder_flush(Recorder *recorder);
/* Ends this recording and begins the next. */
void recorder_reset(Recorder *recorder);
/* Adds the counters, or the files' paths (wav, sbc, log), to a message. */
void recorder_add_stats(Recorder *recorder, JsonBuilder *message);
void recorder_add_paths(Recorder *recorder, JsonBuilder *message);
