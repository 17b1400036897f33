/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Transports: the configured streams between us and speakers, one a speaker. Acquire and Release
 * are serialised, and an Acquire is never cancelled: until BlueZ 5.79 a Release while it runs
 * aborts the stream. However a transport ends (ClearConfiguration, its object removed, the link or
 * bluetoothd gone, in any order), it is closed once. Main loop only; owned by Bluez. */
#pragma once

#include "bluez.h"
#include "objects.h"

typedef struct Transports Transports;

/* events: acquire_done, release_done and transport_*, delay_changed of it are used. */
Transports *transports_new(const Objects *objects, const BluezEvents *events, void *data);
void transports_free(Transports *transports);

/* properties: those of MediaTransport1 at this moment. held: transports_announce tells of it. */
void transports_open(Transports *transports, const char *path, const Address *address,
                     const SbcConfig *config, GVariant *properties, bool held);
void transports_announce(Transports *transports, const Address *address);
void transports_changed(Transports *transports, const char *path);
void transports_close_path(Transports *transports, const char *path);
void transports_close_address(Transports *transports, const Address *address);
void transports_close_all(Transports *transports);

bool transports_have(const Transports *transports, const Address *address);
unsigned transports_count(const Transports *transports);
/* False: there is none. */
bool transports_acquire(Transports *transports, const Address *address);
bool transports_release(Transports *transports, const Address *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Transports, transports_free)
