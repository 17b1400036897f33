/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Pump: what the audio thread does: waits for the moment at which a packet is full, feeds what the
 * loopback has to all streams, sends, sleeps. It belongs to the thread while that runs; no GLib
 * loop, no log, and on a sample's path no allocation and no lock. */
#pragma once

#include "audio/mailbox.h"

#define PUMP_STREAMS_MAX 16

typedef struct Pump Pump;

Pump *pump_new(const EngineOptions *options, Mailbox *inbox, Mailbox *outbox);
/* After the thread has ended. The streams are the engine's. */
void pump_free(Pump *pump);
/* The thread's function: until MAIL_QUIT. */
void *pump_run(void *pump);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pump, pump_free)
