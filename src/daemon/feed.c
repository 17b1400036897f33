/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "daemon/joint.h"

/* One line and one set of journal fields a transition, here and nowhere else. */
static void say(const Entry *entry, SpeakerState before, SpeakerEvent event)
{
    const Speaker *speaker = &entry->speaker;
    const char *reason = speaker->has_reason ? error_word(speaker->reason) : "";
    bool fails = speaker->state == SPEAKER_STATE_WAITING || speaker->state == SPEAKER_STATE_FAILED;
    char address[ADDRESS_STRING_SIZE];

    address_format(&entry->address, address);
    g_log_structured("speaker", G_LOG_LEVEL_MESSAGE, "ECHOCAST_SPEAKER", address, "ECHOCAST_STATE",
                     speaker_public_state(speaker), "ECHOCAST_EVENT", speaker_event_word(event),
                     "ECHOCAST_REASON", reason, "MESSAGE", "%s (%s): %s -> %s on %s%s%s%s%s",
                     entry_name(entry), address, speaker_state_word(before),
                     speaker_state_word(speaker->state), speaker_event_word(event),
                     *reason != '\0' ? ", " : "", reason,
                     fails && entry->detail != NULL ? ": " : "",
                     fails && entry->detail != NULL ? entry->detail : "");
}

static const struct {
    const char *stage;
    const char *text;
} STAGES[SPEAKER_STATE_COUNT] = {
    [SPEAKER_STATE_PAIRING] = {"pairing", "pairing"},
    [SPEAKER_STATE_CONNECTING] = {"connecting", "connecting the audio profile"},
    [SPEAKER_STATE_HEALING] = {"healing", "the handshake broke; clearing it away to try again"},
    [SPEAKER_STATE_OPENING] = {"opening", "opening the stream"},
};

static void announce(Daemon *daemon, Entry *entry, SpeakerState before)
{
    SpeakerState now = entry->speaker.state;

    if (now != before && STAGES[now].stage != NULL)
        service_announce_progress(daemon->service, &entry->address, STAGES[now].stage,
                                  STAGES[now].text);
    publish_speaker(daemon, entry);
    publish_manager(daemon);
    publish_sweep_later(daemon);
}

/* Nobody waits for ever: an ask that means nothing now is refused. */
static void refuse(Daemon *daemon, Entry *entry, SpeakerEvent event)
{
    static const struct {
        SpeakerEvent event;
        WaitKind kind;
    } ASKS_OF[] = {
        {SPEAKER_EVENT_ASK_PAIR, WAIT_PAIRED},
        {SPEAKER_EVENT_ASK_CONNECT, WAIT_READY},
        {SPEAKER_EVENT_ASK_DISCONNECT, WAIT_LEFT},
        {SPEAKER_EVENT_ASK_FORGET, WAIT_GONE},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ASKS_OF); i++)
        if (ASKS_OF[i].event == event)
            perform_fail_waiters(daemon, entry, ASKS_OF[i].kind, ECHOCAST_ERROR_IN_PROGRESS);
}

void feed(Daemon *daemon, Entry *entry, SpeakerEvent event, EchocastError reason,
          const char *detail)
{
    SpeakerState before = entry->speaker.state;
    SpeakerActions actions = speaker_handle(&entry->speaker, event, reason);

    if (actions == 0 && entry->speaker.state == before) {
        g_debug("%s: %s means nothing while %s", entry_name(entry), speaker_event_word(event),
                speaker_state_word(before));
        refuse(daemon, entry, event);
        return;
    }
    entry->last_reason = reason;
    if (detail != NULL || !entry->speaker.has_reason) {
        g_free(entry->detail);
        entry->detail = g_strdup(detail);
    }
    say(entry, before, event);
    perform(daemon, entry, actions);
    announce(daemon, entry, before);
}

void feed_error(Daemon *daemon, Entry *entry, SpeakerEvent event, const GError *error)
{
    EchocastError reason =
        error->domain == ECHOCAST_ERROR ? (EchocastError)error->code : ECHOCAST_ERROR_FAILED;

    feed(daemon, entry, event, reason, error->message);
}

void feed_all(Daemon *daemon, SpeakerEvent event, EchocastError reason)
{
    const GPtrArray *entries = roster_entries(daemon->roster);

    for (unsigned i = 0; i < entries->len; i++)
        feed(daemon, g_ptr_array_index(entries, i), event, reason, NULL);
}
