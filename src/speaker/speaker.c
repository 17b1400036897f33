/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "speaker/speaker.h"

#include <string.h>

typedef struct {
    SpeakerState state;
    SpeakerEvent event;
    SpeakerState next;
    unsigned actions;
} Row;

/* clang-format off */
#define IN(state)       SPEAKER_STATE_##state
#define ON(event)       SPEAKER_EVENT_##event
#define DO(action)      SPEAKER_DO_##action
#define SILENCE         (DO(STOP_TIMER) | DO(STOP_STREAM))
#define TRY_LATER       (SILENCE | DO(TIMER_RETRY) | DO(ANSWER_FAILED))
#define CONNECT_NOW     (DO(STOP_TIMER) | DO(SAVE) | DO(CONNECT))
#define LEAVE           (SILENCE | DO(UNWANT) | DO(DISCONNECT) | DO(ANSWER_FAILED))
#define FORGET          (SILENCE | DO(REMOVE) | DO(ANSWER_FAILED))
#define READY           (DO(STOP_TIMER) | DO(START_STREAM) | DO(ANSWER_READY))
#define PREFER          (DO(SAVE) | DO(SUPERSEDE))

/* A speaker's whole life. What is not listed changes nothing; an ASK_ that is not listed is refused
 * as InProgress. */
static const Row TABLE[] = {
    /* a stranger */
    { IN(DISCOVERED), ON(ASK_PAIR),            IN(PAIRING),    DO(PAIR) },
    { IN(DISCOVERED), ON(ASK_CONNECT),         IN(DISCOVERED), DO(ANSWER_FAILED) },
    { IN(DISCOVERED), ON(ASK_DISCONNECT),      IN(DISCOVERED), DO(ANSWER_LEFT) },
    { IN(DISCOVERED), ON(ASK_FORGET),          IN(FORGETTING), FORGET },
    { IN(DISCOVERED), ON(BOND_SEEN),           IN(BONDED),     0 },
    { IN(BONDED),     ON(ASK_PAIR),            IN(PAIRING),    DO(PAIR) },
    { IN(BONDED),     ON(ASK_CONNECT),         IN(CONNECTING), CONNECT_NOW },
    { IN(BONDED),     ON(ASK_DISCONNECT),      IN(BONDED),     DO(ANSWER_LEFT) },
    { IN(BONDED),     ON(ASK_FORGET),          IN(FORGETTING), FORGET },
    { IN(BONDED),     ON(BOND_GONE),           IN(DISCOVERED), 0 },

    /* pairing; SAVE comes with the bond, so that a power cut after it loses nothing */
    { IN(PAIRING),    ON(PAIRED),              IN(CONNECTING), CONNECT_NOW },
    { IN(PAIRING),    ON(PAIR_FAILED),         IN(DISCOVERED), DO(ANSWER_FAILED) },
    { IN(PAIRING),    ON(BLUEZ_LOST),          IN(DISCOVERED), DO(ANSWER_FAILED) },
    { IN(PAIRING),    ON(REPAIR_FAILED),       IN(FAILED),     DO(ANSWER_FAILED) },
    { IN(PAIRING),    ON(REPAIR_CANCELLED),    IN(SAVED),      DO(ANSWER_FAILED) },
    { IN(PAIRING),    ON(REPAIR_LOST),         IN(WAITING),    DO(ANSWER_FAILED) },
    { IN(PAIRING),    ON(ASK_CONNECT),         IN(PAIRING),    DO(WAIT) },

    /* ours, at rest; it may call by itself, but not into a stream that another one has */
    { IN(SAVED),      ON(ASK_PAIR),            IN(PAIRING),    DO(PAIR) },
    { IN(SAVED),      ON(ASK_CONNECT),         IN(CONNECTING), CONNECT_NOW },
    { IN(SAVED),      ON(ASK_DISCONNECT),      IN(LEAVING),    LEAVE },
    { IN(SAVED),      ON(ASK_FORGET),          IN(FORGETTING), FORGET },
    { IN(SAVED),      ON(TRANSPORT_OPENED),    IN(OPENING),    DO(ACQUIRE) },
    { IN(SAVED),      ON(TRANSPORT_CROWDED),   IN(LEAVING),    DO(DISCONNECT) },

    /* connecting: a returned call proves nothing, the transport does */
    { IN(CONNECTING), ON(CONNECT_PROVEN),      IN(OPENING),    DO(ACQUIRE) },
    { IN(CONNECTING), ON(CONNECT_RETURNED),    IN(AWAITING),   DO(TIMER_SETTLE) },
    { IN(CONNECTING), ON(CONNECT_BUSY),        IN(AWAITING),   DO(TIMER_SHORT) },
    { IN(CONNECTING), ON(BUSY_FOR_GOOD),       IN(HEALING),    DO(UNSTICK) },
    { IN(CONNECTING), ON(CONNECT_BROKEN),      IN(HEALING),    DO(UNSTICK) },
    { IN(CONNECTING), ON(BROKEN_FOR_GOOD),     IN(WAITING),    TRY_LATER },
    { IN(CONNECTING), ON(CONNECT_ABSENT),      IN(WAITING),    TRY_LATER },
    { IN(CONNECTING), ON(CONNECT_REFUSED),     IN(FAILED),     DO(ANSWER_FAILED) },
    { IN(CONNECTING), ON(BLUEZ_LOST),          IN(WAITING),    DO(ANSWER_FAILED) },
    { IN(CONNECTING), ON(SUPERSEDED),          IN(LEAVING),    LEAVE },
    { IN(CONNECTING), ON(ASK_CONNECT),         IN(CONNECTING), DO(WAIT) },
    { IN(CONNECTING), ON(ASK_PAIR),            IN(CONNECTING), DO(WAIT) },
    { IN(CONNECTING), ON(ASK_DISCONNECT),      IN(LEAVING),    LEAVE },
    { IN(CONNECTING), ON(ASK_FORGET),          IN(FORGETTING), FORGET },

    { IN(AWAITING),   ON(TRANSPORT_OPENED),    IN(OPENING),    DO(STOP_TIMER) | DO(ACQUIRE) },
    { IN(AWAITING),   ON(TRANSPORT_CROWDED),   IN(OPENING),    DO(STOP_TIMER) | DO(ACQUIRE) },
    { IN(AWAITING),   ON(TIMER),               IN(CONNECTING), DO(CONNECT) },
    { IN(AWAITING),   ON(NO_TRANSPORT),        IN(HEALING),    DO(DISCONNECT) },
    { IN(AWAITING),   ON(BROKEN_FOR_GOOD),     IN(WAITING),    TRY_LATER },
    { IN(AWAITING),   ON(BLUEZ_LOST),          IN(WAITING),    SILENCE | DO(ANSWER_FAILED) },
    { IN(AWAITING),   ON(SUPERSEDED),          IN(LEAVING),    LEAVE },
    { IN(AWAITING),   ON(ASK_CONNECT),         IN(AWAITING),   DO(WAIT) },
    { IN(AWAITING),   ON(ASK_PAIR),            IN(AWAITING),   DO(WAIT) },
    { IN(AWAITING),   ON(ASK_DISCONNECT),      IN(LEAVING),    LEAVE },
    { IN(AWAITING),   ON(ASK_FORGET),          IN(FORGETTING), FORGET },

    { IN(HEALING),    ON(CLEARED),             IN(CONNECTING), DO(CONNECT) },
    { IN(HEALING),    ON(BLUEZ_LOST),          IN(WAITING),    DO(ANSWER_FAILED) },
    { IN(HEALING),    ON(SUPERSEDED),          IN(LEAVING),    LEAVE },
    { IN(HEALING),    ON(ASK_CONNECT),         IN(HEALING),    DO(WAIT) },
    { IN(HEALING),    ON(ASK_PAIR),            IN(HEALING),    DO(WAIT) },
    { IN(HEALING),    ON(ASK_DISCONNECT),      IN(LEAVING),    LEAVE },
    { IN(HEALING),    ON(ASK_FORGET),          IN(FORGETTING), FORGET },

    /* opening: the transport is there */
    { IN(OPENING),    ON(ACQUIRED),            IN(CONNECTED),  READY | PREFER },
    { IN(OPENING),    ON(ACQUIRED_UNASKED),    IN(CONNECTED),  READY },
    { IN(OPENING),    ON(TIMER),               IN(OPENING),    DO(ACQUIRE) },
    { IN(OPENING),    ON(ACQUIRE_FAILED),      IN(HEALING),    DO(STOP_TIMER) | DO(DISCONNECT) },
    { IN(OPENING),    ON(TRANSPORT_CLOSED),    IN(HEALING),    DO(STOP_TIMER) | DO(DISCONNECT) },
    { IN(OPENING),    ON(BROKEN_FOR_GOOD),     IN(WAITING),    TRY_LATER },
    { IN(OPENING),    ON(BLUEZ_LOST),          IN(WAITING),    SILENCE | DO(ANSWER_FAILED) },
    { IN(OPENING),    ON(SUPERSEDED),          IN(LEAVING),    LEAVE },
    { IN(OPENING),    ON(ASK_CONNECT),         IN(OPENING),    DO(SAVE) | DO(WAIT) },
    { IN(OPENING),    ON(ASK_PAIR),            IN(OPENING),    DO(SAVE) | DO(WAIT) },
    { IN(OPENING),    ON(ASK_DISCONNECT),      IN(LEAVING),    LEAVE },
    { IN(OPENING),    ON(ASK_FORGET),          IN(FORGETTING), FORGET },

    /* ready; a suspended transport is ours no longer, so it is acquired anew with a new stream */
    { IN(CONNECTED),  ON(FLOWS),               IN(STREAMING),  0 },
    { IN(CONNECTED),  ON(STREAM_UNUSABLE),     IN(FAILED),     LEAVE },
    { IN(CONNECTED),  ON(TRANSPORT_SUSPENDED), IN(OPENING),    DO(STOP_STREAM) | DO(TIMER_SHORT) },
    { IN(CONNECTED),  ON(SOCKET_LOST),         IN(WAITING),    TRY_LATER },
    { IN(CONNECTED),  ON(TRANSPORT_CLOSED),    IN(WAITING),    TRY_LATER },
    { IN(CONNECTED),  ON(LINK_LOST),           IN(WAITING),    TRY_LATER },
    { IN(CONNECTED),  ON(BLUEZ_LOST),          IN(WAITING),    SILENCE },
    { IN(CONNECTED),  ON(SUPERSEDED),          IN(LEAVING),    LEAVE },
    { IN(CONNECTED),  ON(ASK_CONNECT),         IN(CONNECTED),  PREFER | DO(ANSWER_READY) },
    { IN(CONNECTED),  ON(ASK_PAIR),            IN(CONNECTED),  PREFER | DO(ANSWER_READY) },
    { IN(CONNECTED),  ON(ASK_DISCONNECT),      IN(LEAVING),    LEAVE },
    { IN(CONNECTED),  ON(ASK_FORGET),          IN(FORGETTING), FORGET },

    { IN(STREAMING),  ON(SILENT),              IN(CONNECTED),  0 },
    { IN(STREAMING),  ON(TRANSPORT_SUSPENDED), IN(OPENING),    DO(STOP_STREAM) | DO(TIMER_SHORT) },
    { IN(STREAMING),  ON(SOCKET_LOST),         IN(WAITING),    TRY_LATER },
    { IN(STREAMING),  ON(TRANSPORT_CLOSED),    IN(WAITING),    TRY_LATER },
    { IN(STREAMING),  ON(LINK_LOST),           IN(WAITING),    TRY_LATER },
    { IN(STREAMING),  ON(BLUEZ_LOST),          IN(WAITING),    SILENCE },
    { IN(STREAMING),  ON(SUPERSEDED),          IN(LEAVING),    LEAVE },
    { IN(STREAMING),  ON(ASK_CONNECT),         IN(STREAMING),  PREFER | DO(ANSWER_READY) },
    { IN(STREAMING),  ON(ASK_PAIR),            IN(STREAMING),  PREFER | DO(ANSWER_READY) },
    { IN(STREAMING),  ON(ASK_DISCONNECT),      IN(LEAVING),    LEAVE },
    { IN(STREAMING),  ON(ASK_FORGET),          IN(FORGETTING), FORGET },

    /* waiting: the timer, BlueZ's return, the owner and the speaker itself end it */
    { IN(WAITING),    ON(TIMER),               IN(CONNECTING), DO(CONNECT) },
    { IN(WAITING),    ON(BLUEZ_READY),         IN(CONNECTING), DO(STOP_TIMER) | DO(CONNECT) },
    { IN(WAITING),    ON(BLUEZ_LOST),          IN(WAITING),    DO(STOP_TIMER) },
    { IN(WAITING),    ON(TRANSPORT_OPENED),    IN(OPENING),    DO(STOP_TIMER) | DO(ACQUIRE) },
    { IN(WAITING),    ON(SUPERSEDED),          IN(SAVED),      SILENCE | DO(UNWANT) },
    { IN(WAITING),    ON(ASK_CONNECT),         IN(CONNECTING), CONNECT_NOW },
    { IN(WAITING),    ON(ASK_PAIR),            IN(PAIRING),    DO(STOP_TIMER) | DO(PAIR) },
    { IN(WAITING),    ON(ASK_DISCONNECT),      IN(LEAVING),    LEAVE },
    { IN(WAITING),    ON(ASK_FORGET),          IN(FORGETTING), FORGET },

    /* leaving; bluetoothd ends a link two seconds late, and only then it is made anew */
    { IN(LEAVING),    ON(DISCONNECTED),        IN(SAVED),      DO(ANSWER_LEFT) },
    { IN(LEAVING),    ON(BLUEZ_LOST),          IN(SAVED),      DO(ANSWER_LEFT) },
    { IN(LEAVING),    ON(ASK_CONNECT),         IN(HEALING),    DO(SAVE) | DO(ANSWER_LEFT) },
    { IN(LEAVING),    ON(ASK_DISCONNECT),      IN(LEAVING),    DO(WAIT) },
    { IN(LEAVING),    ON(ASK_FORGET),          IN(FORGETTING), FORGET | DO(ANSWER_LEFT) },

    /* forgetting: what is saved goes when the bond is gone, and not before */
    { IN(FORGETTING), ON(REMOVED),             IN(DISCOVERED), DO(DROP) | DO(ANSWER_GONE) },
    { IN(FORGETTING), ON(REMOVE_FAILED),       IN(FAILED),     DO(ANSWER_KEPT) },
    { IN(FORGETTING), ON(BLUEZ_LOST),          IN(FAILED),     DO(ANSWER_KEPT) },
    { IN(FORGETTING), ON(ASK_FORGET),          IN(FORGETTING), DO(WAIT) },

    /* failed: it waits for the owner, or for the speaker to call */
    { IN(FAILED),     ON(ASK_CONNECT),         IN(CONNECTING), CONNECT_NOW },
    { IN(FAILED),     ON(ASK_PAIR),            IN(PAIRING),    DO(PAIR) },
    { IN(FAILED),     ON(TRANSPORT_OPENED),    IN(OPENING),    DO(ACQUIRE) },
    { IN(FAILED),     ON(ASK_DISCONNECT),      IN(LEAVING),    LEAVE },
    { IN(FAILED),     ON(ASK_FORGET),          IN(FORGETTING), FORGET },
};
/* clang-format on */

static const char *const STATE_WORDS[SPEAKER_STATE_COUNT] = {
    [SPEAKER_STATE_DISCOVERED] = "discovered", [SPEAKER_STATE_BONDED] = "bonded",
    [SPEAKER_STATE_SAVED] = "saved",           [SPEAKER_STATE_PAIRING] = "pairing",
    [SPEAKER_STATE_CONNECTING] = "connecting", [SPEAKER_STATE_AWAITING] = "awaiting",
    [SPEAKER_STATE_HEALING] = "healing",       [SPEAKER_STATE_OPENING] = "opening",
    [SPEAKER_STATE_CONNECTED] = "connected",   [SPEAKER_STATE_STREAMING] = "streaming",
    [SPEAKER_STATE_WAITING] = "waiting",       [SPEAKER_STATE_LEAVING] = "leaving",
    [SPEAKER_STATE_FORGETTING] = "forgetting", [SPEAKER_STATE_FAILED] = "failed",
};

static const char *const EVENT_WORDS[SPEAKER_EVENT_COUNT] = {
    [SPEAKER_EVENT_ASK_PAIR] = "ask-pair",
    [SPEAKER_EVENT_ASK_CONNECT] = "ask-connect",
    [SPEAKER_EVENT_ASK_DISCONNECT] = "ask-disconnect",
    [SPEAKER_EVENT_ASK_FORGET] = "ask-forget",
    [SPEAKER_EVENT_SUPERSEDED] = "superseded",
    [SPEAKER_EVENT_BOND_SEEN] = "bond-seen",
    [SPEAKER_EVENT_PAIRED] = "paired",
    [SPEAKER_EVENT_PAIR_FAILED] = "pair-failed",
    [SPEAKER_EVENT_CONNECT_RETURNED] = "connect-returned",
    [SPEAKER_EVENT_CONNECT_BUSY] = "connect-busy",
    [SPEAKER_EVENT_CONNECT_ABSENT] = "connect-absent",
    [SPEAKER_EVENT_CONNECT_BROKEN] = "connect-broken",
    [SPEAKER_EVENT_CONNECT_REFUSED] = "connect-refused",
    [SPEAKER_EVENT_CLEARED] = "cleared",
    [SPEAKER_EVENT_DISCONNECTED] = "disconnected",
    [SPEAKER_EVENT_REMOVED] = "removed",
    [SPEAKER_EVENT_ACQUIRED] = "acquired",
    [SPEAKER_EVENT_ACQUIRE_FAILED] = "acquire-failed",
    [SPEAKER_EVENT_TRANSPORT_OPENED] = "transport-opened",
    [SPEAKER_EVENT_TRANSPORT_CROWDED] = "transport-crowded",
    [SPEAKER_EVENT_TRANSPORT_SUSPENDED] = "transport-suspended",
    [SPEAKER_EVENT_TRANSPORT_CLOSED] = "transport-closed",
    [SPEAKER_EVENT_FLOWS] = "flows",
    [SPEAKER_EVENT_SILENT] = "silent",
    [SPEAKER_EVENT_SOCKET_LOST] = "socket-lost",
    [SPEAKER_EVENT_LINK_LOST] = "link-lost",
    [SPEAKER_EVENT_TIMER] = "timer",
    [SPEAKER_EVENT_BLUEZ_LOST] = "bluez-lost",
    [SPEAKER_EVENT_BLUEZ_READY] = "bluez-ready",
    [SPEAKER_EVENT_NO_TRANSPORT] = "no-transport",
    [SPEAKER_EVENT_CONNECT_PROVEN] = "connect-proven",
    [SPEAKER_EVENT_BUSY_FOR_GOOD] = "busy-for-good",
    [SPEAKER_EVENT_BROKEN_FOR_GOOD] = "broken-for-good",
    [SPEAKER_EVENT_REPAIR_FAILED] = "repair-failed",
    [SPEAKER_EVENT_REPAIR_CANCELLED] = "repair-cancelled",
    [SPEAKER_EVENT_REPAIR_LOST] = "repair-lost",
    [SPEAKER_EVENT_ACQUIRED_UNASKED] = "acquired-unasked",
    [SPEAKER_EVENT_BOND_GONE] = "bond-gone",
    [SPEAKER_EVENT_REMOVE_FAILED] = "remove-failed",
    [SPEAKER_EVENT_STREAM_UNUSABLE] = "stream-unusable",
};

void speaker_init(Speaker *speaker, SpeakerState state)
{
    memset(speaker, 0, sizeof(*speaker));
    speaker->state = state;
    speaker->is_wanted = state == SPEAKER_STATE_CONNECTING || state == SPEAKER_STATE_AWAITING ||
                         state == SPEAKER_STATE_HEALING || state == SPEAKER_STATE_OPENING ||
                         state == SPEAKER_STATE_CONNECTED || state == SPEAKER_STATE_STREAMING ||
                         state == SPEAKER_STATE_WAITING;
    speaker->is_saved = speaker->is_wanted || state == SPEAKER_STATE_SAVED ||
                        state == SPEAKER_STATE_LEAVING || state == SPEAKER_STATE_FAILED;
}

static const Row *find_row(SpeakerState state, SpeakerEvent event)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TABLE); i++)
        if (TABLE[i].state == state && TABLE[i].event == event)
            return &TABLE[i];
    return NULL;
}

/* What stays true whether or not a row cares. */
static void note(Speaker *speaker, SpeakerEvent event)
{
    if (event == SPEAKER_EVENT_TRANSPORT_OPENED || event == SPEAKER_EVENT_TRANSPORT_CROWDED)
        speaker->has_transport = true;
    if (event == SPEAKER_EVENT_TRANSPORT_CLOSED || event == SPEAKER_EVENT_BLUEZ_LOST ||
        event == SPEAKER_EVENT_REMOVED)
        speaker->has_transport = false;
}

/* The handshake, or what should follow from it, did not hold. */
static bool breaks(const Speaker *speaker, SpeakerEvent event)
{
    return event == SPEAKER_EVENT_CONNECT_BROKEN || event == SPEAKER_EVENT_NO_TRANSPORT ||
           event == SPEAKER_EVENT_ACQUIRE_FAILED ||
           (event == SPEAKER_EVENT_TRANSPORT_CLOSED && speaker->state == SPEAKER_STATE_OPENING) ||
           (event == SPEAKER_EVENT_CONNECT_BUSY && speaker->busy >= SPEAKER_BUSY_LIMIT);
}

/* What pairing a speaker that is saved can come to: it stays ours. */
static SpeakerEvent refine_repair(SpeakerEvent event, EchocastError reason)
{
    if (event == SPEAKER_EVENT_BLUEZ_LOST)
        return SPEAKER_EVENT_REPAIR_LOST;
    if (event == SPEAKER_EVENT_PAIR_FAILED)
        return reason == ECHOCAST_ERROR_CANCELLED ? SPEAKER_EVENT_REPAIR_CANCELLED
                                                  : SPEAKER_EVENT_REPAIR_FAILED;
    return event;
}

/* The same event can mean more, for what went before it. Healing and waiting for others are
 * bounded here. */
static SpeakerEvent refine(const Speaker *speaker, SpeakerEvent event, EchocastError reason)
{
    bool returned = event == SPEAKER_EVENT_CONNECT_RETURNED || event == SPEAKER_EVENT_CONNECT_BUSY;

    if (returned && speaker->has_transport)
        return SPEAKER_EVENT_CONNECT_PROVEN;
    if (breaks(speaker, event) && speaker->heals >= SPEAKER_HEAL_LIMIT)
        return SPEAKER_EVENT_BROKEN_FOR_GOOD;
    if (event == SPEAKER_EVENT_CONNECT_BUSY && speaker->busy >= SPEAKER_BUSY_LIMIT)
        return SPEAKER_EVENT_BUSY_FOR_GOOD;
    if (event == SPEAKER_EVENT_ACQUIRED && !speaker->is_wanted)
        return SPEAKER_EVENT_ACQUIRED_UNASKED;
    if (speaker->state == SPEAKER_STATE_PAIRING && speaker->is_saved)
        return refine_repair(event, reason);
    return event;
}

static bool is_asked(SpeakerEvent event)
{
    return event == SPEAKER_EVENT_ASK_CONNECT || event == SPEAKER_EVENT_ASK_PAIR;
}

static bool is_acquired(SpeakerEvent event)
{
    return event == SPEAKER_EVENT_ACQUIRED || event == SPEAKER_EVENT_ACQUIRED_UNASKED;
}

static void count(Speaker *speaker, const Row *row)
{
    bool fresh_start =
        is_asked(row->event) || is_acquired(row->event) || row->event == SPEAKER_EVENT_BLUEZ_READY;

    if (fresh_start)
        speaker->attempt = speaker->heals = 0;
    speaker->busy = row->event == SPEAKER_EVENT_CONNECT_BUSY ? speaker->busy + 1
                    : row->event == SPEAKER_EVENT_TIMER      ? speaker->busy
                                                             : 0;
    if (row->next == SPEAKER_STATE_HEALING && row->state != SPEAKER_STATE_HEALING)
        speaker->heals++;
    if (row->actions & SPEAKER_DO_TIMER_RETRY) {
        speaker->attempt++;
        speaker->heals = 0;
    }
    if (is_acquired(row->event) || row->event == SPEAKER_EVENT_FLOWS)
        speaker->has_flowed = row->event == SPEAKER_EVENT_FLOWS;
    if (row->actions & (SPEAKER_DO_SAVE | SPEAKER_DO_UNWANT | SPEAKER_DO_DROP)) {
        speaker->is_saved = !(row->actions & SPEAKER_DO_DROP);
        speaker->is_wanted = row->actions & SPEAKER_DO_SAVE;
    }
}

/* A reason lasts from the failure until it is ready again, or until the owner asks anew. */
static void explain(Speaker *speaker, const Row *row, EchocastError reason)
{
    bool trying = row->next == SPEAKER_STATE_CONNECTING || row->next == SPEAKER_STATE_AWAITING ||
                  row->next == SPEAKER_STATE_OPENING;
    bool fails = !is_asked(row->event) &&
                 (row->next == SPEAKER_STATE_WAITING || row->next == SPEAKER_STATE_FAILED ||
                  row->next == SPEAKER_STATE_HEALING);

    if (fails)
        speaker->reason = reason;
    speaker->has_reason = fails || (trying && speaker->has_reason && !is_asked(row->event));
}

SpeakerActions speaker_handle(Speaker *speaker, SpeakerEvent event, EchocastError reason)
{
    note(speaker, event);

    const Row *row = find_row(speaker->state, refine(speaker, event, reason));
    if (row == NULL)
        return 0;
    count(speaker, row);
    explain(speaker, row, reason);
    speaker->state = row->next;
    return row->actions;
}

SpeakerEvent speaker_event_of_failure(EchocastError reason)
{
    switch (reason) {
    case ECHOCAST_ERROR_IN_PROGRESS:
        return SPEAKER_EVENT_CONNECT_BUSY;
    case ECHOCAST_ERROR_HANDSHAKE_BROKEN:
    case ECHOCAST_ERROR_CONNECTED_NO_AUDIO:
        return SPEAKER_EVENT_CONNECT_BROKEN;
    case ECHOCAST_ERROR_STALE_BOND:
    case ECHOCAST_ERROR_PAIRING_REFUSED:
    case ECHOCAST_ERROR_NOT_A_SPEAKER:
    case ECHOCAST_ERROR_INCOMPATIBLE:
    case ECHOCAST_ERROR_NOT_FOUND:
        return SPEAKER_EVENT_CONNECT_REFUSED;
    case ECHOCAST_ERROR_BLUEZ_NOT_RUNNING:
    case ECHOCAST_ERROR_NO_ADAPTER:
    case ECHOCAST_ERROR_ADAPTER_OFF:
    case ECHOCAST_ERROR_ADAPTER_BLOCKED:
        return SPEAKER_EVENT_BLUEZ_LOST;
    case ECHOCAST_ERROR_FAILED:
    case ECHOCAST_ERROR_INVALID_ARGUMENTS:
    case ECHOCAST_ERROR_AMBIGUOUS:
    case ECHOCAST_ERROR_TOO_MANY_SPEAKERS:
    case ECHOCAST_ERROR_TIMED_OUT:
    case ECHOCAST_ERROR_ACCESS_DENIED:
    case ECHOCAST_ERROR_CANCELLED:
    case ECHOCAST_ERROR_DAEMON_NOT_RUNNING:
    case ECHOCAST_ERROR_NOT_IN_PAIRING_MODE:
    case ECHOCAST_ERROR_UNREACHABLE:
    case ECHOCAST_ERROR_SPEAKER_BUSY:
    case ECHOCAST_ERROR_ENDPOINT_TAKEN:
    case ECHOCAST_ERROR_LINK_LOST:
    case ECHOCAST_ERROR_LOOPBACK_MISSING:
    case ECHOCAST_ERROR_LOOPBACK_BUSY:
        return SPEAKER_EVENT_CONNECT_ABSENT;
    }
    g_return_val_if_reached(SPEAKER_EVENT_CONNECT_ABSENT);
}

const char *speaker_state_word(SpeakerState state)
{
    return STATE_WORDS[state];
}

const char *speaker_event_word(SpeakerEvent event)
{
    return EVENT_WORDS[event];
}

const char *speaker_public_state(const Speaker *speaker)
{
    switch (speaker->state) {
    case SPEAKER_STATE_AWAITING:
    case SPEAKER_STATE_HEALING:
    case SPEAKER_STATE_OPENING:
        return STATE_WORDS[SPEAKER_STATE_CONNECTING];
    case SPEAKER_STATE_LEAVING:
        return STATE_WORDS[SPEAKER_STATE_SAVED];
    case SPEAKER_STATE_FORGETTING:
        return STATE_WORDS[SPEAKER_STATE_DISCOVERED];
    case SPEAKER_STATE_DISCOVERED:
    case SPEAKER_STATE_BONDED:
    case SPEAKER_STATE_SAVED:
    case SPEAKER_STATE_PAIRING:
    case SPEAKER_STATE_CONNECTING:
    case SPEAKER_STATE_CONNECTED:
    case SPEAKER_STATE_STREAMING:
    case SPEAKER_STATE_WAITING:
    case SPEAKER_STATE_FAILED:
        return STATE_WORDS[speaker->state];
    }
    g_return_val_if_reached("failed");
}

const char *speaker_rung(const Speaker *speaker, bool bonded, bool linked)
{
    switch (speaker->state) {
    case SPEAKER_STATE_STREAMING:
        return "streaming";
    case SPEAKER_STATE_CONNECTED:
        return speaker->has_flowed ? "silent" : "stream-open";
    case SPEAKER_STATE_OPENING:
        return "profile-up";
    case SPEAKER_STATE_DISCOVERED:
    case SPEAKER_STATE_BONDED:
    case SPEAKER_STATE_SAVED:
    case SPEAKER_STATE_PAIRING:
    case SPEAKER_STATE_CONNECTING:
    case SPEAKER_STATE_AWAITING:
    case SPEAKER_STATE_HEALING:
    case SPEAKER_STATE_WAITING:
    case SPEAKER_STATE_LEAVING:
    case SPEAKER_STATE_FORGETTING:
    case SPEAKER_STATE_FAILED:
        break;
    }
    if (linked)
        return "link-up";
    if (bonded)
        return "bonded";
    return speaker->is_saved ? "saved" : "discovered";
}

bool speaker_is_stranger(const Speaker *speaker)
{
    return !speaker->is_saved &&
           (speaker->state == SPEAKER_STATE_DISCOVERED || speaker->state == SPEAKER_STATE_BONDED ||
            speaker->state == SPEAKER_STATE_FAILED);
}

bool speaker_is_active(const Speaker *speaker)
{
    return speaker->state == SPEAKER_STATE_OPENING || speaker->state == SPEAKER_STATE_CONNECTED ||
           speaker->state == SPEAKER_STATE_STREAMING;
}
