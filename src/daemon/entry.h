/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Entry: one speaker as the daemon holds it: its place in the table, what BlueZ says of it, what is
 * saved of it, its stream, and the clients that wait for it. */
#pragma once

#include "a2dp/peer.h"
#include "a2dp/sbc_config.h"
#include "audio/engine.h"
#include "bluez/bluez.h"
#include "service/request.h"
#include "speaker/record.h"
#include "speaker/speaker.h"

typedef enum {
    WAIT_READY,       /* connect */
    WAIT_PAIRED,      /* pair: as connect, then the tone if it is wished */
    WAIT_PAIRED_TONE, /* pair, while the tone plays */
    WAIT_TONE,        /* test-tone */
    WAIT_LEFT,        /* disconnect */
    WAIT_GONE,        /* forget */
} WaitKind;

typedef struct {
    WaitKind kind;
    Request *request;
    bool tone;
} Waiter;

typedef struct {
    Address address;
    Speaker speaker;
    Record *record; /* NULL: not saved */
    char *alias;    /* from the configuration, NULL for none */

    bool has_device; /* BlueZ has an object for it */
    char *device_name;
    PeerKind kind;
    bool bonded;
    bool linked;
    int16_t rssi;
    uint32_t class_of_device;

    SbcConfig config; /* of its transport */
    TransportState transport;
    size_t mtu;
    unsigned delay_us; /* 0: not reported */
    int acquired_fd;   /* between Acquire's answer and the stream */
    EngineStream stream;
    unsigned tone_ms; /* of the test tone that plays */

    guint timer;
    EchocastError last_reason; /* that came with the last event */
    char *detail;              /* of the last failure, in BlueZ's words; NULL for none */
    bool fresh;                /* its bond was made by the pairing that still runs */
    bool is_published;
    GArray *waiters; /* Waiter */
} Entry;

Entry *entry_new(const Address *address);
void entry_free(Entry *entry);
/* The owner's word, else its own, else the address. */
const char *entry_name(const Entry *entry);
/* Takes over what BlueZ says. */
void entry_take_device(Entry *entry, const DeviceFacts *device);
void entry_wait(Entry *entry, WaitKind kind, Request *request, bool tone);
bool entry_has_waiter(const Entry *entry, WaitKind kind);
/* Takes the first waiter of that kind out of the list; false if there is none. */
bool entry_take_waiter(Entry *entry, WaitKind kind, Waiter *waiter);
