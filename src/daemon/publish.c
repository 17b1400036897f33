/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "daemon/joint.h"

#include "a2dp/packetiser.h"
#include "diagnosis/snapshot.h"

/* The delay assumed of a speaker that reports none. */
#define ASSUMED_DELAY_US 125000

static AdapterFact adapter_fact(BluezState state)
{
    switch (state) {
    case BLUEZ_NOT_RUNNING:
        return ADAPTER_NO_BLUETOOTHD;
    case BLUEZ_NO_ADAPTER:
        return ADAPTER_MISSING;
    case BLUEZ_ADAPTER_BLOCKED:
        return ADAPTER_BLOCKED;
    case BLUEZ_ADAPTER_OFF:
        return ADAPTER_OFF;
    case BLUEZ_READY:
        return ADAPTER_READY;
    }
    g_return_val_if_reached(ADAPTER_NO_BLUETOOTHD);
}

static LoopbackFact loopback_fact(CaptureState state)
{
    switch (state) {
    case CAPTURE_OPEN:
        return LOOPBACK_OPEN;
    case CAPTURE_MISSING:
        return LOOPBACK_MISSING;
    case CAPTURE_BUSY:
        return LOOPBACK_BUSY;
    }
    g_return_val_if_reached(LOOPBACK_MISSING);
}

static Snapshot take_snapshot(const Daemon *daemon, const Entry *subject)
{
    return (Snapshot){
        .adapter = adapter_fact(daemon->bluez_state),
        .loopback = loopback_fact(daemon->capture),
        .player_active = daemon->player_active,
        .speaker = subject != NULL ? &subject->speaker : NULL,
    };
}

void publish_manager(Daemon *daemon)
{
    const Entry *subject = roster_subject(daemon->roster);
    const Entry *active = roster_active(daemon->roster);
    const Entry *preset = roster_default(daemon->roster);
    Snapshot snapshot = take_snapshot(daemon, subject);
    Finding finding = snapshot_judge(&snapshot);
    char adapter[ADDRESS_STRING_SIZE] = "";

    if (!address_is_zero(&daemon->adapter))
        address_format(&daemon->adapter, adapter);
    service_publish_manager(
        daemon->service,
        &(ManagerFacts){
            .version = ECHOCAST_VERSION,
            .adapter = adapter,
            .adapter_alias = daemon->adapter_alias,
            .adapter_state = adapter_fact_word(snapshot.adapter),
            .scanning = daemon->discovering,
            .pairing = daemon->inquiry.search != NULL || roster_pairing(daemon->roster) != NULL,
            .pairing_deadline_us = daemon->inquiry.search_deadline_us,
            .active = active != NULL ? &active->address : NULL,
            .default_speaker = preset != NULL ? &preset->address : NULL,
            .loopback_state = loopback_fact_word(snapshot.loopback),
            .player_active = daemon->player_active,
            .headline = finding.headline,
            .reason = finding.is_error ? error_word(finding.reason) : "",
            .detail = finding.what,
            .advice = finding.advice,
        });
}

static const char *kind_word(PeerKind kind)
{
    switch (kind) {
    case PEER_SINK:
        return "speaker";
    case PEER_CANDIDATE:
        return "candidate";
    case PEER_SOURCE:
        return "source";
    case PEER_UNKNOWN:
        return "other";
    }
    g_return_val_if_reached("other");
}

/* Strangers are shown if they may be speakers, or if a client asked for everything. */
static bool is_visible(const Daemon *daemon, const Entry *entry)
{
    bool plays = entry->kind == PEER_SINK || entry->kind == PEER_CANDIDATE;

    return entry->record != NULL || entry->is_published ||
           (entry->has_device && (plays || daemon->inquiry.scan_all));
}

void publish_speaker(Daemon *daemon, Entry *entry)
{
    const Speaker *speaker = &entry->speaker;
    const char *detail = speaker->has_reason ? error_meaning(speaker->reason) : "";

    if (!is_visible(daemon, entry))
        return;
    entry->is_published = true;
    service_publish_speaker(
        daemon->service,
        &(SpeakerFacts){
            .address = entry->address,
            .name = entry_name(entry),
            .state = speaker_public_state(speaker),
            .reason = speaker->has_reason ? error_word(speaker->reason) : "",
            .detail = speaker->has_reason && entry->detail != NULL ? entry->detail : detail,
            .advice = speaker->has_reason ? error_advice(speaker->reason) : "",
            .rung = speaker_rung(speaker, entry->bonded, entry->linked),
            .kind = kind_word(entry->kind),
            .saved = entry->record != NULL,
            .bonded = entry->bonded,
            .is_default = entry->record != NULL && entry->record->is_default,
            .rssi = entry->rssi,
            .class_of_device = entry->class_of_device,
            .last_used = entry->record != NULL ? entry->record->last_used : 0,
        });
}

static const char *channels_word(SbcChannels channels)
{
    switch (channels) {
    case SBC_CHANNELS_MONO:
        return "mono";
    case SBC_CHANNELS_DUAL:
        return "dual";
    case SBC_CHANNELS_STEREO:
        return "stereo";
    case SBC_CHANNELS_JOINT:
        return "joint";
    }
    g_return_val_if_reached("joint");
}

unsigned publish_delay_us(const Entry *entry)
{
    return entry->delay_us != 0 ? entry->delay_us : ASSUMED_DELAY_US;
}

void publish_stream(Daemon *daemon, Entry *entry)
{
    const SbcConfig *config = &entry->config;
    uint8_t bitpool = sbc_config_bitpool(config);

    if (entry->stream == 0) {
        service_publish_stream(daemon->service, &entry->address, NULL);
        return;
    }
    service_publish_stream(daemon->service, &entry->address,
                           &(StreamFacts){
                               .codec = "SBC",
                               .channels = channels_word(config->channels),
                               .rate_hz = config->rate_hz,
                               .bitpool = bitpool,
                               .bitrate = sbc_config_bitrate(config, bitpool),
                               .mtu = entry->mtu,
                               .sbc_frames_per_packet = packetiser_frames_for_mtu(
                                   entry->mtu, sbc_config_frame_bytes(config, bitpool)),
                               .delay_us = publish_delay_us(entry),
                               .delay_reported = entry->delay_us != 0,
                           });
}

static bool is_superfluous(const Entry *entry)
{
    return entry->record == NULL && !entry->has_device && entry->waiters->len == 0 &&
           speaker_is_stranger(&entry->speaker);
}

static gboolean on_sweep(gpointer data)
{
    Daemon *daemon = data;
    const GPtrArray *entries = roster_entries(daemon->roster);

    daemon->sweep = 0;
    for (unsigned i = entries->len; i > 0; i--) {
        Entry *entry = g_ptr_array_index(entries, i - 1);
        if (!is_superfluous(entry))
            continue;
        if (entry->is_published)
            service_withdraw_speaker(daemon->service, &entry->address);
        roster_remove(daemon->roster, entry);
    }
    return G_SOURCE_REMOVE;
}

void publish_sweep_later(Daemon *daemon)
{
    if (daemon->sweep == 0)
        daemon->sweep = g_idle_add(on_sweep, daemon);
}
