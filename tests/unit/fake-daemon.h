/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* FakeDaemon: org.echocast as a script: the skeletons of the real interfaces, exported on a test
 * bus by the test's own process, with answers that the test chooses. */
#pragma once

#include "dbus-echocast.h"

#include <stdbool.h>

typedef struct FakeDaemon FakeDaemon;

/* What was called last, and how it shall be answered. */
typedef enum {
    FAKE_ANSWERS, /* as if all went well */
    FAKE_FAILS,   /* with error_name and error_message */
    FAKE_HANGS,   /* not at all, until it is cancelled */
} FakeManner;

FakeDaemon *fake_daemon_new(const char *bus_address);
void fake_daemon_free(FakeDaemon *fake);
/* Owns the name org.echocast, gives it away. */
void fake_daemon_appear(FakeDaemon *fake);
void fake_daemon_vanish(FakeDaemon *fake);

void fake_daemon_behave(FakeDaemon *fake, FakeManner manner, const char *error_name,
                        const char *error_message);
/* "Pair(default) timeout=<uint32 10>;CancelPairing();", what was called since the last time. */
const char *fake_daemon_calls(const FakeDaemon *fake);
void fake_daemon_forget_calls(FakeDaemon *fake);
/* The main loop turns until that stands in the calls. */
void fake_daemon_await_call(FakeDaemon *fake, const char *call);

EchocastManager1 *fake_daemon_manager(FakeDaemon *fake);
/* Adds a saved speaker in state "saved"; more by its skeleton. Returned as borrowed. */
EchocastSpeaker1 *fake_daemon_add(FakeDaemon *fake, const char *address, const char *name);
void fake_daemon_remove(FakeDaemon *fake, const char *address);
/* Gives the speaker a stream and makes it the active one. */
void fake_daemon_stream(FakeDaemon *fake, const char *address);
void fake_daemon_no_packets(FakeDaemon *fake);
/* CancelPairing is never answered. */
void fake_daemon_ignore_cancel(FakeDaemon *fake);
void fake_daemon_progress(FakeDaemon *fake, const char *stage, const char *text);
/* "/org/echocast/speaker/AA_BB_CC_DD_EE_FF". */
char *fake_daemon_path(const char *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeDaemon, fake_daemon_free)
