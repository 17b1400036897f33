/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Engine: the audio thread and its two mailboxes. It holds the loopback's capture side from the
 * first moment on and feeds what is played there, encoded, to each stream's socket.
 * All functions are for the main loop; callbacks come there too, never from inside a call. */
#pragma once

#include "a2dp/sbc_config.h"
#include "a2dp/stream_stats.h"

typedef struct Engine Engine;
typedef unsigned EngineStream; /* a stream's number, never used twice; 0 is none */

typedef enum {
    CAPTURE_MISSING, /* no such sound card: waits for it */
    CAPTURE_BUSY,    /* somebody else holds the capture side, or fixed another format */
    CAPTURE_OPEN,
} CaptureState;

typedef enum {
    TONE_LEFT = 1,
    TONE_RIGHT = 2,
    TONE_BOTH = 3,
} ToneChannels;

typedef struct {
    unsigned frequency_hz;
    unsigned duration_ms;
    ToneChannels channels;
} Tone; /* a sine of -12 dBFS, 10 ms fades, in place of what the loopback has */

typedef struct {
    const char *card;  /* ALSA card id: "Echocast" */
    unsigned rate_hz;  /* 44100 or 48000; two channels, S16 */
    int rt_priority;   /* SCHED_RR priority to ask for, 0: none */
} EngineOptions;

typedef struct {
    void (*capture_changed)(CaptureState state, const char *detail, void *data);
    /* An application began or stopped playing into the loopback. */
    void (*player_changed)(bool active, void *data);
    /* The first packet of a stream, or the first after silence, went into the socket. */
    void (*stream_flows)(EngineStream stream, void *data);
    void (*stream_silent)(EngineStream stream, void *data);
    /* The socket is dead (errno); the stream is already gone when this comes. Each stream ends once:
     * one that dies while it is being removed is removed. */
    void (*stream_lost)(EngineStream stream, int error_number, void *data);
    /* The answer to engine_remove_stream: the descriptor is closed now. */
    void (*stream_removed)(EngineStream stream, void *data);
    /* The tone's last packet went out, or was dropped. Not told of a stream that ended before, nor of
     * a tone whose place another took. */
    void (*tone_done)(EngineStream stream, uint64_t packets_sent, void *data);
} EngineEvents;

/* Starts the thread. Never fails for want of a sound card. */
Engine *engine_new(const EngineOptions *options, const EngineEvents *events, void *data,
                   GError **error);
/* Stops and joins the thread; closes all descriptors. */
void engine_free(Engine *engine);
/* Takes the descriptor (a non-blocking SOCK_SEQPACKET socket) in any case. 0 and an error if one
 * packet of this MTU cannot carry one SBC frame. */
EngineStream engine_add_stream(Engine *engine, int fd, size_t mtu, const SbcConfig *config,
                               GError **error);
void engine_remove_stream(Engine *engine, EngineStream stream);
void engine_play_tone(Engine *engine, EngineStream stream, const Tone *tone);
/* Readable at any time without touching the thread; false for a stream that is gone. */
bool engine_read_counters(Engine *engine, EngineStream stream, StreamCounters *counters);
CaptureState engine_capture_state(const Engine *engine);
bool engine_player_active(const Engine *engine);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Engine, engine_free)
