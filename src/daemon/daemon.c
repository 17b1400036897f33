/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "daemon/joint.h"

#include <echocast/names.h>

#include <string.h>

static void name_entry(const Daemon *daemon, Entry *entry)
{
    g_free(entry->alias);
    entry->alias = g_strdup(config_speaker_alias(daemon->config, &entry->address));
}

Entry *ensure_entry(Daemon *daemon, const Address *address)
{
    Entry *entry = roster_find(daemon->roster, address);

    if (entry == NULL) {
        entry = roster_ensure(daemon->roster, address);
        name_entry(daemon, entry);
    }
    return entry;
}

static void load_speakers(Daemon *daemon)
{
    const GPtrArray *records = store_records(daemon->store);

    for (unsigned i = 0; i < records->len; i++) {
        const Record *record = g_ptr_array_index(records, i);
        Entry *entry = ensure_entry(daemon, &record->address);
        entry->record = record_copy(record);
        speaker_init(&entry->speaker, SPEAKER_STATE_SAVED);
    }
}

/* At start only one speaker is called: the one the owner used last and did not send away. */
static void want_one(Daemon *daemon)
{
    Entry *entry = roster_subject(daemon->roster);

    if (!daemon->config->autoconnect || entry == NULL || !entry->record->wanted)
        return;
    speaker_init(&entry->speaker, SPEAKER_STATE_WAITING);
    entry->speaker.reason = ECHOCAST_ERROR_BLUEZ_NOT_RUNNING;
    entry->speaker.has_reason = true;
}

static char *expand_alias(const char *alias)
{
    g_auto(GStrv) parts = g_strsplit(alias, "%h", -1);

    return *alias == '\0' ? NULL : g_strjoinv(g_get_host_name(), parts);
}

static void start_bluez(Daemon *daemon, GDBusConnection *bus)
{
    g_autofree char *alias = expand_alias(daemon->config->alias);
    const BluezOptions options = {
        .adapter = daemon->config->adapter,
        .alias = alias,
        .endpoints = daemon->config->endpoints,
        .wish = {.rate_hz = daemon->config->rate_hz, .bitpool_max = daemon->config->bitpool_max},
    };

    daemon->bluez = bluez_new(bus, &options, &BLUEZ_EVENTS, daemon);
}

static bool start_engine(Daemon *daemon, GError **error)
{
    const EngineOptions options = {
        .card = daemon->config->card,
        .rate_hz = daemon->config->rate_hz,
        .rt_priority = daemon->config->rt_priority,
    };

    daemon->engine = engine_new(&options, &ENGINE_EVENTS, daemon, error);
    return daemon->engine != NULL;
}

static void publish_all(Daemon *daemon)
{
    const GPtrArray *entries = roster_entries(daemon->roster);

    for (unsigned i = 0; i < entries->len; i++)
        publish_speaker(daemon, g_ptr_array_index(entries, i));
    publish_manager(daemon);
}

/* The loopback first: what applications play must find its reader within a second of the start. */
Daemon *daemon_new(GDBusConnection *bus, Config *config, GError **error)
{
    g_autoptr(Daemon) daemon = g_new0(Daemon, 1);

    daemon->config = config;
    daemon->roster = roster_new();
    daemon->adapter_alias = g_strdup("");
    daemon->capture = CAPTURE_MISSING;
    if (!start_engine(daemon, error))
        return NULL;
    daemon->store = store_new(config->state_directory, error);
    if (daemon->store == NULL)
        return NULL;
    load_speakers(daemon);
    want_one(daemon);
    daemon->service = service_new(bus, &ASKS, daemon, error);
    if (daemon->service == NULL)
        return NULL;
    start_bluez(daemon, bus);
    publish_all(daemon);
    return g_steal_pointer(&daemon);
}

void daemon_free(Daemon *daemon)
{
    if (daemon == NULL)
        return;
    if (daemon->bluez != NULL)
        inquiry_clear(daemon);
    g_clear_handle_id(&daemon->sweep, g_source_remove);
    g_clear_pointer(&daemon->engine, engine_free);
    g_clear_pointer(&daemon->bluez, bluez_free);
    g_clear_pointer(&daemon->roster, roster_free);
    g_clear_pointer(&daemon->service, service_free);
    g_clear_pointer(&daemon->store, store_free);
    g_clear_pointer(&daemon->config, config_free);
    g_free(daemon->adapter_alias);
    g_free(daemon->capture_detail);
    g_free(daemon);
}

static bool needs_restart(const Config *a, const Config *b)
{
    return strcmp(a->state_directory, b->state_directory) != 0 ||
           strcmp(a->adapter, b->adapter) != 0 || strcmp(a->alias, b->alias) != 0 ||
           a->endpoints != b->endpoints || strcmp(a->card, b->card) != 0 ||
           a->rate_hz != b->rate_hz || a->bitpool_max != b->bitpool_max ||
           a->rt_priority != b->rt_priority;
}

void daemon_reload(Daemon *daemon, Config *config)
{
    if (needs_restart(daemon->config, config))
        g_warning("some of what changed in the configuration takes effect at the next start only: "
                  "state_directory, adapter, alias, endpoints and all of [Audio] but "
                  "tone_after_pairing");
    config_free(daemon->config);
    daemon->config = config;
    const GPtrArray *entries = roster_entries(daemon->roster);
    for (unsigned i = 0; i < entries->len; i++)
        name_entry(daemon, g_ptr_array_index(entries, i));
    publish_all(daemon);
    if (daemon->bluez_state == BLUEZ_READY)
        feed_all(daemon, SPEAKER_EVENT_BLUEZ_READY, ECHOCAST_ERROR_FAILED);
}
