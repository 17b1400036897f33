/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Joint: the daemon's own parts, shared by the files of this folder and nobody else. */
#pragma once

#include "audio/engine.h"
#include "bluez/bluez.h"
#include "daemon/daemon.h"
#include "daemon/entry.h"
#include "daemon/inquiry.h"
#include "daemon/roster.h"
#include "service/service.h"
#include "service/store.h"

struct Daemon {
    Config *config;
    Store *store;
    Service *service;
    Bluez *bluez;
    Engine *engine;
    Roster *roster;
    Inquiry inquiry;

    BluezState bluez_state;
    Address adapter;
    char *adapter_alias;
    bool discovering;
    CaptureState capture;
    char *capture_detail;
    bool player_active;
    guint sweep;
};

/* The entry of that address, made if it is new. */
Entry *ensure_entry(Daemon *daemon, const Address *address);

/* The heart: decide, say, do, announce. detail may be NULL. */
void feed(Daemon *daemon, Entry *entry, SpeakerEvent event, EchocastError reason,
          const char *detail);
/* A failure as an event: its code is the reason, its message the detail. */
void feed_error(Daemon *daemon, Entry *entry, SpeakerEvent event, const GError *error);
/* The reason for a BlueZ that is not ready. */
EchocastError reason_of_state(BluezState state);
/* The same event to every speaker. */
void feed_all(Daemon *daemon, SpeakerEvent event, EchocastError reason);

/* Carries out the actions, in bit order. */
void perform(Daemon *daemon, Entry *entry, SpeakerActions actions);
void perform_tone(Daemon *daemon, Entry *entry, const Tone *tone);
/* Answers all waiters of that kind with what went wrong. */
void perform_fail_waiters(Daemon *daemon, Entry *entry, WaitKind kind, EchocastError reason);

/* Answers all waiters of that kind with the speaker's object path, when it is saved on disk. */
void perform_answer_path(Daemon *daemon, Entry *entry, WaitKind kind);

/* Says on D-Bus how things stand now. */
void publish_manager(Daemon *daemon);
void publish_speaker(Daemon *daemon, Entry *entry);
void publish_stream(Daemon *daemon, Entry *entry);
/* The speaker's own delay, assumed if it reports none. */
unsigned publish_delay_us(const Entry *entry);
/* Takes strangers that left off the roster, from the main loop. */
void publish_sweep_later(Daemon *daemon);

/* The tables of callbacks. */
extern const ServiceCalls ASKS;
extern const BluezEvents BLUEZ_EVENTS;
extern const EngineEvents ENGINE_EVENTS;
