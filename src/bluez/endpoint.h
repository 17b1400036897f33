/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Endpoints: our A2DP SBC source endpoints, registered with the adapter before anything connects.
 * Several of them: up to BlueZ 5.82 one carries one stream. Answers bluetoothd at once, which waits
 * three seconds. What comes from the air is checked before it is taken. Main loop only; owned by
 * Bluez. */
#pragma once

#include "bluez.h"
#include "objects.h"

typedef struct Endpoints Endpoints;

typedef struct {
    /* All registered, or no longer. */
    void (*changed)(void *data);
    /* A bonded, saved speaker of our adapter, or the one that we are pairing? Answered at once. */
    bool (*is_welcome)(const char *device, void *data);
    void (*configured)(const char *transport, const char *device, const SbcConfig *config,
                       GVariant *properties, void *data);
    void (*cleared)(const char *transport, void *data);
} EndpointsEvents;

Endpoints *endpoints_new(const Objects *objects, unsigned count, const SbcWish *wish,
                         const EndpointsEvents *events, void *data);
void endpoints_free(Endpoints *endpoints);
/* adapter: NULL: there is none; another one: what was registered has gone with the former. Waits
 * for the adapter's Media1 by itself: call it again when the objects have changed. */
void endpoints_register(Endpoints *endpoints, const char *adapter);
bool endpoints_are_registered(const Endpoints *endpoints);
unsigned endpoints_count(const Endpoints *endpoints);
/* A connection is about to be made; what the next two tell is since then, and of any speaker:
 * SelectConfiguration does not say whose it is. */
void endpoints_begin(Endpoints *endpoints);
/* Has it come as far as SelectConfiguration? */
bool endpoints_were_asked(const Endpoints *endpoints);
/* Why we refused the last SelectConfiguration; NULL if we did not. */
const GError *endpoints_refusal(const Endpoints *endpoints);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Endpoints, endpoints_free)
