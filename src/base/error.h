/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Error: everything that can go wrong, as a closed set. The same word stands in the D-Bus error
 * name, in a speaker's Reason, in the CLI's "code", in the journal and in `diagnose`. Pure. */
#pragma once

#include <glib.h>

#define ECHOCAST_ERROR (echocast_error_quark())
GQuark echocast_error_quark(void);

typedef enum {
    ECHOCAST_ERROR_FAILED,
    ECHOCAST_ERROR_INVALID_ARGUMENTS,
    ECHOCAST_ERROR_NOT_FOUND,
    ECHOCAST_ERROR_AMBIGUOUS,
    ECHOCAST_ERROR_TIMED_OUT,
    ECHOCAST_ERROR_ACCESS_DENIED,
    ECHOCAST_ERROR_IN_PROGRESS,
    ECHOCAST_ERROR_CANCELLED,
    ECHOCAST_ERROR_DAEMON_NOT_RUNNING,
    ECHOCAST_ERROR_BLUEZ_NOT_RUNNING,
    ECHOCAST_ERROR_NO_ADAPTER,
    ECHOCAST_ERROR_ADAPTER_OFF,
    ECHOCAST_ERROR_ADAPTER_BLOCKED,
    ECHOCAST_ERROR_NOT_IN_PAIRING_MODE,
    ECHOCAST_ERROR_NOT_A_SPEAKER,
    ECHOCAST_ERROR_PAIRING_REFUSED,
    ECHOCAST_ERROR_STALE_BOND,
    ECHOCAST_ERROR_UNREACHABLE,
    ECHOCAST_ERROR_SPEAKER_BUSY,
    ECHOCAST_ERROR_HANDSHAKE_BROKEN,
    ECHOCAST_ERROR_INCOMPATIBLE,
    ECHOCAST_ERROR_CONNECTED_NO_AUDIO,
    ECHOCAST_ERROR_ENDPOINT_TAKEN,
    ECHOCAST_ERROR_LINK_LOST,
    ECHOCAST_ERROR_LOOPBACK_MISSING,
    ECHOCAST_ERROR_LOOPBACK_BUSY,
    ECHOCAST_ERROR_TOO_MANY_SPEAKERS,
} EchocastError;

#define ECHOCAST_ERROR_COUNT (ECHOCAST_ERROR_TOO_MANY_SPEAKERS + 1)

/* "NotFound": the word of the code, everywhere. */
const char *error_word(EchocastError code);
/* "org.echocast.Error.NotFound". */
const char *error_dbus_name(EchocastError code);
/* One sentence for people: what it means. */
const char *error_meaning(EchocastError code);
/* One sentence: what to do next. Never empty. */
const char *error_advice(EchocastError code);
/* The exit code of echocastctl for it (0 to 7, the manual's table). */
int error_exit_code(EchocastError code);
/* The code with that word or D-Bus name; ECHOCAST_ERROR_FAILED for none. */
EchocastError error_from_word(const char *word);
