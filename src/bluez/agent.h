/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Agent: answers bluetoothd's questions about pairing and access. It says yes only to the device
 * that we are pairing ourselves, and lets only bonded, saved speakers use A2DP and AVRCP.
 * DisplayYesNo, since with NoInputNoOutput the kernel accepts any incoming pairing without asking
 * (BlueZ 5.66). Main loop only; owned by Bluez. */
#pragma once

#include "objects.h"

typedef struct Agent Agent;

typedef struct {
    /* Registered, or no longer. */
    void (*changed)(void *data);
    /* Is this the device that we are pairing just now? Answered at once. */
    bool (*is_pairing)(const char *device, void *data);
    /* The PIN for it. */
    const char *(*pin)(const char *device, void *data);
    /* A bonded, saved speaker of our adapter, or the one that we are pairing? */
    bool (*is_welcome)(const char *device, void *data);
} AgentEvents;

Agent *agent_new(const Objects *objects, const AgentEvents *events, void *data);
void agent_free(Agent *agent);
/* bluetoothd is there: registers, again and again if it must, and asks once to be the default. */
void agent_register(Agent *agent);
/* bluetoothd is gone, and with it the registration. */
void agent_lost(Agent *agent);
bool agent_is_registered(const Agent *agent);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Agent, agent_free)
