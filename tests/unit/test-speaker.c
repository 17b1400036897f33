/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* The speaker's life as conversations: what happens, what it does, where it stands then. */
#include "speaker/speaker.h"

#include <string.h>

#define MOST_STEPS 16

typedef struct {
    SpeakerEvent event;
    SpeakerState state;    /* after it */
    SpeakerActions wanted; /* exactly these */
    EchocastError reason;
} Step;

typedef struct {
    const char *name;
    SpeakerState from;
    Step steps[MOST_STEPS];
} Conversation;

/* clang-format off */
#define IN(state) SPEAKER_STATE_##state
#define ON(event) SPEAKER_EVENT_##event
#define DO(action) SPEAKER_DO_##action
#define END { .state = SPEAKER_STATE_COUNT }
#define NEW_CONNECT (DO(STOP_TIMER) | DO(SAVE) | DO(CONNECT))
#define READY (DO(STOP_TIMER) | DO(SAVE) | DO(START_STREAM) | DO(SUPERSEDE) | DO(ANSWER_READY))
#define QUIET (DO(STOP_TIMER) | DO(STOP_STREAM))
#define LATER (QUIET | DO(TIMER_RETRY) | DO(ANSWER_FAILED))

static const Conversation CONVERSATIONS[] = {
    { "pair-and-play", IN(DISCOVERED), {
        { ON(ASK_PAIR), IN(PAIRING), DO(PAIR), 0 },
        { ON(PAIRED), IN(CONNECTING), NEW_CONNECT, 0 },
        { ON(TRANSPORT_OPENED), IN(CONNECTING), 0, 0 },
        { ON(CONNECT_RETURNED), IN(OPENING), DO(ACQUIRE), 0 },
        { ON(ACQUIRED), IN(CONNECTED), READY, 0 },
        { ON(FLOWS), IN(STREAMING), 0, 0 },
        { ON(SILENT), IN(CONNECTED), 0, 0 },
        END } },
    { "returned-before-transport", IN(SAVED), {
        { ON(ASK_CONNECT), IN(CONNECTING), NEW_CONNECT, 0 },
        { ON(CONNECT_RETURNED), IN(AWAITING), DO(TIMER_SETTLE), 0 },
        { ON(TRANSPORT_OPENED), IN(OPENING), DO(STOP_TIMER) | DO(ACQUIRE), 0 },
        { ON(ACQUIRED), IN(CONNECTED), READY, 0 },
        END } },
    { "connected-without-transport", IN(SAVED), {
        { ON(ASK_CONNECT), IN(CONNECTING), NEW_CONNECT, 0 },
        { ON(CONNECT_RETURNED), IN(AWAITING), DO(TIMER_SETTLE), 0 },
        { ON(NO_TRANSPORT), IN(HEALING), DO(DISCONNECT), ECHOCAST_ERROR_CONNECTED_NO_AUDIO },
        { ON(CLEARED), IN(CONNECTING), DO(CONNECT), 0 },
        END } },
    { "broken-first-handshake", IN(PAIRING), {
        { ON(PAIRED), IN(CONNECTING), NEW_CONNECT, 0 },
        { ON(CONNECT_BROKEN), IN(HEALING), DO(UNSTICK), ECHOCAST_ERROR_HANDSHAKE_BROKEN },
        { ON(LINK_LOST), IN(HEALING), 0, ECHOCAST_ERROR_LINK_LOST },
        { ON(CLEARED), IN(CONNECTING), DO(CONNECT), 0 },
        { ON(TRANSPORT_OPENED), IN(CONNECTING), 0, 0 },
        { ON(CONNECT_RETURNED), IN(OPENING), DO(ACQUIRE), 0 },
        { ON(ACQUIRED), IN(CONNECTED), READY, 0 },
        END } },
    { "healing-is-bounded", IN(CONNECTING), {
        { ON(CONNECT_BROKEN), IN(HEALING), DO(UNSTICK), ECHOCAST_ERROR_HANDSHAKE_BROKEN },
        { ON(CLEARED), IN(CONNECTING), DO(CONNECT), 0 },
        { ON(CONNECT_BROKEN), IN(HEALING), DO(UNSTICK), ECHOCAST_ERROR_HANDSHAKE_BROKEN },
        { ON(CLEARED), IN(CONNECTING), DO(CONNECT), 0 },
        { ON(CONNECT_BROKEN), IN(HEALING), DO(UNSTICK), ECHOCAST_ERROR_HANDSHAKE_BROKEN },
        { ON(CLEARED), IN(CONNECTING), DO(CONNECT), 0 },
        { ON(CONNECT_BROKEN), IN(WAITING), LATER, ECHOCAST_ERROR_HANDSHAKE_BROKEN },
        { ON(TIMER), IN(CONNECTING), DO(CONNECT), 0 },
        { ON(CONNECT_BROKEN), IN(HEALING), DO(UNSTICK), ECHOCAST_ERROR_HANDSHAKE_BROKEN },
        END } },
    { "acquire-refused-after-a-desync", IN(OPENING), {
        { ON(ACQUIRE_FAILED), IN(HEALING), DO(STOP_TIMER) | DO(DISCONNECT),
          ECHOCAST_ERROR_CONNECTED_NO_AUDIO },
        { ON(CLEARED), IN(CONNECTING), DO(CONNECT), 0 },
        END } },
    { "policy-plugin-connects-too", IN(WAITING), {
        { ON(TIMER), IN(CONNECTING), DO(CONNECT), 0 },
        { ON(CONNECT_BUSY), IN(AWAITING), DO(TIMER_SHORT), ECHOCAST_ERROR_IN_PROGRESS },
        { ON(TRANSPORT_OPENED), IN(OPENING), DO(STOP_TIMER) | DO(ACQUIRE), 0 },
        { ON(ACQUIRED), IN(CONNECTED), READY, 0 },
        END } },
    { "off-and-on-again", IN(STREAMING), {
        { ON(SOCKET_LOST), IN(WAITING), LATER, ECHOCAST_ERROR_LINK_LOST },
        { ON(TRANSPORT_CLOSED), IN(WAITING), 0, ECHOCAST_ERROR_LINK_LOST },
        { ON(LINK_LOST), IN(WAITING), 0, ECHOCAST_ERROR_LINK_LOST },
        { ON(TIMER), IN(CONNECTING), DO(CONNECT), 0 },
        { ON(CONNECT_ABSENT), IN(WAITING), LATER, ECHOCAST_ERROR_UNREACHABLE },
        { ON(TRANSPORT_OPENED), IN(OPENING), DO(STOP_TIMER) | DO(ACQUIRE), 0 },
        { ON(ACQUIRED), IN(CONNECTED), READY, 0 },
        END } },
    { "bluetoothd-restarts", IN(STREAMING), {
        { ON(BLUEZ_LOST), IN(WAITING), QUIET, ECHOCAST_ERROR_BLUEZ_NOT_RUNNING },
        { ON(SOCKET_LOST), IN(WAITING), 0, ECHOCAST_ERROR_LINK_LOST },
        { ON(BLUEZ_READY), IN(CONNECTING), DO(STOP_TIMER) | DO(CONNECT), 0 },
        END } },
    { "speaker-suspends", IN(STREAMING), {
        { ON(TRANSPORT_SUSPENDED), IN(OPENING), DO(STOP_STREAM) | DO(TIMER_SHORT),
          ECHOCAST_ERROR_LINK_LOST },
        { ON(TIMER), IN(OPENING), DO(ACQUIRE), 0 },
        { ON(ACQUIRED), IN(CONNECTED), READY, 0 },
        END } },
    { "stale-bond-waits-for-the-owner", IN(CONNECTING), {
        { ON(CONNECT_REFUSED), IN(FAILED), DO(ANSWER_FAILED), ECHOCAST_ERROR_STALE_BOND },
        { ON(TIMER), IN(FAILED), 0, 0 },
        { ON(BLUEZ_READY), IN(FAILED), 0, 0 },
        { ON(ASK_CONNECT), IN(CONNECTING), NEW_CONNECT, 0 },
        END } },
    { "owner-leaves", IN(STREAMING), {
        { ON(ASK_DISCONNECT), IN(LEAVING),
          QUIET | DO(UNWANT) | DO(DISCONNECT) | DO(ANSWER_FAILED), ECHOCAST_ERROR_CANCELLED },
        { ON(LINK_LOST), IN(LEAVING), 0, ECHOCAST_ERROR_LINK_LOST },
        { ON(DISCONNECTED), IN(SAVED), DO(ANSWER_LEFT), 0 },
        { ON(TIMER), IN(SAVED), 0, 0 },
        END } },
    { "a-crowd-is-not-joined", IN(SAVED), {
        { ON(TRANSPORT_CROWDED), IN(LEAVING), DO(DISCONNECT), 0 },
        { ON(DISCONNECTED), IN(SAVED), DO(ANSWER_LEFT), 0 },
        END } },
    { "a-crowd-does-not-stop-the-owner", IN(SAVED), {
        { ON(ASK_CONNECT), IN(CONNECTING), NEW_CONNECT, 0 },
        { ON(TRANSPORT_CROWDED), IN(CONNECTING), 0, 0 },
        { ON(CONNECT_RETURNED), IN(OPENING), DO(ACQUIRE), 0 },
        END } },
    { "pairing-refused", IN(PAIRING), {
        { ON(PAIR_FAILED), IN(DISCOVERED), DO(ANSWER_FAILED), ECHOCAST_ERROR_PAIRING_REFUSED },
        END } },
    { "pairing-a-saved-one-again-refused", IN(SAVED), {
        { ON(ASK_PAIR), IN(PAIRING), DO(PAIR), 0 },
        { ON(PAIR_FAILED), IN(FAILED), DO(ANSWER_FAILED), ECHOCAST_ERROR_PAIRING_REFUSED },
        END } },
    { "forget-while-playing", IN(STREAMING), {
        { ON(ASK_FORGET), IN(FORGETTING), QUIET | DO(REMOVE) | DO(ANSWER_FAILED), 0 },
        { ON(TRANSPORT_CLOSED), IN(FORGETTING), 0, 0 },
        { ON(REMOVED), IN(DISCOVERED), DO(DROP) | DO(ANSWER_GONE), 0 },
        END } },
    { "forget-fails-and-nothing-is-lost", IN(SAVED), {
        { ON(ASK_FORGET), IN(FORGETTING), QUIET | DO(REMOVE) | DO(ANSWER_FAILED), 0 },
        { ON(REMOVE_FAILED), IN(FAILED), DO(ANSWER_KEPT), ECHOCAST_ERROR_ADAPTER_OFF },
        { ON(ASK_FORGET), IN(FORGETTING), QUIET | DO(REMOVE) | DO(ANSWER_FAILED), 0 },
        END } },
    { "a-caller-does-not-change-the-owners-mind", IN(SAVED), {
        { ON(TRANSPORT_OPENED), IN(OPENING), DO(ACQUIRE), 0 },
        { ON(ACQUIRED), IN(CONNECTED), DO(STOP_TIMER) | DO(START_STREAM) | DO(ANSWER_READY), 0 },
        { ON(ASK_CONNECT), IN(CONNECTED), DO(SAVE) | DO(SUPERSEDE) | DO(ANSWER_READY), 0 },
        END } },
    { "moved-away-from-while-connecting", IN(CONNECTING), {
        { ON(SUPERSEDED), IN(LEAVING),
          QUIET | DO(UNWANT) | DO(DISCONNECT) | DO(ANSWER_FAILED), ECHOCAST_ERROR_CANCELLED },
        { ON(CONNECT_ABSENT), IN(LEAVING), 0, ECHOCAST_ERROR_UNREACHABLE },
        { ON(DISCONNECTED), IN(SAVED), DO(ANSWER_LEFT), 0 },
        END } },
    { "connect-right-after-disconnect", IN(CONNECTED), {
        { ON(ASK_DISCONNECT), IN(LEAVING),
          QUIET | DO(UNWANT) | DO(DISCONNECT) | DO(ANSWER_FAILED), ECHOCAST_ERROR_CANCELLED },
        { ON(ASK_CONNECT), IN(HEALING), DO(SAVE) | DO(ANSWER_LEFT), 0 },
        { ON(DISCONNECTED), IN(HEALING), 0, 0 },
        { ON(CLEARED), IN(CONNECTING), DO(CONNECT), 0 },
        END } },
    { "repair-cancelled-keeps-it", IN(SAVED), {
        { ON(ASK_PAIR), IN(PAIRING), DO(PAIR), 0 },
        { ON(PAIR_FAILED), IN(SAVED), DO(ANSWER_FAILED), ECHOCAST_ERROR_CANCELLED },
        END } },
    { "adapter-lost-while-repairing", IN(WAITING), {
        { ON(ASK_PAIR), IN(PAIRING), DO(STOP_TIMER) | DO(PAIR), 0 },
        { ON(BLUEZ_LOST), IN(WAITING), DO(ANSWER_FAILED), ECHOCAST_ERROR_ADAPTER_OFF },
        { ON(BLUEZ_READY), IN(CONNECTING), DO(STOP_TIMER) | DO(CONNECT), 0 },
        END } },
    { "no-packet-can-be-made", IN(OPENING), {
        { ON(ACQUIRED), IN(CONNECTED), READY, 0 },
        { ON(STREAM_UNUSABLE), IN(FAILED),
          QUIET | DO(UNWANT) | DO(DISCONNECT) | DO(ANSWER_FAILED), ECHOCAST_ERROR_INCOMPATIBLE },
        END } },
    { "bond-removed-by-another-program", IN(BONDED), {
        { ON(BOND_GONE), IN(DISCOVERED), 0, 0 },
        { ON(ASK_CONNECT), IN(DISCOVERED), DO(ANSWER_FAILED), 0 },
        END } },
};
/* clang-format on */

static void test_conversation(gconstpointer data)
{
    const Conversation *talk = data;
    Speaker speaker;

    speaker_init(&speaker, talk->from);
    for (unsigned i = 0; i < MOST_STEPS && talk->steps[i].state != SPEAKER_STATE_COUNT; i++) {
        const Step *step = &talk->steps[i];
        SpeakerActions actions = speaker_handle(&speaker, step->event, step->reason);
        g_test_message("step %u: %s -> %s, actions %#x", i, speaker_event_word(step->event),
                       speaker_state_word(speaker.state), actions);
        g_assert_cmpstr(speaker_state_word(speaker.state), ==, speaker_state_word(step->state));
        g_assert_cmphex(actions, ==, step->wanted);
        if (step->state == SPEAKER_STATE_WAITING && actions != 0) {
            g_assert_true(speaker.has_reason);
            g_assert_cmpint(speaker.reason, ==, step->reason);
        }
    }
}

/* The promise: the word "connected" and "streaming" only ever follow an acquired transport. */
static void test_connected_means_acquired(void)
{
    for (int state = 0; state < SPEAKER_STATE_COUNT; state++) {
        for (int event = 0; event < SPEAKER_EVENT_COUNT; event++) {
            Speaker speaker;
            speaker_init(&speaker, state);
            const char *before = speaker_public_state(&speaker);
            speaker_handle(&speaker, event, ECHOCAST_ERROR_FAILED);
            const char *after = speaker_public_state(&speaker);
            if (strcmp(after, "connected") == 0 && strcmp(before, "connected") != 0 &&
                strcmp(before, "streaming") != 0)
                g_assert_true(event == SPEAKER_EVENT_ACQUIRED ||
                              event == SPEAKER_EVENT_ACQUIRED_UNASKED);
            if (strcmp(after, "streaming") == 0 && strcmp(before, "streaming") != 0)
                g_assert_cmpstr(before, ==, "connected");
        }
    }
}

/* Whatever state it is in, the owner's words to leave and to forget are heard, and each of them is
 * answered when its end has come. */
static void test_owner_is_always_heard(void)
{
    static const SpeakerState KNOWN[] = {
        SPEAKER_STATE_SAVED,     SPEAKER_STATE_CONNECTING, SPEAKER_STATE_AWAITING,
        SPEAKER_STATE_HEALING,   SPEAKER_STATE_OPENING,    SPEAKER_STATE_CONNECTED,
        SPEAKER_STATE_STREAMING, SPEAKER_STATE_WAITING,    SPEAKER_STATE_FAILED,
    };

    for (size_t i = 0; i < G_N_ELEMENTS(KNOWN); i++) {
        Speaker speaker;
        speaker_init(&speaker, KNOWN[i]);
        SpeakerActions actions =
            speaker_handle(&speaker, SPEAKER_EVENT_ASK_DISCONNECT, ECHOCAST_ERROR_CANCELLED);
        g_assert_cmpint(speaker.state, ==, SPEAKER_STATE_LEAVING);
        g_assert_true(actions & SPEAKER_DO_UNWANT);
        g_assert_true(speaker_handle(&speaker, SPEAKER_EVENT_DISCONNECTED, 0) &
                      SPEAKER_DO_ANSWER_LEFT);

        speaker_init(&speaker, KNOWN[i]);
        actions = speaker_handle(&speaker, SPEAKER_EVENT_ASK_FORGET, ECHOCAST_ERROR_CANCELLED);
        g_assert_cmpint(speaker.state, ==, SPEAKER_STATE_FORGETTING);
        actions = speaker_handle(&speaker, SPEAKER_EVENT_REMOVED, 0);
        g_assert_true(actions & SPEAKER_DO_DROP);
        g_assert_true(actions & SPEAKER_DO_ANSWER_GONE);
    }
}

/* Whatever a client asks at whatever moment: it is carried out, answered, waited for, or means
 * nothing at all, which feed() answers with InProgress. */
static void test_no_ask_is_forgotten(void)
{
    static const struct {
        SpeakerEvent event;
        unsigned answers;
    } ASKS[] = {
        {SPEAKER_EVENT_ASK_PAIR, DO(PAIR) | DO(CONNECT) | DO(ANSWER_READY) | DO(WAIT)},
        {SPEAKER_EVENT_ASK_CONNECT,
         DO(CONNECT) | DO(SAVE) | DO(ANSWER_READY) | DO(ANSWER_FAILED) | DO(WAIT)},
        {SPEAKER_EVENT_ASK_DISCONNECT, DO(DISCONNECT) | DO(ANSWER_LEFT) | DO(WAIT)},
        {SPEAKER_EVENT_ASK_FORGET, DO(REMOVE) | DO(WAIT)},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ASKS); i++) {
        for (int state = 0; state < SPEAKER_STATE_COUNT; state++) {
            Speaker speaker;
            speaker_init(&speaker, state);
            SpeakerActions actions =
                speaker_handle(&speaker, ASKS[i].event, ECHOCAST_ERROR_CANCELLED);
            g_assert_true((int)speaker.state == state || (actions & ASKS[i].answers));
            g_assert_true(actions == 0 || (actions & ASKS[i].answers));
        }
    }
}

/* bluetoothd says InProgress for ever, whatever is done: it comes to rest all the same. */
static void test_a_stuck_bluetoothd_is_given_up(void)
{
    Speaker speaker;
    unsigned events = 0;

    speaker_init(&speaker, SPEAKER_STATE_CONNECTING);
    while (speaker.state != SPEAKER_STATE_WAITING && events++ < 1000) {
        SpeakerEvent event = speaker.state == SPEAKER_STATE_CONNECTING ? SPEAKER_EVENT_CONNECT_BUSY
                             : speaker.state == SPEAKER_STATE_HEALING  ? SPEAKER_EVENT_CLEARED
                                                                       : SPEAKER_EVENT_TIMER;
        speaker_handle(&speaker, event, ECHOCAST_ERROR_IN_PROGRESS);
    }
    g_assert_cmpint(speaker.state, ==, SPEAKER_STATE_WAITING);
}

/* BlueZ may vanish at any moment; afterwards nothing is asked of it and no stream is left. */
static void test_bluez_may_vanish_anywhere(void)
{
    for (int state = 0; state < SPEAKER_STATE_COUNT; state++) {
        const unsigned to_bluez = SPEAKER_DO_PAIR | SPEAKER_DO_UNSTICK | SPEAKER_DO_DISCONNECT |
                                  SPEAKER_DO_REMOVE | SPEAKER_DO_CONNECT | SPEAKER_DO_ACQUIRE;
        Speaker speaker;
        speaker_init(&speaker, state);
        bool active = speaker_is_active(&speaker);
        SpeakerActions actions =
            speaker_handle(&speaker, SPEAKER_EVENT_BLUEZ_LOST, ECHOCAST_ERROR_NO_ADAPTER);
        g_assert_cmphex(actions & to_bluez, ==, 0);
        g_assert_true(!active || (actions & SPEAKER_DO_STOP_STREAM));
        g_assert_false(speaker_is_active(&speaker));
        g_assert_false(speaker.has_transport);
    }
}

static void test_waiting_for_others_is_bounded(void)
{
    Speaker speaker;
    unsigned rounds = 0;

    speaker_init(&speaker, SPEAKER_STATE_CONNECTING);
    do {
        speaker_handle(&speaker, SPEAKER_EVENT_CONNECT_BUSY, ECHOCAST_ERROR_IN_PROGRESS);
        if (speaker.state != SPEAKER_STATE_AWAITING)
            break;
        speaker_handle(&speaker, SPEAKER_EVENT_TIMER, 0);
    } while (++rounds < 1000);
    g_assert_cmpint(speaker.state, ==, SPEAKER_STATE_HEALING);
    g_assert_cmpuint(rounds, ==, SPEAKER_BUSY_LIMIT);
}

static void test_attempts_grow_and_are_forgotten(void)
{
    Speaker speaker;

    speaker_init(&speaker, SPEAKER_STATE_CONNECTING);
    for (unsigned i = 1; i <= 5; i++) {
        speaker_handle(&speaker, SPEAKER_EVENT_CONNECT_ABSENT, ECHOCAST_ERROR_UNREACHABLE);
        g_assert_cmpuint(speaker.attempt, ==, i);
        speaker_handle(&speaker, SPEAKER_EVENT_TIMER, 0);
    }
    speaker_handle(&speaker, SPEAKER_EVENT_CONNECT_ABSENT, ECHOCAST_ERROR_UNREACHABLE);
    speaker_handle(&speaker, SPEAKER_EVENT_ASK_CONNECT, 0);
    g_assert_cmpuint(speaker.attempt, ==, 0);
    g_assert_false(speaker.has_reason);
}

static void test_rungs(void)
{
    static const struct {
        SpeakerState state;
        bool bonded;
        bool linked;
        const char *rung;
    } CASES[] = {
        {SPEAKER_STATE_DISCOVERED, false, false, "discovered"},
        {SPEAKER_STATE_SAVED, false, false, "saved"},
        {SPEAKER_STATE_SAVED, true, false, "bonded"},
        {SPEAKER_STATE_WAITING, true, true, "link-up"},
        {SPEAKER_STATE_CONNECTING, true, true, "link-up"},
        {SPEAKER_STATE_OPENING, true, true, "profile-up"},
        {SPEAKER_STATE_CONNECTED, true, true, "stream-open"},
        {SPEAKER_STATE_STREAMING, true, true, "streaming"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        Speaker speaker;
        speaker_init(&speaker, CASES[i].state);
        g_assert_cmpstr(speaker_rung(&speaker, CASES[i].bonded, CASES[i].linked), ==,
                        CASES[i].rung);
    }
}

static void test_silent_rung_after_sound(void)
{
    Speaker speaker;

    speaker_init(&speaker, SPEAKER_STATE_CONNECTED);
    speaker_handle(&speaker, SPEAKER_EVENT_FLOWS, 0);
    speaker_handle(&speaker, SPEAKER_EVENT_SILENT, 0);
    g_assert_cmpstr(speaker_rung(&speaker, true, true), ==, "silent");
}

static void test_every_failure_is_an_event(void)
{
    g_assert_cmpint(speaker_event_of_failure(ECHOCAST_ERROR_STALE_BOND), ==,
                    SPEAKER_EVENT_CONNECT_REFUSED);
    g_assert_cmpint(speaker_event_of_failure(ECHOCAST_ERROR_HANDSHAKE_BROKEN), ==,
                    SPEAKER_EVENT_CONNECT_BROKEN);
    g_assert_cmpint(speaker_event_of_failure(ECHOCAST_ERROR_UNREACHABLE), ==,
                    SPEAKER_EVENT_CONNECT_ABSENT);
    g_assert_cmpint(speaker_event_of_failure(ECHOCAST_ERROR_IN_PROGRESS), ==,
                    SPEAKER_EVENT_CONNECT_BUSY);
    g_assert_cmpint(speaker_event_of_failure(ECHOCAST_ERROR_ADAPTER_OFF), ==,
                    SPEAKER_EVENT_BLUEZ_LOST);
    for (int code = 0; code < ECHOCAST_ERROR_COUNT; code++)
        g_assert_cmpint(speaker_event_of_failure(code), <, SPEAKER_EVENT_COUNT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(CONVERSATIONS); i++) {
        g_autofree char *path = g_strdup_printf("/speaker/%s", CONVERSATIONS[i].name);
        g_test_add_data_func(path, &CONVERSATIONS[i], test_conversation);
    }
    g_test_add_func("/speaker/connected-means-acquired", test_connected_means_acquired);
    g_test_add_func("/speaker/owner-is-always-heard", test_owner_is_always_heard);
    g_test_add_func("/speaker/no-ask-is-forgotten", test_no_ask_is_forgotten);
    g_test_add_func("/speaker/stuck-is-given-up", test_a_stuck_bluetoothd_is_given_up);
    g_test_add_func("/speaker/bluez-may-vanish-anywhere", test_bluez_may_vanish_anywhere);
    g_test_add_func("/speaker/waiting-is-bounded", test_waiting_for_others_is_bounded);
    g_test_add_func("/speaker/attempts", test_attempts_grow_and_are_forgotten);
    g_test_add_func("/speaker/rungs", test_rungs);
    g_test_add_func("/speaker/silent-rung", test_silent_rung_after_sound);
    g_test_add_func("/speaker/failures", test_every_failure_is_an_event);
    return g_test_run();
}
