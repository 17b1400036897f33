/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Speaker: the life of one speaker as a table, (state, event) -> (next state, actions). Pure: it is
 * told what happened and returns what to do, as a bit mask carried out in bit order. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

typedef enum {
    SPEAKER_STATE_DISCOVERED, /* in reach, not ours */
    SPEAKER_STATE_BONDED,     /* bonded by somebody, not saved by us */
    SPEAKER_STATE_SAVED,      /* ours, not wanted now */
    SPEAKER_STATE_PAIRING,
    SPEAKER_STATE_CONNECTING, /* ConnectProfile runs */
    SPEAKER_STATE_AWAITING,   /* it returned, or somebody else's runs: the transport is awaited */
    SPEAKER_STATE_HEALING,    /* a broken handshake is cleared away, then it connects again */
    SPEAKER_STATE_OPENING,    /* the transport is there, Acquire runs */
    SPEAKER_STATE_CONNECTED,  /* acquired: a sample played now is heard */
    SPEAKER_STATE_STREAMING,  /* packets flow */
    SPEAKER_STATE_WAITING,    /* wanted; tried again when its timer or BlueZ says so */
    SPEAKER_STATE_LEAVING,    /* disconnecting at the owner's word */
    SPEAKER_STATE_FORGETTING,
    SPEAKER_STATE_FAILED, /* needs the owner; the reason says what for */
} SpeakerState;

#define SPEAKER_STATE_COUNT (SPEAKER_STATE_FAILED + 1)

typedef enum {
    SPEAKER_EVENT_ASK_PAIR, /* the owner's words */
    SPEAKER_EVENT_ASK_CONNECT,
    SPEAKER_EVENT_ASK_DISCONNECT,
    SPEAKER_EVENT_ASK_FORGET,
    SPEAKER_EVENT_SUPERSEDED, /* another speaker took the stream at the owner's word */
    SPEAKER_EVENT_BOND_SEEN,  /* BlueZ knows a bond with this stranger */
    SPEAKER_EVENT_BOND_GONE,
    SPEAKER_EVENT_PAIRED, /* answers */
    SPEAKER_EVENT_PAIR_FAILED,
    SPEAKER_EVENT_CONNECT_RETURNED, /* the profile is said to be up; the transport proves it */
    SPEAKER_EVENT_CONNECT_BUSY,     /* somebody else's attempt runs: wait for it */
    SPEAKER_EVENT_CONNECT_ABSENT,   /* off, away, taken */
    SPEAKER_EVENT_CONNECT_BROKEN,   /* the handshake broke, or bluetoothd is stuck */
    SPEAKER_EVENT_CONNECT_REFUSED,  /* trying again will not help */
    SPEAKER_EVENT_CLEARED,          /* the healing step is done */
    SPEAKER_EVENT_DISCONNECTED,
    SPEAKER_EVENT_REMOVED,
    SPEAKER_EVENT_REMOVE_FAILED,
    SPEAKER_EVENT_ACQUIRED,
    SPEAKER_EVENT_ACQUIRE_FAILED,
    SPEAKER_EVENT_STREAM_UNUSABLE,   /* acquired, but no packet can be made for it */
    SPEAKER_EVENT_TRANSPORT_OPENED,  /* things that happen */
    SPEAKER_EVENT_TRANSPORT_CROWDED, /* opened by the speaker while another one has the stream */
    SPEAKER_EVENT_TRANSPORT_SUSPENDED,
    SPEAKER_EVENT_TRANSPORT_CLOSED,
    SPEAKER_EVENT_FLOWS,
    SPEAKER_EVENT_SILENT,
    SPEAKER_EVENT_SOCKET_LOST,
    SPEAKER_EVENT_LINK_LOST,
    SPEAKER_EVENT_TIMER,        /* of RETRY and SHORT */
    SPEAKER_EVENT_NO_TRANSPORT, /* of SETTLE */
    SPEAKER_EVENT_BLUEZ_LOST,
    SPEAKER_EVENT_BLUEZ_READY,
    /* made here, of the ones above: */
    SPEAKER_EVENT_CONNECT_PROVEN,  /* CONNECT_RETURNED or _BUSY while the transport is there */
    SPEAKER_EVENT_BUSY_FOR_GOOD,   /* CONNECT_BUSY more than SPEAKER_BUSY_LIMIT times */
    SPEAKER_EVENT_BROKEN_FOR_GOOD, /* broken once more after SPEAKER_HEAL_LIMIT healings */
    SPEAKER_EVENT_REPAIR_FAILED,   /* PAIR_FAILED of one that is saved */
    SPEAKER_EVENT_REPAIR_CANCELLED,
    SPEAKER_EVENT_REPAIR_LOST,      /* BLUEZ_LOST while a saved one is paired */
    SPEAKER_EVENT_ACQUIRED_UNASKED, /* by a speaker that called: the owner's wish stays as it is */
} SpeakerEvent;

#define SPEAKER_EVENT_COUNT (SPEAKER_EVENT_ACQUIRED_UNASKED + 1)

typedef enum {
    SPEAKER_DO_STOP_TIMER = 1 << 0,
    SPEAKER_DO_STOP_STREAM = 1 << 1,
    SPEAKER_DO_SAVE = 1 << 2,   /* keep it, wanted from now on */
    SPEAKER_DO_UNWANT = 1 << 3, /* keep it, do not chase it */
    SPEAKER_DO_DROP = 1 << 4,   /* delete what is saved of it */
    SPEAKER_DO_PAIR = 1 << 5,
    SPEAKER_DO_UNSTICK = 1 << 6,
    SPEAKER_DO_DISCONNECT = 1 << 7,
    SPEAKER_DO_REMOVE = 1 << 8, /* device and bond */
    SPEAKER_DO_CONNECT = 1 << 9,
    SPEAKER_DO_ACQUIRE = 1 << 10,
    SPEAKER_DO_START_STREAM = 1 << 11,
    SPEAKER_DO_SUPERSEDE = 1 << 12,     /* tell the others that have a stream */
    SPEAKER_DO_TIMER_RETRY = 1 << 13,   /* reconnect_delay_ms(attempt) */
    SPEAKER_DO_TIMER_SETTLE = 1 << 14,  /* SPEAKER_SETTLE_MS, then NO_TRANSPORT */
    SPEAKER_DO_TIMER_SHORT = 1 << 15,   /* SPEAKER_SHORT_MS */
    SPEAKER_DO_ANSWER_READY = 1 << 16,  /* those who asked to connect or pair */
    SPEAKER_DO_ANSWER_FAILED = 1 << 17, /* the same, with the reason */
    SPEAKER_DO_ANSWER_LEFT = 1 << 18,   /* those who asked to disconnect */
    SPEAKER_DO_ANSWER_GONE = 1 << 19,   /* those who asked to forget */
    SPEAKER_DO_ANSWER_KEPT = 1 << 20,   /* the same, with the reason why it is still there */
    SPEAKER_DO_WAIT = 1 << 21, /* what was asked for is under way: whoever asked waits for it */
} SpeakerActions;

/* A connected profile has to bring its transport within this time. */
#define SPEAKER_SETTLE_MS 6000
/* Before asking again for something that was refused for the moment. */
#define SPEAKER_SHORT_MS 1000
/* Healings in a row before it waits like an absent one. */
#define SPEAKER_HEAL_LIMIT 3
/* bluetoothd's own policy tries for about two minutes at growing intervals; ours may wait for it.
 */
#define SPEAKER_BUSY_LIMIT 15

typedef struct {
    SpeakerState state;
    EchocastError reason; /* of WAITING and FAILED, and while HEALING */
    bool has_reason;
    bool is_saved;
    bool is_wanted; /* chased when it is lost */
    bool has_transport;
    bool has_flowed;  /* since it was acquired */
    unsigned attempt; /* failed ones in a row, since it last was ready or the owner asked */
    unsigned heals;   /* in a row */
    unsigned busy;    /* in a row */
} Speaker;

/* The daemon begins with DISCOVERED, BONDED, SAVED, or WAITING for one that was wanted when it last
 * ran. In the other states it is as if the owner had asked for it. */
void speaker_init(Speaker *speaker, SpeakerState state);
/* reason: why, for events that are failures; ignored for others. An event that means nothing in a
 * state changes nothing and returns 0. */
SpeakerActions speaker_handle(Speaker *speaker, SpeakerEvent event, EchocastError reason);
/* The event that a failed ConnectProfile is. */
SpeakerEvent speaker_event_of_failure(EchocastError reason);

/* For logs and tests: every internal state and event has its own word. */
const char *speaker_state_word(SpeakerState state);
const char *speaker_event_word(SpeakerEvent event);
/* The public word of design: saved discovered pairing bonded connecting connected streaming waiting
 * failed. */
const char *speaker_public_state(const Speaker *speaker);
/* saved discovered bonded link-up profile-up stream-open streaming silent. */
const char *speaker_rung(const Speaker *speaker, bool bonded, bool linked);
/* Is nobody's: goes off the list when BlueZ forgets it. */
bool speaker_is_stranger(const Speaker *speaker);
/* Has the stream or is about to have it. */
bool speaker_is_active(const Speaker *speaker);
