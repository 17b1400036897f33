/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Asks: what clients call, as events for the speaker they mean. */
#include "daemon/joint.h"

#include <string.h>

static void refuse(Request *request, EchocastError code, const char *text)
{
    g_autoptr(GError) error = g_error_new_literal(ECHOCAST_ERROR, code, text);

    request_fail(request, error);
}

/* Refuses what needs Bluetooth while there is none. */
static bool is_ready(const Daemon *daemon, Request *request)
{
    EchocastError code = reason_of_state(daemon->bluez_state);

    if (daemon->bluez_state == BLUEZ_READY)
        return true;
    refuse(request, code, error_meaning(code));
    return false;
}

static Entry *resolve(Daemon *daemon, Request *request, const char *selector)
{
    g_autoptr(GError) error = NULL;
    Entry *entry = roster_resolve(daemon->roster, selector, &error);

    if (entry == NULL)
        request_fail(request, error);
    return entry;
}

static void on_start_scan(Request *request, bool all, unsigned timeout_s, void *data)
{
    Daemon *daemon = data;

    if (is_ready(daemon, request))
        inquiry_start_scan(daemon, request, all, timeout_s != 0 ? timeout_s : 30);
}

static void on_stop_scan(Request *request, void *data)
{
    inquiry_stop_scan(data);
    request_return(request, NULL);
}

/* ---- pair ---- */

static bool is_full(const Daemon *daemon)
{
    unsigned most = daemon->config->max_saved_speakers;

    return most != 0 && roster_count_saved(daemon->roster) >= most;
}

static void on_pair(Request *request, const char *selector, const PairWish *wish, void *data)
{
    Daemon *daemon = data;
    Entry *known = *selector == '\0' ? NULL : roster_resolve(daemon->roster, selector, NULL);
    char address[ADDRESS_STRING_SIZE];

    if (!is_ready(daemon, request))
        return;
    if (daemon->inquiry.search != NULL || roster_pairing(daemon->roster) != NULL) {
        refuse(request, ECHOCAST_ERROR_IN_PROGRESS, "a pairing runs already");
        return;
    }
    if (known != NULL && known->record != NULL && known->bonded) {
        entry_wait(known, WAIT_PAIRED, request, wish->tone && daemon->config->tone_after_pairing);
        feed(daemon, known, SPEAKER_EVENT_ASK_CONNECT, ECHOCAST_ERROR_CANCELLED, NULL);
        return;
    }
    if (known != NULL && known->kind == PEER_SOURCE) {
        refuse(request, ECHOCAST_ERROR_NOT_A_SPEAKER, error_meaning(ECHOCAST_ERROR_NOT_A_SPEAKER));
        return;
    }
    if (is_full(daemon) && (known == NULL || known->record == NULL)) {
        refuse(request, ECHOCAST_ERROR_TOO_MANY_SPEAKERS,
               error_meaning(ECHOCAST_ERROR_TOO_MANY_SPEAKERS));
        return;
    }
    if (known != NULL)
        address_format(&known->address, address);
    inquiry_start_search(daemon, request, known != NULL ? address : selector, wish);
}

/* Nothing half-paired stays behind: a bond that this pairing made goes with it. */
static bool cancel_pairing(Daemon *daemon)
{
    Entry *entry = roster_pairing(daemon->roster);

    if (daemon->inquiry.search != NULL) {
        inquiry_fail_search(daemon, ECHOCAST_ERROR_CANCELLED, "the pairing was cancelled");
        return true;
    }
    if (entry == NULL)
        return false;
    if (entry->speaker.state == SPEAKER_STATE_PAIRING)
        bluez_pair_cancel(daemon->bluez);
    else if (entry->fresh)
        feed(daemon, entry, SPEAKER_EVENT_ASK_FORGET, ECHOCAST_ERROR_CANCELLED, NULL);
    else
        perform_fail_waiters(daemon, entry, WAIT_PAIRED, ECHOCAST_ERROR_CANCELLED);
    perform_fail_waiters(daemon, entry, WAIT_PAIRED_TONE, ECHOCAST_ERROR_CANCELLED);
    return true;
}

static void on_cancel_pairing(Request *request, void *data)
{
    if (cancel_pairing(data))
        request_return(request, NULL);
    else
        refuse(request, ECHOCAST_ERROR_NOT_FOUND, "no pairing runs");
}

static void on_client_gone(const char *client, void *data)
{
    Daemon *daemon = data;
    Entry *entry = roster_pairing(daemon->roster);

    inquiry_client_gone(daemon, client);
    for (unsigned i = 0; entry != NULL && i < entry->waiters->len; i++) {
        const Waiter *waiter = &g_array_index(entry->waiters, Waiter, i);
        if (waiter->kind == WAIT_PAIRED && strcmp(request_client(waiter->request), client) == 0) {
            cancel_pairing(daemon);
            break;
        }
    }
}

/* ---- connect, disconnect, forget ---- */

static void on_connect(Request *request, const char *selector, void *data)
{
    Daemon *daemon = data;
    Entry *entry =
        *selector == '\0' ? roster_preferred(daemon->roster) : resolve(daemon, request, selector);

    if (entry == NULL && *selector == '\0')
        refuse(request, ECHOCAST_ERROR_NOT_FOUND, "no speaker is saved yet");
    if (entry == NULL || !is_ready(daemon, request))
        return;
    if (entry->record == NULL && entry->bonded && is_full(daemon)) {
        refuse(request, ECHOCAST_ERROR_TOO_MANY_SPEAKERS,
               error_meaning(ECHOCAST_ERROR_TOO_MANY_SPEAKERS));
        return;
    }
    entry_wait(entry, WAIT_READY, request, false);
    feed(daemon, entry, SPEAKER_EVENT_ASK_CONNECT, ECHOCAST_ERROR_NOT_FOUND,
         entry->record == NULL ? "it is not paired yet" : NULL);
}

static void on_disconnect(Request *request, const char *selector, void *data)
{
    Daemon *daemon = data;
    Entry *entry =
        *selector == '\0' ? roster_subject(daemon->roster) : resolve(daemon, request, selector);

    if (entry == NULL && *selector == '\0')
        refuse(request, ECHOCAST_ERROR_NOT_FOUND, "no speaker is connected");
    if (entry == NULL)
        return;
    entry_wait(entry, WAIT_LEFT, request, false);
    feed(daemon, entry, SPEAKER_EVENT_ASK_DISCONNECT, ECHOCAST_ERROR_CANCELLED,
         "it was disconnected");
}

static void on_forget(Request *request, const char *selector, void *data)
{
    Daemon *daemon = data;
    Entry *entry = resolve(daemon, request, selector);

    if (entry == NULL || !is_ready(daemon, request))
        return;
    entry_wait(entry, WAIT_GONE, request, false);
    feed(daemon, entry, SPEAKER_EVENT_ASK_FORGET, ECHOCAST_ERROR_CANCELLED, "it was forgotten");
}

/* ---- the stream ---- */

static void on_test_tone(Request *request, const char *selector, const ToneWish *wish, void *data)
{
    Daemon *daemon = data;
    Entry *entry =
        *selector == '\0' ? roster_subject(daemon->roster) : resolve(daemon, request, selector);
    const Tone tone = {
        .frequency_hz = wish->frequency_hz,
        .duration_ms = wish->duration_ms,
        .channels = wish->channels,
    };

    if (entry == NULL && *selector == '\0')
        refuse(request, ECHOCAST_ERROR_NOT_FOUND, "no speaker is saved yet");
    if (entry == NULL)
        return;
    if (entry->stream == 0) {
        refuse(request, ECHOCAST_ERROR_CONNECTED_NO_AUDIO, "the speaker is not connected");
        return;
    }
    if (entry_has_waiter(entry, WAIT_TONE) || entry_has_waiter(entry, WAIT_PAIRED_TONE)) {
        refuse(request, ECHOCAST_ERROR_IN_PROGRESS, "a test tone plays already");
        return;
    }
    entry_wait(entry, WAIT_TONE, request, true);
    perform_tone(daemon, entry, &tone);
}

static void on_get_counters(Request *request, const Address *address, void *data)
{
    Daemon *daemon = data;
    const Entry *entry = roster_find(daemon->roster, address);
    StreamCounters counters;
    GVariantBuilder builder;

    if (entry == NULL || !engine_read_counters(daemon->engine, entry->stream, &counters)) {
        refuse(request, ECHOCAST_ERROR_NOT_FOUND, "this speaker has no stream");
        return;
    }
    g_variant_builder_init(&builder, G_VARIANT_TYPE("a{st}"));
#define X(name) g_variant_builder_add(&builder, "{st}", #name, (guint64)counters.name);
    STREAM_STATS(X)
#undef X
    g_variant_builder_add(&builder, "{st}", "total_latency_us",
                          (guint64)(counters.own_latency_us + publish_delay_us(entry)));
    request_return(request, g_variant_new("(a{st})", &builder));
}

const ServiceCalls ASKS = {
    .start_scan = on_start_scan,
    .stop_scan = on_stop_scan,
    .pair = on_pair,
    .cancel_pairing = on_cancel_pairing,
    .connect = on_connect,
    .disconnect = on_disconnect,
    .forget = on_forget,
    .test_tone = on_test_tone,
    .get_counters = on_get_counters,
    .client_gone = on_client_gone,
};
