/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Stream: one speaker's part of the audio path: encoder, packets, a short queue, socket. Made and
 * freed on the main loop, used by the audio thread in between; its stats are anybody's to read.
 * All packets are full. A packet that waited longer than STREAM_AGE_MAX_NS is thrown away, the
 * oldest first, so that a stall never makes later sound late. */
#pragma once

#include "audio/engine.h"

#define STREAM_BLOCK_PCM_FRAMES 128 /* what is fed at once; stereo, interleaved */
#define STREAM_AGE_MAX_NS       UINT64_C(60000000)

typedef struct Stream Stream;

/* Takes the descriptor in any case. */
Stream *stream_new(EngineStream number, int fd, size_t mtu, const SbcConfig *config,
                   GError **error);
void stream_free(Stream *stream);
EngineStream stream_number(const Stream *stream);
StreamStats *stream_stats(Stream *stream);
int stream_fd(const Stream *stream);
void stream_close(Stream *stream);

/* One block. position: of its first PCM frame, on a clock of PCM frames (a gap to the last block's
 * end becomes a gap in RTP's time); ready_ns: when its last PCM frame came. While a tone plays, it
 * sounds instead. */
void stream_feed(Stream *stream, const int16_t *pcm, uint64_t position, uint64_t ready_ns);
/* Nothing more comes for a while: completes the packet under way with silence. */
void stream_pause(Stream *stream, uint64_t ready_ns);
/* The positions that follow are of another clock: the next gap is none. */
void stream_change_clock(Stream *stream);
/* Sends what waits, drops what is too old. 0, or the errno that the socket died of. */
int stream_send(Stream *stream, uint64_t now_ns);
bool stream_has_waiting(const Stream *stream);
/* When to wake up next for a full packet; unread: PCM frames that came but were not fed yet. */
uint64_t stream_next_ns(const Stream *stream, uint64_t now_ns, uint64_t unread);
/* The same for another try with a socket that was full. */
uint64_t stream_retry_ns(const Stream *stream, uint64_t now_ns);

void stream_play_tone(Stream *stream, const Tone *tone);
bool stream_has_tone(const Stream *stream);
/* True once after a tone, when its last packet has left the queue. */
bool stream_take_tone_done(Stream *stream, uint64_t *packets_sent);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Stream, stream_free)
