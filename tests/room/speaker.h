/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * speaker: a Bluetooth loudspeaker (or a phone) made of an adapter, the machine's bluetoothd and
 * this program. Shared by speaker.c, which is one, and command.c, which obeys.
 *
 * One thread, one main loop; comes back by itself when the adapter or bluetoothd was gone.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "endpoint.h"
#include "host.h"
#include "link.h"
#include "recorder.h"

#define SPEAKER_ENDPOINT_PATH "/room/speaker"

typedef struct {
    int index;
    char *name;
    char *out;
    char *caps;
    char *agent;
    char *class;
    gboolean phone;
} SpeakerOptions;

typedef struct Speaker {
    SpeakerOptions options;
    GMainLoop *loop;
    GDBusConnection *bus;
    GDBusConnection *media; /* the endpoint's own: bluetoothd aborts its stream if it goes */
    GDBusObjectManager *objects;
    Host *host;
    Endpoint *endpoint;
    Recorder *recorder;
    Link *link;
    uint8_t caps[4];
    bool registered;
    char *device;       /* path of the source we last saw */
    char *when_settled; /* the command to answer when the adapter is as wanted */
} Speaker;

/* Prints {"event": name, key: value, "t": now}; key may be NULL. */
void speaker_event(const char *name, const char *key, const char *value);
/* Registers the endpoint; the speaker is "ready" when that and the adapter are done. */
void speaker_register(Speaker *speaker);
/* Opens the endpoint's own bus connection. */
bool speaker_connect_media(Speaker *speaker, GError **error);
/* Answers the command `name` when the speaker is ready again. */
void speaker_reply_when_ready(Speaker *speaker, const char *name);
