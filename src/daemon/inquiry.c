/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "daemon/joint.h"

static void end_scan(Inquiry *inquiry)
{
    g_clear_pointer(&inquiry->scan_client, g_free);
    g_clear_handle_id(&inquiry->scan_timer, g_source_remove);
    inquiry->scan_all = false;
}

static void end_search(Inquiry *inquiry)
{
    g_clear_pointer(&inquiry->search, search_free);
    g_clear_handle_id(&inquiry->search_timer, g_source_remove);
    g_clear_handle_id(&inquiry->linger_timer, g_source_remove);
    g_clear_handle_id(&inquiry->check, g_source_remove);
    inquiry->search_request = NULL;
    inquiry->search_deadline_us = 0;
}

void inquiry_clear(Daemon *daemon)
{
    if (daemon->inquiry.search != NULL)
        inquiry_fail_search(daemon, ECHOCAST_ERROR_CANCELLED, "echocastd is leaving");
    end_scan(&daemon->inquiry);
    g_clear_pointer(&daemon->inquiry.search_pin, g_free);
}

/* Discovery runs exactly as long as somebody needs it. */
static void update_discovery(Daemon *daemon)
{
    const Inquiry *inquiry = &daemon->inquiry;

    if (inquiry->scan_client != NULL || inquiry->search != NULL)
        bluez_discovery_start(daemon->bluez);
    else
        bluez_discovery_stop(daemon->bluez);
    publish_manager(daemon);
}

/* ---- the scan ---- */

static gboolean on_scan_over(gpointer data)
{
    Daemon *daemon = data;

    daemon->inquiry.scan_timer = 0;
    inquiry_stop_scan(daemon);
    return G_SOURCE_REMOVE;
}

void inquiry_start_scan(Daemon *daemon, Request *request, bool all, unsigned timeout_s)
{
    Inquiry *inquiry = &daemon->inquiry;

    end_scan(inquiry);
    inquiry->scan_client = g_strdup(request_client(request));
    inquiry->scan_all = all;
    inquiry->scan_timer = g_timeout_add_seconds(timeout_s, on_scan_over, daemon);
    update_discovery(daemon);
    bluez_announce_devices(daemon->bluez);
    request_return(request, NULL);
}

void inquiry_stop_scan(Daemon *daemon)
{
    end_scan(&daemon->inquiry);
    update_discovery(daemon);
}

/* ---- the search of a pairing ---- */

void inquiry_fail_search(Daemon *daemon, EchocastError code, const char *text)
{
    g_autoptr(GError) error = g_error_new_literal(ECHOCAST_ERROR, code, text);
    Request *request = daemon->inquiry.search_request;

    end_search(&daemon->inquiry);
    update_discovery(daemon);
    request_fail(request, error);
}

static gboolean on_search_over(gpointer data)
{
    Daemon *daemon = data;
    const Search *search = daemon->inquiry.search;
    EchocastError code = search_failure(search);
    g_autofree char *matches = search_describe(search);
    g_autofree char *text = NULL;

    daemon->inquiry.search_timer = 0;
    text = g_strdup_printf("%s%s%s", error_meaning(code), *matches != '\0' ? ": " : "", matches);
    inquiry_fail_search(daemon, code, text);
    return G_SOURCE_REMOVE;
}

static void choose(Daemon *daemon, const Address *address)
{
    Inquiry *inquiry = &daemon->inquiry;
    Entry *entry = ensure_entry(daemon, address);

    service_announce_progress(daemon->service, address, "found", entry_name(entry));
    entry->fresh = !entry->bonded && entry->record == NULL;
    entry_wait(entry, WAIT_PAIRED, inquiry->search_request, inquiry->search_tone);
    end_search(inquiry);
    update_discovery(daemon);
    feed(daemon, entry, SPEAKER_EVENT_ASK_PAIR, ECHOCAST_ERROR_CANCELLED, NULL);
}

static gboolean on_check(gpointer data);

static gboolean on_linger_over(gpointer data)
{
    Daemon *daemon = data;

    daemon->inquiry.linger_timer = 0;
    g_clear_handle_id(&daemon->inquiry.check, g_source_remove);
    on_check(data);
    return G_SOURCE_REMOVE;
}

static void linger(Daemon *daemon)
{
    Inquiry *inquiry = &daemon->inquiry;
    gint64 wakeup_us = search_wakeup_us(inquiry->search);

    if (wakeup_us == 0 || inquiry->linger_timer != 0)
        return;
    inquiry->linger_timer = g_timeout_add(MAX(0, (wakeup_us - g_get_monotonic_time()) / 1000 + 1),
                                          on_linger_over, daemon);
}

static gboolean on_check(gpointer data)
{
    Daemon *daemon = data;
    Inquiry *inquiry = &daemon->inquiry;
    g_autofree char *matches = search_describe(inquiry->search);
    Address chosen;

    inquiry->check = 0;
    switch (search_verdict(inquiry->search, g_get_monotonic_time(), &chosen)) {
    case SEARCH_GOES_ON:
        linger(daemon);
        break;
    case SEARCH_CHOSEN:
        choose(daemon, &chosen);
        break;
    case SEARCH_AMBIGUOUS:
        inquiry_fail_search(daemon, ECHOCAST_ERROR_AMBIGUOUS, matches);
        break;
    case SEARCH_NOT_A_SPEAKER:
        inquiry_fail_search(daemon, ECHOCAST_ERROR_NOT_A_SPEAKER,
                            "this device is a source of sound, not a speaker");
        break;
    }
    return G_SOURCE_REMOVE;
}

void inquiry_start_search(Daemon *daemon, Request *request, const char *target,
                          const PairWish *wish)
{
    Inquiry *inquiry = &daemon->inquiry;
    unsigned timeout_s = wish->timeout_s != 0 ? wish->timeout_s : daemon->config->pairing_timeout_s;

    inquiry->search = search_new(target);
    inquiry->search_request = request;
    inquiry->search_tone = wish->tone && daemon->config->tone_after_pairing;
    g_free(inquiry->search_pin);
    inquiry->search_pin = g_strdup(wish->pin);
    inquiry->search_deadline_us = g_get_monotonic_time() + timeout_s * G_USEC_PER_SEC;
    inquiry->search_timer = g_timeout_add_seconds(timeout_s, on_search_over, daemon);
    update_discovery(daemon);
    service_announce_progress(daemon->service, NULL, "scanning", "looking for the speaker");
    bluez_announce_devices(daemon->bluez);
}

void inquiry_see(Daemon *daemon, const DeviceFacts *device, bool is_saved)
{
    Inquiry *inquiry = &daemon->inquiry;
    bool is_speaker = device->kind == PEER_SINK || device->kind == PEER_CANDIDATE;

    /* Without signal strength it did not answer this inquiry: BlueZ only remembers it. */
    if (inquiry->search == NULL || device->rssi == 0)
        return;
    search_see(inquiry->search, &device->address, device->name, device->rssi, is_speaker,
               device->kind == PEER_SOURCE, is_saved, g_get_monotonic_time());
    if (inquiry->check == 0)
        inquiry->check = g_idle_add(on_check, daemon);
}

void inquiry_client_gone(Daemon *daemon, const char *client)
{
    Inquiry *inquiry = &daemon->inquiry;

    if (g_strcmp0(inquiry->scan_client, client) == 0)
        inquiry_stop_scan(daemon);
    if (inquiry->search != NULL && g_strcmp0(request_client(inquiry->search_request), client) == 0)
        inquiry_fail_search(daemon, ECHOCAST_ERROR_CANCELLED, "the client left");
}

void inquiry_bluez_changed(Daemon *daemon)
{
    EchocastError reason = reason_of_state(daemon->bluez_state);

    if (daemon->bluez_state == BLUEZ_READY)
        update_discovery(daemon);
    else if (daemon->inquiry.search != NULL)
        inquiry_fail_search(daemon, reason, error_meaning(reason));
}

void inquiry_resume(Daemon *daemon)
{
    if (daemon->inquiry.scan_client != NULL || daemon->inquiry.search != NULL)
        update_discovery(daemon);
}
