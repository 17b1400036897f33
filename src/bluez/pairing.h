/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Pairing: one pairing of ours, from Pairable on to Pairable off: Pair, is the bond kept, is it a
 * speaker, Trusted. What it began it takes back if it fails or is cancelled. One at a time. Main
 * loop only; owned by Bluez. */
#pragma once

#include "adapter.h"

typedef struct Pairing Pairing;

typedef void (*PairingDone)(const Address *address, const GError *error, void *data);

Pairing *pairing_new(const Objects *objects, Adapter *adapter, PairingDone done, void *data);
void pairing_free(Pairing *pairing);
/* pin: NULL: the usual ones in turn. None may be running. */
void pairing_start(Pairing *pairing, const char *device, const Address *address, const char *pin);
/* Ends with ECHOCAST_ERROR_CANCELLED; nothing if none runs. */
void pairing_cancel(Pairing *pairing);
/* The adapter or bluetoothd is gone, or no longer ready: ends with that code. */
void pairing_abort(Pairing *pairing, EchocastError code);
bool pairing_is_running(const Pairing *pairing);
bool pairing_is_of(const Pairing *pairing, const char *device);
/* The PIN for this attempt. */
const char *pairing_pin(Pairing *pairing);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pairing, pairing_free)
