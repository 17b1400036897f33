/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Bluez: the client of org.bluez. It translates and carries out, all asynchronously, and decides
 * nothing about a speaker's life. Starts in any order: no bluetoothd and no adapter are states to
 * wait in. Main loop only; callbacks are never made from inside the call that asked for them.
 * One operation a device at a time is the caller's duty; Acquire and Release are serialised here.
 * Each call is answered once, also when the adapter or bluetoothd goes in the middle of it: what is
 * under way when READY is left ends with the reason, after state_changed; and no answer gives such
 * a reason while the state told is READY. */
#pragma once

#include "a2dp/peer.h"
#include "a2dp/sbc_config.h"
#include "base/address.h"

#include <gio/gio.h>

typedef struct Bluez Bluez;

typedef enum {
    BLUEZ_NOT_RUNNING, /* nor when it runs but has not taken our agent and endpoints yet */
    BLUEZ_NO_ADAPTER,
    BLUEZ_ADAPTER_BLOCKED, /* by rfkill */
    BLUEZ_ADAPTER_OFF,
    BLUEZ_READY, /* powered, agent and endpoints registered */
} BluezState;

typedef struct {
    BluezState state;
    Address adapter;           /* zero while there is none */
    const char *adapter_alias; /* "" while there is none */
    bool discovering;          /* by us */
} BluezFacts;

typedef struct {
    Address address;
    const char *name; /* the alias BlueZ shows; the address if it knows no name */
    const char *icon; /* "" if unknown */
    uint32_t class_of_device;
    int16_t rssi; /* dBm; 0: not seen in an inquiry just now */
    PeerKind kind;
    bool bonded;
    bool trusted;
    bool blocked;
    bool linked; /* Device1.Connected: an ACL link and no more */
} DeviceFacts;

typedef enum {
    TRANSPORT_IDLE,
    TRANSPORT_PENDING,
    TRANSPORT_ACTIVE,
} TransportState;

typedef struct {
    const char *adapter; /* address or "auto": the first one */
    const char *alias;   /* the adapter's name to others; NULL: leave it */
    unsigned endpoints;  /* source endpoints: one carries one stream on BlueZ up to 5.82 */
    SbcWish wish;
} BluezOptions;

typedef struct {
    void (*state_changed)(const BluezFacts *facts, void *data);
    /* Also without a difference. All devices are told anew when an adapter or bluetoothd comes. */
    void (*device_changed)(const DeviceFacts *device, void *data);
    /* bluetoothd has dropped it. Not called for those that go with bluetoothd or the adapter. */
    void (*device_removed)(const Address *address, void *data);
    /* The adapter is gone or another one, or bluetoothd is gone: all that was said of devices is
     * void. Those that the new one knows are told next. */
    void (*devices_forgotten)(void *data);
    /* Is this a saved speaker of ours? The agent and the endpoint ask it; answered at once. */
    bool (*is_saved)(const Address *address, void *data);

    /* The answers to the calls below; error is NULL when it worked, of ECHOCAST_ERROR else, its
     * message carries BlueZ's own words. */
    void (*pair_done)(const Address *address, const GError *error, void *data);
    void (*connect_done)(const Address *address, const GError *error, void *data);
    void (*disconnect_done)(const Address *address, const GError *error, void *data);
    void (*unstick_done)(const Address *address, const GError *error, void *data);
    void (*remove_done)(const Address *address, const GError *error, void *data);
    /* fd is the callee's from here on; -1 with an error: ECHOCAST_ERROR_CANCELLED if it was
     * released before, ECHOCAST_ERROR_LINK_LOST if the transport went or was not there. */
    void (*acquire_done)(const Address *address, int fd, size_t mtu, const GError *error,
                         void *data);
    void (*release_done)(const Address *address, void *data);

    /* A stream is configured between us and the speaker: whoever began it. */
    void (*transport_opened)(const Address *address, const SbcConfig *config, void *data);
    void (*transport_changed)(const Address *address, TransportState state, void *data);
    /* The socket is dead and has to be closed now: while it is open the kernel keeps a controller
     * that was unplugged, and it comes back under another number. */
    void (*transport_closed)(const Address *address, void *data);
    /* The speaker's own delay in microseconds; 0: it reports none. */
    void (*delay_changed)(const Address *address, unsigned delay_us, void *data);
} BluezEvents;

Bluez *bluez_new(GDBusConnection *bus, const BluezOptions *options, const BluezEvents *events,
                 void *data);
/* Stops discovery, sets Pairable back, unregisters all. Not from within a callback. */
void bluez_free(Bluez *bluez);
void bluez_read_facts(const Bluez *bluez, BluezFacts *facts);
/* Calls device_changed for every device of our adapter that BlueZ knows, from the main loop. */
void bluez_announce_devices(Bluez *bluez);

/* Inquiry on BR/EDR; idempotent, never left on: stopped by pair, connect, free; started again by
 * the next call. The filter has no UUIDs (they hide speakers that do not list theirs, and crash
 * BlueZ 5.87). If it cannot start, state_changed comes with discovering false; it is tried again by
 * the next call, and when the power comes anew. */
void bluez_discovery_start(Bluez *bluez);
void bluez_discovery_stop(Bluez *bluez);

/* Pairable on, Pair, Bonded checked (not Paired), services checked (a source is refused and its new
 * bond removed), Trusted, Pairable off. pin: for legacy pairing, NULL: 0000, 1234, ... in turn. */
void bluez_pair(Bluez *bluez, const Address *address, const char *pin);
/* Ends a pairing of ours that runs: pair_done comes with ECHOCAST_ERROR_CANCELLED. Nothing else. */
void bluez_pair_cancel(Bluez *bluez);
/* ConnectProfile of the A2DP sink: never Connect, which tries LE. Success is a transport, which
 * transport_opened announces (right after this answer, if we began it), not this answer. The
 * error's code tells the cause as far as it can be found out, by a probe of the speaker's L2CAP if
 * BlueZ's words are ambiguous: HANDSHAKE_BROKEN calls for bluez_unstick and another try,
 * IN_PROGRESS for patience (and for bluez_unstick if it lasts while there is no link), STALE_BOND
 * for the owner: also without a try, if bluetoothd holds no bond with it. */
void bluez_connect(Bluez *bluez, const Address *address);
void bluez_disconnect(Bluez *bluez, const Address *address);
/* Blocked on and off: frees a bluetoothd that calls itself busy for ever, and keeps the bond. */
void bluez_unstick(Bluez *bluez, const Address *address);
/* Removes device and bond. */
void bluez_remove(Bluez *bluez, const Address *address);
void bluez_acquire(Bluez *bluez, const Address *address);
void bluez_release(Bluez *bluez, const Address *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bluez, bluez_free)
