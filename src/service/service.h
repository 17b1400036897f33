/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Service: our face on the system bus, org.echocast. It translates: calls into requests, facts into
 * properties and signals. It checks who may change something (access.h) and decides nothing else.
 * Main loop only; never waits for anybody. src/dbus/org.echocast.*.xml say what the facts mean,
 * docs/org.echocast.*.md say it for people. */
#pragma once

#include "base/address.h"
#include "service/request.h"
#include "service/wish.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Service Service;

/* selector: an address, a speaker's object path, a unique prefix of a name, "default", or "" for
 * the method's own choice; passed through as given. Each request is answered by request_return or
 * request_fail, at once or later. What else is passed lives as long as the call.
 * A call must not free the service. */
typedef struct {
    void (*start_scan)(Request *request, bool all, unsigned timeout_s, void *data);
    void (*stop_scan)(Request *request, void *data);
    void (*pair)(Request *request, const char *selector, const PairWish *wish, void *data);
    void (*cancel_pairing)(Request *request, void *data);
    void (*connect)(Request *request, const char *selector, void *data);
    void (*disconnect)(Request *request, const char *selector, void *data);
    void (*forget)(Request *request, const char *selector, void *data);
    void (*test_tone)(Request *request, const char *selector, const ToneWish *wish, void *data);
    void (*get_counters)(Request *request, const Address *speaker, void *data);
    /* A client that made a request above (get_counters aside) left the bus, answered or not: its
     * scan and its pairing end with it. Called once a client. */
    void (*client_gone)(const char *client, void *data);
} ServiceCalls;

typedef struct {
    const char *version;
    const char *adapter; /* address, "" for none */
    const char *adapter_alias;
    const char *adapter_state; /* "ready" "off" "blocked" "missing" "no-bluetoothd" */
    bool scanning;
    bool pairing;
    uint64_t pairing_deadline_us; /* CLOCK_MONOTONIC, 0: none */
    const Address *active;        /* the speaker that has the stream; NULL for none */
    const Address *default_speaker;
    const char *loopback_state; /* "open" "missing" "busy" */
    bool player_active;
    const char *headline; /* of the diagnosis: a closed set */
    const char *reason;   /* an error word, "" when all is well */
    const char *detail;
    const char *advice;
} ManagerFacts;

typedef struct {
    Address address;
    const char *name;
    const char *state;  /* saved discovered pairing bonded connecting connected streaming waiting
                           failed */
    const char *reason; /* an error word, "" for none */
    const char *detail; /* for people */
    const char *advice;
    const char *rung; /* saved discovered bonded link-up profile-up stream-open streaming silent */
    const char *kind; /* speaker candidate source other */
    bool saved;
    bool bonded;
    bool is_default;
    int16_t rssi;
    uint32_t class_of_device;
    uint64_t last_used; /* seconds since 1970, 0: never */
} SpeakerFacts;

typedef struct {
    const char *codec;    /* "SBC" */
    const char *channels; /* "joint" "stereo" "dual" "mono" */
    unsigned rate_hz;
    unsigned bitpool;
    unsigned bitrate;
    unsigned mtu;
    unsigned sbc_frames_per_packet;
    unsigned delay_us; /* the speaker's own, 125000 is assumed if it reports none */
    bool delay_reported;
} StreamFacts;

/* Exports the objects; the caller owns the bus name, and should ask for it only after this, so that
 * nobody finds the name without its objects. */
Service *service_new(GDBusConnection *bus, const ServiceCalls *calls, void *data, GError **error);
void service_free(Service *service);
/* Each publishes the whole truth; only differences go over the bus, at once and in one signal, so
 * that a request answered afterwards is answered after the change it waited for. NULL strings are
 * "". The first publication of a speaker brings its object into being. */
void service_publish_manager(Service *service, const ManagerFacts *facts);
void service_publish_speaker(Service *service, const SpeakerFacts *facts);
void service_withdraw_speaker(Service *service, const Address *address);
/* facts NULL: the stream is gone. The speaker must have been published. */
void service_publish_stream(Service *service, const Address *address, const StreamFacts *facts);
/* The signal Progress: what a pairing or connection is doing now, stage by stage. address NULL:
 * no speaker is chosen yet. */
void service_announce_progress(Service *service, const Address *address, const char *stage,
                               const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Service, service_free)
