/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Errands: what is done to a device for the facade and ends with one answer: connect, disconnect,
 * unstick, remove. A failed connect is asked about until its cause is known. Main loop only; owned
 * by Bluez. */
#pragma once

#include "adapter.h"
#include "bluez.h"
#include "endpoint.h"
#include "transport.h"

typedef struct Errands Errands;

/* One answer each, as Bluez gives it. */
typedef struct {
    void (*connect_done)(const Address *address, const GError *error, void *data);
    void (*disconnect_done)(const Address *address, const GError *error, void *data);
    void (*unstick_done)(const Address *address, const GError *error, void *data);
    void (*remove_done)(const Address *address, const GError *error, void *data);
} ErrandsEvents;

Errands *errands_new(const Objects *objects, const Adapter *adapter, Endpoints *endpoints,
                     const Transports *transports, const ErrandsEvents *events, void *data);
void errands_free(Errands *errands);

void errands_connect(Errands *errands, const Address *address);
void errands_disconnect(Errands *errands, const Address *address);
void errands_unstick(Errands *errands, const Address *address);
void errands_remove(Errands *errands, const Address *address);
/* Is a connect of it under way? */
bool errands_are_connecting(const Errands *errands, const Address *address);
/* Perhaps its link is down now, or it is blocked since an unstick that did not end. */
void errands_device_changed(Errands *errands, const Address *address);
/* bluetoothd has dropped the device, and perhaps the answers with it. */
void errands_device_removed(Errands *errands, const Address *address);
/* The adapter or bluetoothd is gone, or no longer ready. */
void errands_abort(Errands *errands, EchocastError code);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Errands, errands_free)
