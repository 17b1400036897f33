/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Each row is what bluetoothd answers, as it comes over the bus, and what we make of it. */
#include "bluez/errors.h"

#include <errno.h>
#include <gio/gio.h>

#define FAILED "org.bluez.Error.Failed"

typedef struct {
    BluezCall call;
    const char *name;
    const char *message;
    EchocastError code;
    Verdict verdict;
} Row;

static const Row rows[] = {
    {BLUEZ_CALL_CONNECT, FAILED, "br-connection-page-timeout", ECHOCAST_ERROR_UNREACHABLE,
     VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, FAILED, "br-connection-unknown", ECHOCAST_ERROR_HANDSHAKE_BROKEN,
     VERDICT_PROBE},
    {BLUEZ_CALL_CONNECT, FAILED, "br-connection-canceled", ECHOCAST_ERROR_HANDSHAKE_BROKEN,
     VERDICT_PROBE},
    {BLUEZ_CALL_CONNECT, FAILED, "br-connection-refused", ECHOCAST_ERROR_SPEAKER_BUSY,
     VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, FAILED, "br-connection-key-missing", ECHOCAST_ERROR_STALE_BOND,
     VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, FAILED, "br-connection-create-socket", ECHOCAST_ERROR_HANDSHAKE_BROKEN,
     VERDICT_SETUP},
    {BLUEZ_CALL_CONNECT, FAILED, "br-connection-busy", ECHOCAST_ERROR_IN_PROGRESS, VERDICT_STUCK},
    {BLUEZ_CALL_CONNECT, "org.bluez.Error.InProgress", "br-connection-busy",
     ECHOCAST_ERROR_IN_PROGRESS, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, "org.bluez.Error.NotAvailable", "br-connection-profile-unavailable",
     ECHOCAST_ERROR_NOT_A_SPEAKER, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, "org.bluez.Error.BREDR.ProfileUnavailable",
     "No more profiles to connect to", ECHOCAST_ERROR_NOT_A_SPEAKER, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, "org.bluez.Error.NotReady", "br-connection-adapter-not-powered",
     ECHOCAST_ERROR_ADAPTER_OFF, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, FAILED, "br-connection-aborted-by-remote", ECHOCAST_ERROR_LINK_LOST,
     VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, FAILED, "something new", ECHOCAST_ERROR_FAILED, VERDICT_PROBE},
    {BLUEZ_CALL_CONNECT, "org.freedesktop.DBus.Error.UnknownObject", "Method \"ConnectProfile\"",
     ECHOCAST_ERROR_NOT_FOUND, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, "org.freedesktop.DBus.Error.NoReply",
     "Message recipient disconnected from message bus without replying",
     ECHOCAST_ERROR_BLUEZ_NOT_RUNNING, VERDICT_FINAL},
    {BLUEZ_CALL_CONNECT, "org.freedesktop.DBus.Error.ServiceUnknown",
     "The name :1.4 was not provided by any .service files", ECHOCAST_ERROR_BLUEZ_NOT_RUNNING,
     VERDICT_FINAL},
    {BLUEZ_CALL_PAIR, "org.bluez.Error.ConnectionAttemptFailed", "Page Timeout",
     ECHOCAST_ERROR_UNREACHABLE, VERDICT_FINAL},
    {BLUEZ_CALL_PAIR, "org.bluez.Error.AuthenticationFailed", "Authentication Failed",
     ECHOCAST_ERROR_PAIRING_REFUSED, VERDICT_FINAL},
    {BLUEZ_CALL_PAIR, "org.bluez.Error.AuthenticationRejected", "Authentication Rejected",
     ECHOCAST_ERROR_NOT_IN_PAIRING_MODE, VERDICT_FINAL},
    {BLUEZ_CALL_PAIR, "org.bluez.Error.AuthenticationCanceled", "Authentication Canceled",
     ECHOCAST_ERROR_PAIRING_REFUSED, VERDICT_FINAL},
    {BLUEZ_CALL_PAIR, "org.bluez.Error.AuthenticationTimeout", "Authentication Timeout",
     ECHOCAST_ERROR_TIMED_OUT, VERDICT_FINAL},
    {BLUEZ_CALL_PAIR, "org.bluez.Error.InProgress", "In Progress", ECHOCAST_ERROR_IN_PROGRESS,
     VERDICT_FINAL},
    /* The words of one call mean nothing in another. */
    {BLUEZ_CALL_PAIR, FAILED, "br-connection-page-timeout", ECHOCAST_ERROR_FAILED, VERDICT_FINAL},
    {BLUEZ_CALL_ACQUIRE, "org.bluez.Error.NotAuthorized", "Operation Not Authorized",
     ECHOCAST_ERROR_CONNECTED_NO_AUDIO, VERDICT_FINAL},
    {BLUEZ_CALL_ACQUIRE, FAILED, "Input/output error", ECHOCAST_ERROR_CONNECTED_NO_AUDIO,
     VERDICT_FINAL},
    {BLUEZ_CALL_ACQUIRE, "org.freedesktop.DBus.Error.UnknownObject", "Method \"Acquire\"",
     ECHOCAST_ERROR_LINK_LOST, VERDICT_FINAL},
    /* Why the stream is gone is the state's to tell. */
    {BLUEZ_CALL_ACQUIRE, "org.bluez.Error.NotReady", "Resource Not Ready", ECHOCAST_ERROR_LINK_LOST,
     VERDICT_FINAL},
    {BLUEZ_CALL_ACQUIRE, "org.freedesktop.DBus.Error.NoReply", "Message recipient disconnected",
     ECHOCAST_ERROR_LINK_LOST, VERDICT_FINAL},
    {BLUEZ_CALL_ANY, "org.bluez.Error.NotReady", "Resource Not Ready", ECHOCAST_ERROR_ADAPTER_OFF,
     VERDICT_FINAL},
    {BLUEZ_CALL_ANY, "org.bluez.Error.Blocked", "Blocked through rfkill",
     ECHOCAST_ERROR_ADAPTER_BLOCKED, VERDICT_FINAL},
};

static void test_table(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = g_dbus_error_new_for_dbus_error(rows[i].name, rows[i].message);
        Verdict verdict;

        g_test_message("%s|%s", rows[i].name, rows[i].message);
        g_assert_cmpint(errors_judge(rows[i].call, error, &verdict), ==, rows[i].code);
        g_assert_cmpint(verdict, ==, rows[i].verdict);
    }
}

static void test_words_are_kept(void)
{
    g_autoptr(GError) error = g_dbus_error_new_for_dbus_error(FAILED, "br-connection-unknown");
    g_autoptr(GError) ours = errors_translate(BLUEZ_CALL_CONNECT, error);

    g_assert_error(ours, ECHOCAST_ERROR, ECHOCAST_ERROR_HANDSHAKE_BROKEN);
    g_assert_cmpstr(ours->message, ==, FAILED ": br-connection-unknown");
}

static void test_ours_passes(void)
{
    g_autoptr(GError) error =
        g_error_new_literal(ECHOCAST_ERROR, ECHOCAST_ERROR_LINK_LOST, "as it was");
    g_autoptr(GError) ours = errors_translate(BLUEZ_CALL_PAIR, error);

    g_assert_error(ours, ECHOCAST_ERROR, ECHOCAST_ERROR_LINK_LOST);
    g_assert_cmpstr(ours->message, ==, "as it was");
}

static void test_time_is_up(void)
{
    g_autoptr(GError) error =
        g_error_new_literal(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "Timeout was reached");

    g_assert_cmpint(errors_judge(BLUEZ_CALL_CONNECT, error, NULL), ==, ECHOCAST_ERROR_TIMED_OUT);
    g_assert_false(errors_is(error, "TimedOut"));
}

static void test_probe(void)
{
    g_assert_cmpint(errors_judge_probe(0), ==, ECHOCAST_ERROR_HANDSHAKE_BROKEN);
    g_assert_cmpint(errors_judge_probe(EHOSTDOWN), ==, ECHOCAST_ERROR_UNREACHABLE);
    g_assert_cmpint(errors_judge_probe(EBADE), ==, ECHOCAST_ERROR_STALE_BOND);
    g_assert_cmpint(errors_judge_probe(EACCES), ==, ECHOCAST_ERROR_STALE_BOND);
    g_assert_cmpint(errors_judge_probe(ECONNREFUSED), ==, ECHOCAST_ERROR_SPEAKER_BUSY);
    /* A send on a channel that has fallen again. */
    g_assert_cmpint(errors_judge_probe(ENOTCONN), ==, ECHOCAST_ERROR_UNREACHABLE);
    g_assert_cmpint(errors_judge_probe(EPIPE), ==, ECHOCAST_ERROR_UNREACHABLE);
    g_assert_cmpint(errors_judge_probe(EIO), ==, ECHOCAST_ERROR_FAILED);
}

static void test_is(void)
{
    g_autoptr(GError) error =
        g_dbus_error_new_for_dbus_error("org.bluez.Error.NotAuthorized", "no");

    g_assert_true(errors_is(error, "NotAuthorized"));
    g_assert_false(errors_is(error, "Authorized"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/errors/table", test_table);
    g_test_add_func("/errors/words-are-kept", test_words_are_kept);
    g_test_add_func("/errors/ours-passes", test_ours_passes);
    g_test_add_func("/errors/time-is-up", test_time_is_up);
    g_test_add_func("/errors/probe", test_probe);
    g_test_add_func("/errors/is", test_is);
    return g_test_run();
}
