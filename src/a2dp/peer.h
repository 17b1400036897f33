/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Peer: what a Bluetooth device is to an A2DP source, judged by its services, else by its class of
 * device or icon. Pure. Bluetooth Assigned Numbers, 2.8 (class of device); needs: services decide,
 * a class only makes a candidate. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define UUID_A2DP_SOURCE  "0000110a-0000-1000-8000-00805f9b34fb"
#define UUID_A2DP_SINK    "0000110b-0000-1000-8000-00805f9b34fb"
#define UUID_AVRCP_TARGET "0000110c-0000-1000-8000-00805f9b34fb"
#define UUID_AVDTP        "0000110d-0000-1000-8000-00805f9b34fb"
#define UUID_AVRCP        "0000110e-0000-1000-8000-00805f9b34fb"

typedef enum {
    PEER_UNKNOWN,   /* nothing says that it plays sound */
    PEER_CANDIDATE, /* looks like a speaker; its services are not known yet */
    PEER_SINK,      /* has the A2DP sink service: a speaker */
    PEER_SOURCE,    /* offers sound and takes none: a phone, a computer */
} PeerKind;

/* uuids may be NULL or empty (not known yet); icon may be NULL. */
PeerKind peer_judge(const char *const *uuids, uint32_t class_of_device, const char *icon);
/* "other" "candidate" "speaker" "source": the words on D-Bus. */
const char *peer_kind_name(PeerKind kind);
