/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Engine events: what the audio thread says, as events for the speaker it is about. */
#include "daemon/joint.h"

static void on_capture_changed(CaptureState state, const char *detail, void *data)
{
    Daemon *daemon = data;

    daemon->capture = state;
    g_free(daemon->capture_detail);
    daemon->capture_detail = g_strdup(detail);
    g_log_structured("audio", G_LOG_LEVEL_MESSAGE, "ECHOCAST_LOOPBACK",
                     state == CAPTURE_OPEN ? "open" : "closed", "MESSAGE", "loopback: %s", detail);
    publish_manager(daemon);
}

static void on_player_changed(bool active, void *data)
{
    Daemon *daemon = data;

    daemon->player_active = active;
    publish_manager(daemon);
}

static void feed_stream(void *data, EngineStream stream, SpeakerEvent event, EchocastError reason,
                        const char *detail)
{
    Daemon *daemon = data;
    Entry *entry = roster_find_stream(daemon->roster, stream);

    if (entry != NULL)
        feed(daemon, entry, event, reason, detail);
}

static void on_stream_flows(EngineStream stream, void *data)
{
    feed_stream(data, stream, SPEAKER_EVENT_FLOWS, ECHOCAST_ERROR_FAILED, NULL);
}

static void on_stream_silent(EngineStream stream, void *data)
{
    feed_stream(data, stream, SPEAKER_EVENT_SILENT, ECHOCAST_ERROR_FAILED, NULL);
}

static void on_stream_lost(EngineStream stream, int error_number, void *data)
{
    feed_stream(data, stream, SPEAKER_EVENT_SOCKET_LOST, ECHOCAST_ERROR_LINK_LOST,
                g_strerror(error_number));
}

static void on_stream_removed(EngineStream stream, void *data)
{
}

static const char *transport_word(TransportState state)
{
    switch (state) {
    case TRANSPORT_IDLE:
        return "idle";
    case TRANSPORT_PENDING:
        return "pending";
    case TRANSPORT_ACTIVE:
        return "active";
    }
    g_return_val_if_reached("idle");
}

/* What a tone proves: that packets went into an open transport. Nobody here can hear. */
static GVariant *make_evidence(const Entry *entry, uint64_t packets_sent)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&builder, "{sv}", "packets", g_variant_new_uint64(packets_sent));
    g_variant_builder_add(&builder, "{sv}", "transport",
                          g_variant_new_string(transport_word(entry->transport)));
    g_variant_builder_add(&builder, "{sv}", "duration", g_variant_new_uint32(entry->tone_ms));
    return g_variant_new("(a{sv})", &builder);
}

static void on_tone_done(EngineStream stream, uint64_t packets_sent, void *data)
{
    Daemon *daemon = data;
    Entry *entry = roster_find_stream(daemon->roster, stream);
    Waiter waiter;

    if (entry == NULL)
        return;
    if (packets_sent == 0) {
        perform_fail_waiters(daemon, entry, WAIT_TONE, ECHOCAST_ERROR_CONNECTED_NO_AUDIO);
        perform_fail_waiters(daemon, entry, WAIT_PAIRED_TONE, ECHOCAST_ERROR_CONNECTED_NO_AUDIO);
        return;
    }
    while (entry_take_waiter(entry, WAIT_TONE, &waiter))
        request_return(waiter.request, make_evidence(entry, packets_sent));
    perform_answer_path(daemon, entry, WAIT_PAIRED_TONE);
    publish_manager(daemon);
}

const EngineEvents ENGINE_EVENTS = {
    .capture_changed = on_capture_changed,
    .player_changed = on_player_changed,
    .stream_flows = on_stream_flows,
    .stream_silent = on_stream_silent,
    .stream_lost = on_stream_lost,
    .stream_removed = on_stream_removed,
    .tone_done = on_tone_done,
};
