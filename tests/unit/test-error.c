/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "base/error.h"

#include "base/fd.h"
#include "echocast/names.h"

#include <fcntl.h>
#include <string.h>

/* Words and exit codes are public: this is a second copy of them on purpose. */
static const struct {
    EchocastError code;
    const char *word;
    int exit_code;
} contract[] = {
    {ECHOCAST_ERROR_FAILED, "Failed", 1},
    {ECHOCAST_ERROR_INVALID_ARGUMENTS, "InvalidArguments", 2},
    {ECHOCAST_ERROR_NOT_FOUND, "NotFound", 3},
    {ECHOCAST_ERROR_AMBIGUOUS, "Ambiguous", 3},
    {ECHOCAST_ERROR_TIMED_OUT, "TimedOut", 4},
    {ECHOCAST_ERROR_ACCESS_DENIED, "AccessDenied", 6},
    {ECHOCAST_ERROR_IN_PROGRESS, "InProgress", 7},
    {ECHOCAST_ERROR_CANCELLED, "Cancelled", 1},
    {ECHOCAST_ERROR_DAEMON_NOT_RUNNING, "DaemonNotRunning", 5},
    {ECHOCAST_ERROR_BLUEZ_NOT_RUNNING, "BluezNotRunning", 1},
    {ECHOCAST_ERROR_NO_ADAPTER, "NoAdapter", 1},
    {ECHOCAST_ERROR_ADAPTER_OFF, "AdapterOff", 1},
    {ECHOCAST_ERROR_ADAPTER_BLOCKED, "AdapterBlocked", 1},
    {ECHOCAST_ERROR_NOT_IN_PAIRING_MODE, "NotInPairingMode", 3},
    {ECHOCAST_ERROR_NOT_A_SPEAKER, "NotASpeaker", 1},
    {ECHOCAST_ERROR_PAIRING_REFUSED, "PairingRefused", 1},
    {ECHOCAST_ERROR_STALE_BOND, "StaleBond", 1},
    {ECHOCAST_ERROR_UNREACHABLE, "Unreachable", 1},
    {ECHOCAST_ERROR_SPEAKER_BUSY, "SpeakerBusy", 7},
    {ECHOCAST_ERROR_HANDSHAKE_BROKEN, "HandshakeBroken", 1},
    {ECHOCAST_ERROR_INCOMPATIBLE, "Incompatible", 1},
    {ECHOCAST_ERROR_CONNECTED_NO_AUDIO, "ConnectedNoAudio", 1},
    {ECHOCAST_ERROR_ENDPOINT_TAKEN, "EndpointTaken", 1},
    {ECHOCAST_ERROR_LINK_LOST, "LinkLost", 1},
    {ECHOCAST_ERROR_LOOPBACK_MISSING, "LoopbackMissing", 1},
    {ECHOCAST_ERROR_LOOPBACK_BUSY, "LoopbackBusy", 7},
    {ECHOCAST_ERROR_TOO_MANY_SPEAKERS, "TooManySpeakers", 1},
};

static void test_contract(void)
{
    g_assert_cmpuint(G_N_ELEMENTS(contract), ==, ECHOCAST_ERROR_COUNT);
    for (size_t i = 0; i < G_N_ELEMENTS(contract); i++) {
        g_autofree char *dbus_name = g_strconcat("org.echocast.Error.", contract[i].word, NULL);

        g_assert_cmpuint(contract[i].code, ==, i);
        g_assert_cmpstr(error_word(contract[i].code), ==, contract[i].word);
        g_assert_cmpstr(error_dbus_name(contract[i].code), ==, dbus_name);
        g_assert_cmpint(error_exit_code(contract[i].code), ==, contract[i].exit_code);
        g_assert_cmpuint(error_from_word(contract[i].word), ==, contract[i].code);
        g_assert_cmpuint(error_from_word(dbus_name), ==, contract[i].code);
    }
}

static void test_from_word_of_others(void)
{
    static const char *const others[] = {NULL,
                                         "",
                                         "notfound",
                                         "NotFoundX",
                                         "org.echocast.Error.",
                                         "org.echocast.Error.Nonsense",
                                         "org.bluez.Error.NotFound",
                                         "org.freedesktop.DBus.Error.AccessDenied"};

    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        g_assert_cmpuint(error_from_word(others[i]), ==, ECHOCAST_ERROR_FAILED);
}

/* A sentence: begins large or with our name or a command, ends with a full stop, stands on one
 * line. */
static void assert_sentence(const char *text)
{
    g_assert_nonnull(text);
    g_assert_cmpuint(strlen(text), >=, 15);
    g_assert_true(g_str_has_suffix(text, "."));
    g_assert_null(strpbrk(text, "\n\t"));
    g_assert_true(g_str_is_ascii(text));
    g_assert_true(g_ascii_isupper(text[0]) || text[0] == '\'' ||
                  g_str_has_prefix(text, "echocastd"));
}

static void test_sentences(void)
{
    for (unsigned code = 0; code < ECHOCAST_ERROR_COUNT; code++) {
        assert_sentence(error_meaning((EchocastError)code));
        assert_sentence(error_advice((EchocastError)code));
        for (unsigned other = 0; other < code; other++) {
            g_assert_cmpstr(error_meaning((EchocastError)code), !=,
                            error_meaning((EchocastError)other));
            g_assert_cmpstr(error_word((EchocastError)code), !=, error_word((EchocastError)other));
        }
    }
}

/* What a user must be able to find in the text, whatever its wording. */
static void test_names_the_remedy(void)
{
    static const struct {
        EchocastError code;
        const char *remedy;
    } cases[] = {
        {ECHOCAST_ERROR_ACCESS_DENIED, ECHOCAST_CONTROL_GROUP},
        {ECHOCAST_ERROR_NOT_IN_PAIRING_MODE, "button until it blinks fast"},
        {ECHOCAST_ERROR_DAEMON_NOT_RUNNING, "systemctl start echocastd"},
        {ECHOCAST_ERROR_BLUEZ_NOT_RUNNING, "systemctl start bluetooth"},
        {ECHOCAST_ERROR_ADAPTER_BLOCKED, "rfkill unblock bluetooth"},
        {ECHOCAST_ERROR_STALE_BOND, "echocastctl forget"},
        {ECHOCAST_ERROR_LOOPBACK_MISSING, "modprobe snd-aloop id=Echocast"},
        {ECHOCAST_ERROR_PAIRING_REFUSED, "--pin"},
        {ECHOCAST_ERROR_TIMED_OUT, "--timeout"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *advice = error_advice(cases[i].code);

        if (strstr(advice, cases[i].remedy) == NULL)
            g_error("'%s' does not say '%s'", advice, cases[i].remedy);
    }
}

static void test_out_of_range(void)
{
    g_assert_cmpstr(error_word((EchocastError)ECHOCAST_ERROR_COUNT), ==, "Failed");
    g_assert_cmpstr(error_word((EchocastError)-1), ==, "Failed");
}

static void test_quark(void)
{
    g_autoptr(GError) error = g_error_new(ECHOCAST_ERROR, ECHOCAST_ERROR_STALE_BOND, "key missing");

    g_assert_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_STALE_BOND);
    g_assert_cmpuint(echocast_error_quark(), !=, 0);
}

static void test_fd(void)
{
    int stolen;
    int closed;

    {
        fd_auto kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
        fd_auto left = open("/dev/null", O_RDONLY | O_CLOEXEC);

        g_assert_cmpint(kept, >=, 0);
        g_assert_cmpint(left, >=, 0);
        closed = left;
        stolen = fd_steal(&kept);
        g_assert_cmpint(kept, ==, -1);
    }
    g_assert_cmpint(fcntl(stolen, F_GETFD), >=, 0);
    g_assert_cmpint(fcntl(closed, F_GETFD), ==, -1);
    fd_clear(&stolen);
    g_assert_cmpint(stolen, ==, -1);
    fd_clear(&stolen);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/error/contract", test_contract);
    g_test_add_func("/error/from-word-of-others", test_from_word_of_others);
    g_test_add_func("/error/sentences", test_sentences);
    g_test_add_func("/error/names-the-remedy", test_names_the_remedy);
    g_test_add_func("/error/out-of-range", test_out_of_range);
    g_test_add_func("/error/quark", test_quark);
    g_test_add_func("/fd/closes-itself", test_fd);
    return g_test_run();
}
