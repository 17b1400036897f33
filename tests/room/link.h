/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * link: the speaker's end of a media transport. Takes the transport when its source starts it
 * ("pending"), reads the packets into the recorder and prints what happens as events.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "recorder.h"

typedef struct Link Link;

Link *link_new(Recorder *recorder);
/* The connection that takes transports: its end is the end of the stream. */
void link_set_bus(Link *link, GDBusConnection *bus);
/* The source configured a stream: its transport. NULL: there is none any more. */
void link_set_transport(Link *link, GDBusProxy *transport);
/* The transport, or NULL; belongs to the link. */
GDBusProxy *link_transport(const Link *link);
/* To be called when its State changed. */
void link_update(Link *link);
/* Off: takes no more packets from the transport, but keeps it. */
void link_set_reading(Link *link, bool reading);
/* Sends START, as a speaker does that wants to be fed. */
void link_acquire(Link *link);
/* Prints an event once the recording holds `count` packets. */
void link_notify(Link *link, uint64_t count);
const char *link_state(const Link *link);
