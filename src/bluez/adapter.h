/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Adapter: the one controller we use: chosen by address or the first, powered on, named, never
 * discoverable, pairable only while we pair; and its inquiry. Other adapters of the same bluetoothd
 * are not ours to touch. Main loop only; owned by Bluez. */
#pragma once

#include "objects.h"
#include "base/error.h"
#include "base/address.h"

typedef struct Adapter Adapter;

typedef struct {
    /* The adapter is another one now, or none. */
    void (*replaced)(void *data);
    /* Power, name, switch or inquiry. */
    void (*changed)(void *data);
    /* The inquiry does not start: nothing changes, and who waits for it has to know. */
    void (*inquiry_failed)(void *data);
} AdapterEvents;

/* wanted: address or "auto"; alias: NULL leaves the name as it is. */
Adapter *adapter_new(const Objects *objects, const char *wanted, const char *alias,
                     const AdapterEvents *events, void *data);
/* Stops what it began, by messages that nobody waits for. */
void adapter_free(Adapter *adapter);

/* The objects have changed: chooses anew if it must, and keeps what it holds. */
void adapter_update(Adapter *adapter);

/* NULL: there is none. */
const char *adapter_path(const Adapter *adapter);
Address adapter_address(const Adapter *adapter);
const char *adapter_alias(const Adapter *adapter);
bool adapter_is_powered(const Adapter *adapter);
bool adapter_is_blocked(const Adapter *adapter);
bool adapter_is_discovering(const Adapter *adapter);
/* An object of this adapter: its devices, their transports. */
bool adapter_owns(const Adapter *adapter, const char *path);

/* On: once more also if it has failed; else that waits for the power. */
void adapter_discover(Adapter *adapter, bool on);
/* done (may be NULL) comes from the main loop; not at all if the adapter is replaced before. */
void adapter_set_pairable(Adapter *adapter, bool on, void (*done)(const GError *error, void *data),
                          void *data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Adapter, adapter_free)
