/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "errors.h"

#include <errno.h>
#include <gio/gio.h>

#define BLUEZ(word) "org.bluez.Error." word
#define DBUS(word)  "org.freedesktop.DBus.Error." word

typedef struct {
    BluezCall call;
    const char *name;
    const char *message; /* what BlueZ's begins with; NULL: any */
    EchocastError code;
    Verdict verdict;
} ErrorRow;

/* The first row that fits counts. */
/* clang-format off */
static const ErrorRow rows[] = {
    /* Connect: btd_error_bredr_conn_from_errno() and its callers. BlueZ 5.66 passes few causes through
     * (a2dp.c:error_to_errno), so that br-connection-unknown is refused, timed out, stale key or
     * failed authentication. */
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "br-connection-page-timeout",
     ECHOCAST_ERROR_UNREACHABLE, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "br-connection-unknown",
     ECHOCAST_ERROR_HANDSHAKE_BROKEN, VERDICT_PROBE},
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "br-connection-canceled",
     ECHOCAST_ERROR_HANDSHAKE_BROKEN, VERDICT_PROBE},
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "br-connection-refused",
     ECHOCAST_ERROR_SPEAKER_BUSY, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "br-connection-key-missing",
     ECHOCAST_ERROR_STALE_BOND, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "br-connection-create-socket",
     ECHOCAST_ERROR_HANDSHAKE_BROKEN, VERDICT_SETUP},
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "br-connection-busy",
     ECHOCAST_ERROR_IN_PROGRESS, VERDICT_STUCK},
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "br-connection-adapter-not-powered",
     ECHOCAST_ERROR_ADAPTER_OFF, VERDICT_FINAL},
    /* Nobody on our side has a source endpoint: it has gone with an older bluetoothd. */
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "br-connection-profile-unavailable",
     ECHOCAST_ERROR_FAILED, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "br-connection-aborted-by",
     ECHOCAST_ERROR_LINK_LOST, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "br-connection-timeout",
     ECHOCAST_ERROR_UNREACHABLE, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "br-connection-sdp-search",
     ECHOCAST_ERROR_UNREACHABLE, VERDICT_PROBE},
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "br-connection-concurrent-connection-limit",
     ECHOCAST_ERROR_TOO_MANY_SPEAKERS, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), "Host is down",
     ECHOCAST_ERROR_UNREACHABLE, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, BLUEZ("Failed"), NULL,
     ECHOCAST_ERROR_FAILED, VERDICT_PROBE},
    {BLUEZ_CALL_CONNECT, BLUEZ("NotAvailable"), NULL,
     ECHOCAST_ERROR_NOT_A_SPEAKER, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, BLUEZ("BREDR.ProfileUnavailable"), NULL,
     ECHOCAST_ERROR_NOT_A_SPEAKER, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, DBUS("UnknownObject"), NULL,
     ECHOCAST_ERROR_NOT_FOUND, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, DBUS("UnknownMethod"), NULL,
     ECHOCAST_ERROR_NOT_FOUND, VERDICT_FINAL},

    /* Pair: device.c:new_authentication_return(), from the HCI status. */
    {BLUEZ_CALL_PAIR, BLUEZ("ConnectionAttemptFailed"), NULL,
     ECHOCAST_ERROR_UNREACHABLE, VERDICT_FINAL},
    {BLUEZ_CALL_PAIR, BLUEZ("AuthenticationFailed"), NULL,
     ECHOCAST_ERROR_PAIRING_REFUSED, VERDICT_FINAL},
    {BLUEZ_CALL_PAIR, BLUEZ("AuthenticationRejected"), NULL,
     ECHOCAST_ERROR_NOT_IN_PAIRING_MODE, VERDICT_FINAL},
    {BLUEZ_CALL_PAIR, BLUEZ("AuthenticationCanceled"), NULL,
     ECHOCAST_ERROR_PAIRING_REFUSED, VERDICT_FINAL},
    {BLUEZ_CALL_PAIR, BLUEZ("AuthenticationTimeout"), NULL,
     ECHOCAST_ERROR_TIMED_OUT, VERDICT_FINAL},
    /* On ConnectionAttemptFailed the object disappears at once, and a second Pair finds none. */
    {BLUEZ_CALL_PAIR, DBUS("UnknownObject"), NULL,
     ECHOCAST_ERROR_UNREACHABLE, VERDICT_FINAL},
    {BLUEZ_CALL_PAIR, DBUS("UnknownMethod"), NULL,
     ECHOCAST_ERROR_UNREACHABLE, VERDICT_FINAL},

    /* Acquire: transport.c:acquire(), or AVDTP START refused or timed out. */
    {BLUEZ_CALL_ACQUIRE, BLUEZ("NotAuthorized"), NULL,
     ECHOCAST_ERROR_CONNECTED_NO_AUDIO, VERDICT_FINAL},
    {BLUEZ_CALL_ACQUIRE, BLUEZ("Failed"), NULL,
     ECHOCAST_ERROR_CONNECTED_NO_AUDIO, VERDICT_FINAL},
    {BLUEZ_CALL_ACQUIRE, BLUEZ("NotReady"), NULL,
     ECHOCAST_ERROR_LINK_LOST, VERDICT_FINAL},
    {BLUEZ_CALL_ACQUIRE, DBUS("NoReply"), NULL,
     ECHOCAST_ERROR_LINK_LOST, VERDICT_FINAL},
    {BLUEZ_CALL_ACQUIRE, DBUS("UnknownObject"), NULL,
     ECHOCAST_ERROR_LINK_LOST, VERDICT_FINAL},
    {BLUEZ_CALL_ACQUIRE, DBUS("UnknownMethod"), NULL,
     ECHOCAST_ERROR_LINK_LOST, VERDICT_FINAL},

    {BLUEZ_CALL_ANY, BLUEZ("NotReady"), NULL, ECHOCAST_ERROR_ADAPTER_OFF, VERDICT_FINAL},
    {BLUEZ_CALL_ANY, BLUEZ("Blocked"), NULL, ECHOCAST_ERROR_ADAPTER_BLOCKED, VERDICT_FINAL},
    {BLUEZ_CALL_ANY, BLUEZ("InProgress"), NULL, ECHOCAST_ERROR_IN_PROGRESS, VERDICT_FINAL},
    {BLUEZ_CALL_ANY, BLUEZ("Busy"), NULL, ECHOCAST_ERROR_IN_PROGRESS, VERDICT_FINAL},
    {BLUEZ_CALL_ANY, BLUEZ("DoesNotExist"), NULL, ECHOCAST_ERROR_NOT_FOUND, VERDICT_FINAL},
    {BLUEZ_CALL_ANY, DBUS("UnknownObject"), NULL, ECHOCAST_ERROR_NOT_FOUND, VERDICT_FINAL},
    {BLUEZ_CALL_ANY, DBUS("UnknownMethod"), NULL, ECHOCAST_ERROR_NOT_FOUND, VERDICT_FINAL},
    {BLUEZ_CALL_ANY, DBUS("NoReply"), NULL, ECHOCAST_ERROR_BLUEZ_NOT_RUNNING, VERDICT_FINAL},
    {BLUEZ_CALL_ANY, DBUS("ServiceUnknown"), NULL, ECHOCAST_ERROR_BLUEZ_NOT_RUNNING, VERDICT_FINAL},
    {BLUEZ_CALL_ANY, DBUS("NameHasNoOwner"), NULL, ECHOCAST_ERROR_BLUEZ_NOT_RUNNING, VERDICT_FINAL},
    {BLUEZ_CALL_ANY, DBUS("Disconnected"), NULL, ECHOCAST_ERROR_BLUEZ_NOT_RUNNING, VERDICT_FINAL},
    {BLUEZ_CALL_ANY, DBUS("AccessDenied"), NULL, ECHOCAST_ERROR_ACCESS_DENIED, VERDICT_FINAL},
};
/* clang-format on */

static const struct {
    int errnum;
    EchocastError code;
} probe_rows[] = {
    {0, ECHOCAST_ERROR_HANDSHAKE_BROKEN},
    {EHOSTDOWN, ECHOCAST_ERROR_UNREACHABLE}, /* page timeout */
    {ETIMEDOUT, ECHOCAST_ERROR_UNREACHABLE},
    {ECONNRESET, ECHOCAST_ERROR_UNREACHABLE},
    {EPIPE, ECHOCAST_ERROR_UNREACHABLE}, /* the link fell before we had asked */
    {ENOTCONN, ECHOCAST_ERROR_UNREACHABLE},
    {EBADE, ECHOCAST_ERROR_STALE_BOND},  /* PIN or key missing: the speaker has forgotten us */
    {EACCES, ECHOCAST_ERROR_STALE_BOND}, /* authentication failed: the keys differ */
    {ECONNREFUSED, ECHOCAST_ERROR_SPEAKER_BUSY},
    {ECONNABORTED, ECHOCAST_ERROR_SPEAKER_BUSY},
    {EMLINK, ECHOCAST_ERROR_TOO_MANY_SPEAKERS},
    {EALREADY, ECHOCAST_ERROR_IN_PROGRESS}, /* a link is being made or ended */
    {EBUSY, ECHOCAST_ERROR_IN_PROGRESS},
    {ENETDOWN, ECHOCAST_ERROR_ADAPTER_OFF},
    {ENODEV, ECHOCAST_ERROR_ADAPTER_OFF},
    {EHOSTUNREACH, ECHOCAST_ERROR_ADAPTER_OFF},
};

static bool row_fits(const ErrorRow *row, BluezCall call, const char *name, const char *message)
{
    if (row->call != BLUEZ_CALL_ANY && row->call != call)
        return false;
    return g_str_equal(row->name, name) &&
           (!row->message || g_str_has_prefix(message, row->message));
}

static char *error_words(const GError *error)
{
    g_autoptr(GError) copy = g_error_copy(error);

    g_dbus_error_strip_remote_error(copy);
    return g_strdup(copy->message);
}

static char *error_name(const GError *error)
{
    return g_dbus_error_is_remote_error(error) ? g_dbus_error_get_remote_error(error) : NULL;
}

EchocastError errors_judge(BluezCall call, const GError *error, Verdict *verdict)
{
    g_autofree char *name = error_name(error);
    g_autofree char *words = error_words(error);

    if (verdict)
        *verdict = VERDICT_FINAL;
    for (size_t i = 0; name && i < G_N_ELEMENTS(rows); i++) {
        if (!row_fits(&rows[i], call, name, words))
            continue;
        if (verdict)
            *verdict = rows[i].verdict;
        return rows[i].code;
    }
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        return ECHOCAST_ERROR_TIMED_OUT;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CLOSED))
        return ECHOCAST_ERROR_BLUEZ_NOT_RUNNING;
    return ECHOCAST_ERROR_FAILED;
}

GError *errors_restate(EchocastError code, const GError *error)
{
    g_autofree char *name = error_name(error);
    g_autofree char *words = error_words(error);

    return g_error_new(ECHOCAST_ERROR, (int)code, "%s%s%s", name ? name : "", name ? ": " : "",
                       words);
}

GError *errors_translate(BluezCall call, const GError *error)
{
    if (error->domain == ECHOCAST_ERROR)
        return g_error_copy(error);
    return errors_restate(errors_judge(call, error, NULL), error);
}

EchocastError errors_judge_probe(int errnum)
{
    for (size_t i = 0; i < G_N_ELEMENTS(probe_rows); i++) {
        if (probe_rows[i].errnum == errnum)
            return probe_rows[i].code;
    }
    return ECHOCAST_ERROR_FAILED;
}

bool errors_is(const GError *error, const char *word)
{
    g_autofree char *name = error_name(error);
    const char *dot = name ? strrchr(name, '.') : NULL;

    return dot && g_str_equal(dot + 1, word);
}
