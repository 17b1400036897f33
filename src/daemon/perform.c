/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "daemon/joint.h"

#include "base/fd.h"
#include "speaker/reconnect.h"

#include <echocast/names.h>

/* ---- timers ---- */

typedef struct {
    Daemon *daemon;
    Entry *entry;
    SpeakerEvent event;
} Alarm;

static gboolean on_alarm(gpointer data)
{
    const Alarm *alarm = data;

    alarm->entry->timer = 0;
    feed(alarm->daemon, alarm->entry, alarm->event, ECHOCAST_ERROR_CONNECTED_NO_AUDIO, NULL);
    return G_SOURCE_REMOVE;
}

static void stop_timer(Entry *entry)
{
    if (entry->timer != 0)
        g_source_remove(entry->timer);
    entry->timer = 0;
}

static void start_timer(Daemon *daemon, Entry *entry, unsigned delay_ms, SpeakerEvent event)
{
    Alarm *alarm = g_new(Alarm, 1);

    stop_timer(entry);
    *alarm = (Alarm){.daemon = daemon, .entry = entry, .event = event};
    entry->timer = g_timeout_add_full(G_PRIORITY_DEFAULT, delay_ms, on_alarm, alarm, g_free);
}

/* ---- answers ---- */

static GError *make_error(const Entry *entry, EchocastError reason)
{
    if (entry->detail != NULL && entry->last_reason == reason)
        return g_error_new(ECHOCAST_ERROR, reason, "%s: %s (%s)", entry_name(entry),
                           error_meaning(reason), entry->detail);
    return g_error_new(ECHOCAST_ERROR, reason, "%s: %s", entry_name(entry), error_meaning(reason));
}

void perform_fail_waiters(Daemon *daemon, Entry *entry, WaitKind kind, EchocastError reason)
{
    g_autoptr(GError) error = make_error(entry, reason);
    Waiter waiter;

    while (entry_take_waiter(entry, kind, &waiter))
        request_fail(waiter.request, error);
}

static void answer_failed(Daemon *daemon, Entry *entry)
{
    entry->fresh = false;
    perform_fail_waiters(daemon, entry, WAIT_READY, entry->last_reason);
    perform_fail_waiters(daemon, entry, WAIT_PAIRED, entry->last_reason);
}

typedef struct {
    Request *request;
    GVariant *value;
} Answer;

static void on_saved(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autofree Answer *answer = data;
    g_autoptr(GError) error = NULL;

    if (!store_sync_finish(NULL, result, &error))
        g_warning("what is saved of the speakers did not reach the disk: %s", error->message);
    request_return(answer->request, answer->value);
    g_clear_pointer(&answer->value, g_variant_unref);
}

/* Nothing is said to be done before a power cut could not undo it. */
static void answer_when_saved(Daemon *daemon, Request *request, GVariant *value)
{
    Answer *answer = g_new(Answer, 1);

    *answer = (Answer){.request = request, .value = value ? g_variant_ref_sink(value) : NULL};
    store_sync(daemon->store, on_saved, answer);
}

void perform_answer_path(Daemon *daemon, Entry *entry, WaitKind kind)
{
    char element[ADDRESS_STRING_SIZE];
    Waiter waiter;

    address_format_path(&entry->address, element);
    g_autofree char *path = g_strdup_printf(ECHOCAST_SPEAKER_PATH "/%s", element);
    while (entry_take_waiter(entry, kind, &waiter))
        answer_when_saved(daemon, waiter.request, g_variant_new("(o)", path));
}

static void answer_empty(Daemon *daemon, Entry *entry, WaitKind kind)
{
    Waiter waiter;

    while (entry_take_waiter(entry, kind, &waiter))
        answer_when_saved(daemon, waiter.request, NULL);
}

/* Connected speakers are ready; paired ones prove it by a tone first. */
static void answer_ready(Daemon *daemon, Entry *entry)
{
    const Tone tone = {.frequency_hz = 440, .duration_ms = 1000, .channels = TONE_BOTH};
    Waiter waiter;

    entry->fresh = false;
    perform_answer_path(daemon, entry, WAIT_READY);
    if (!entry_take_waiter(entry, WAIT_PAIRED, &waiter))
        return;
    if (waiter.tone) {
        entry_wait(entry, WAIT_PAIRED_TONE, waiter.request, true);
        perform_tone(daemon, entry, &tone);
    } else {
        entry_wait(entry, WAIT_PAIRED, waiter.request, false);
        perform_answer_path(daemon, entry, WAIT_PAIRED);
    }
}

void perform_tone(Daemon *daemon, Entry *entry, const Tone *tone)
{
    service_announce_progress(daemon->service, &entry->address, "tone", "playing a test tone");
    entry->tone_ms = tone->duration_ms;
    engine_play_tone(daemon->engine, entry->stream, tone);
}

/* ---- the stream ---- */

/* What the stream was worth, once, at its end. */
static void say_counters(const Daemon *daemon, const Entry *entry)
{
    StreamCounters sum;

    if (!engine_read_counters(daemon->engine, entry->stream, &sum))
        return;
    g_message("%s: the stream ends after %" G_GUINT64_FORMAT " packets; %" G_GUINT64_FORMAT
              " late, %" G_GUINT64_FORMAT " dropped, %" G_GUINT64_FORMAT
              " xruns, own latency at most %" G_GUINT64_FORMAT " us",
              entry_name(entry), sum.packets, sum.late, sum.dropped, sum.xruns,
              sum.own_latency_max_us);
}

static void stop_stream(Daemon *daemon, Entry *entry)
{
    fd_clear(&entry->acquired_fd);
    perform_fail_waiters(daemon, entry, WAIT_PAIRED_TONE, ECHOCAST_ERROR_LINK_LOST);
    perform_fail_waiters(daemon, entry, WAIT_TONE, ECHOCAST_ERROR_LINK_LOST);
    if (entry->stream == 0)
        return;
    say_counters(daemon, entry);
    engine_remove_stream(daemon->engine, entry->stream);
    entry->stream = 0;
    publish_stream(daemon, entry);
}

static gboolean on_unusable_stream(gpointer data)
{
    const Alarm *alarm = data;

    alarm->entry->timer = 0;
    feed(alarm->daemon, alarm->entry, SPEAKER_EVENT_STREAM_UNUSABLE, ECHOCAST_ERROR_INCOMPATIBLE,
         "the speaker's MTU is too small for one SBC frame");
    return G_SOURCE_REMOVE;
}

/* False if it cannot be: nobody is told that it is ready, and the one that plays plays on. */
static bool start_stream(Daemon *daemon, Entry *entry)
{
    g_autoptr(GError) error = NULL;

    entry->stream = engine_add_stream(daemon->engine, fd_steal(&entry->acquired_fd), entry->mtu,
                                      &entry->config, &error);
    if (entry->stream == 0) {
        Alarm *alarm = g_new(Alarm, 1);
        *alarm = (Alarm){.daemon = daemon, .entry = entry};
        g_warning("%s: %s", entry_name(entry), error->message);
        entry->timer = g_idle_add_full(G_PRIORITY_DEFAULT, on_unusable_stream, alarm, g_free);
        return false;
    }
    publish_stream(daemon, entry);
    return true;
}

static void supersede_others(Daemon *daemon, Entry *entry)
{
    const GPtrArray *entries = roster_entries(daemon->roster);

    for (unsigned i = 0; i < entries->len; i++) {
        Entry *other = g_ptr_array_index(entries, i);
        bool asked_for =
            entry_has_waiter(other, WAIT_READY) || entry_has_waiter(other, WAIT_PAIRED);
        if (other != entry && !asked_for)
            feed(daemon, other, SPEAKER_EVENT_SUPERSEDED, ECHOCAST_ERROR_CANCELLED,
                 "another speaker was connected");
    }
}

/* ---- what is saved ---- */

/* How much older "last used" may be than the truth: a speaker that comes and goes wears no disk. */
#define LAST_USED_GRAIN_S 60

static void save(Daemon *daemon, Entry *entry, bool wanted)
{
    uint64_t now_s = g_get_real_time() / G_USEC_PER_SEC;
    bool is_new = entry->record == NULL;

    if (is_new) {
        entry->record = record_new(&entry->address);
        entry->record->is_default = roster_default(daemon->roster) == NULL;
    }
    Record *record = entry->record;
    bool renamed = entry->has_device && g_strcmp0(record->name, entry->device_name) != 0;
    bool outdated = wanted && now_s - record->last_used > LAST_USED_GRAIN_S;
    if (!is_new && !renamed && !outdated && record->wanted == wanted)
        return;
    if (renamed) {
        g_free(record->name);
        record->name = g_strdup(entry->device_name);
    }
    record->wanted = wanted;
    if (wanted)
        record->last_used = now_s;
    store_put(daemon->store, record);
}

static void drop(Daemon *daemon, Entry *entry)
{
    store_remove(daemon->store, &entry->address);
    record_free(g_steal_pointer(&entry->record));
}

void perform(Daemon *daemon, Entry *entry, SpeakerActions actions)
{
    const Address *address = &entry->address;

    if (actions & SPEAKER_DO_STOP_TIMER)
        stop_timer(entry);
    if (actions & SPEAKER_DO_STOP_STREAM)
        stop_stream(daemon, entry);
    if (actions & SPEAKER_DO_SAVE)
        save(daemon, entry, true);
    if ((actions & SPEAKER_DO_UNWANT) && entry->record != NULL)
        save(daemon, entry, false);
    if (actions & SPEAKER_DO_DROP)
        drop(daemon, entry);
    if (actions & SPEAKER_DO_PAIR)
        bluez_pair(daemon->bluez, address, daemon->inquiry.search_pin);
    if (actions & SPEAKER_DO_UNSTICK)
        bluez_unstick(daemon->bluez, address);
    if (actions & SPEAKER_DO_DISCONNECT)
        bluez_disconnect(daemon->bluez, address);
    if (actions & SPEAKER_DO_REMOVE)
        bluez_remove(daemon->bluez, address);
    if (actions & SPEAKER_DO_CONNECT)
        bluez_connect(daemon->bluez, address);
    if (actions & SPEAKER_DO_ACQUIRE)
        bluez_acquire(daemon->bluez, address);
    if ((actions & SPEAKER_DO_START_STREAM) && !start_stream(daemon, entry))
        actions &= ~(SPEAKER_DO_SUPERSEDE | SPEAKER_DO_ANSWER_READY);
    if (actions & SPEAKER_DO_SUPERSEDE)
        supersede_others(daemon, entry);
    if (actions & SPEAKER_DO_TIMER_RETRY)
        start_timer(daemon, entry, reconnect_delay_ms(entry->speaker.attempt, g_random_double()),
                    SPEAKER_EVENT_TIMER);
    if (actions & SPEAKER_DO_TIMER_SETTLE)
        start_timer(daemon, entry, SPEAKER_SETTLE_MS, SPEAKER_EVENT_NO_TRANSPORT);
    if (actions & SPEAKER_DO_TIMER_SHORT)
        start_timer(daemon, entry, SPEAKER_SHORT_MS, SPEAKER_EVENT_TIMER);
    if (actions & SPEAKER_DO_ANSWER_READY)
        answer_ready(daemon, entry);
    if (actions & SPEAKER_DO_ANSWER_FAILED)
        answer_failed(daemon, entry);
    if (actions & SPEAKER_DO_ANSWER_LEFT)
        answer_empty(daemon, entry, WAIT_LEFT);
    if (actions & SPEAKER_DO_ANSWER_GONE)
        answer_empty(daemon, entry, WAIT_GONE);
    if (actions & SPEAKER_DO_ANSWER_KEPT)
        perform_fail_waiters(daemon, entry, WAIT_GONE, entry->last_reason);
}
