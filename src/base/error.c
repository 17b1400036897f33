/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "base/error.h"

#include "echocast/names.h"

#include <string.h>

/* The exit codes of echocastctl, as its manual page lists them. */
enum {
    EXIT_FAILED = 1,
    EXIT_USAGE,
    EXIT_NOT_FOUND,
    EXIT_TIMED_OUT,
    EXIT_NO_DAEMON,
    EXIT_DENIED,
    EXIT_BUSY,
};

typedef struct {
    const char *word;
    const char *dbus_name;
    int exit_code;
    const char *meaning;
    const char *advice;
} Row;

#define ROW(word, exit_code, meaning, advice)                                                      \
    {                                                                                              \
        word, ECHOCAST_ERROR_PREFIX word, exit_code, meaning, advice                               \
    }

static const Row rows[] = {
    [ECHOCAST_ERROR_FAILED] =
        ROW("Failed", EXIT_FAILED, "Something went wrong that has no name of its own.",
            "Try again; if it stays, 'journalctl -u echocastd' tells more."),
    [ECHOCAST_ERROR_INVALID_ARGUMENTS] =
        ROW("InvalidArguments", EXIT_USAGE, "A value of the command is not one it can take.",
            "See 'echocastctl COMMAND --help' for the values it takes."),
    [ECHOCAST_ERROR_NOT_FOUND] =
        ROW("NotFound", EXIT_NOT_FOUND, "No speaker goes by that name or address.",
            "'echocastctl list' shows the saved speakers, 'echocastctl scan' those in reach."),
    [ECHOCAST_ERROR_AMBIGUOUS] = ROW("Ambiguous", EXIT_NOT_FOUND, "More than one speaker fits.",
                                     "Give more letters of the name, or the address."),
    [ECHOCAST_ERROR_TIMED_OUT] =
        ROW("TimedOut", EXIT_TIMED_OUT, "It did not come to an end in the time allowed.",
            "Move the speaker closer and try again, or allow more time with --timeout."),
    [ECHOCAST_ERROR_ACCESS_DENIED] =
        ROW("AccessDenied", EXIT_DENIED,
            "Only root and members of the group " ECHOCAST_CONTROL_GROUP " may change something.",
            "Add yourself with 'sudo usermod -aG " ECHOCAST_CONTROL_GROUP
            " USER' and log in again, or use sudo."),
    [ECHOCAST_ERROR_IN_PROGRESS] =
        ROW("InProgress", EXIT_BUSY, "The same thing is already being done.",
            "Wait for it to end; 'echocastctl cancel' ends a pairing."),
    [ECHOCAST_ERROR_CANCELLED] =
        ROW("Cancelled", EXIT_FAILED, "It was cancelled before it was done.",
            "Nothing is left half done; start it again when you like."),
    [ECHOCAST_ERROR_DAEMON_NOT_RUNNING] =
        ROW("DaemonNotRunning", EXIT_NO_DAEMON, "echocastd is not running.",
            "Start it with 'sudo systemctl start echocastd'."),
    [ECHOCAST_ERROR_BLUEZ_NOT_RUNNING] =
        ROW("BluezNotRunning", EXIT_FAILED,
            "The system's Bluetooth service (bluetoothd) is not running.",
            "Start it with 'sudo systemctl start bluetooth'; echocastd goes on by itself then."),
    [ECHOCAST_ERROR_NO_ADAPTER] =
        ROW("NoAdapter", EXIT_FAILED, "This machine has no Bluetooth adapter that works.",
            "Plug one in, or see with 'dmesg | grep -i bluetooth' why it does not start."),
    [ECHOCAST_ERROR_ADAPTER_OFF] =
        ROW("AdapterOff", EXIT_FAILED, "The Bluetooth adapter is switched off.",
            "Switch it on with 'bluetoothctl power on'."),
    [ECHOCAST_ERROR_ADAPTER_BLOCKED] =
        ROW("AdapterBlocked", EXIT_FAILED,
            "The Bluetooth adapter is blocked by a switch or by software (rfkill).",
            "Unblock it with 'sudo rfkill unblock bluetooth'; look for a switch on the machine."),
    [ECHOCAST_ERROR_NOT_IN_PAIRING_MODE] =
        ROW("NotInPairingMode", EXIT_NOT_FOUND,
            "No answer to the search: switched on is not yet ready to pair.",
            "Hold the speaker's Bluetooth button until it blinks fast, stay within 2 m, and pair "
            "again."),
    [ECHOCAST_ERROR_NOT_A_SPEAKER] =
        ROW("NotASpeaker", EXIT_FAILED,
            "This device is not a speaker: it takes no sound over Bluetooth (a phone or a computer "
            "is a source, as we are).",
            "Choose a speaker; 'echocastctl scan' lists those in reach."),
    [ECHOCAST_ERROR_PAIRING_REFUSED] =
        ROW("PairingRefused", EXIT_FAILED, "The speaker refused to pair.",
            "Put it into pairing mode again and retry; an old one may want its code: 'echocastctl "
            "pair --pin PIN'."),
    [ECHOCAST_ERROR_STALE_BOND] =
        ROW("StaleBond", EXIT_FAILED,
            "The pairing is no longer valid: the speaker has forgotten it, or has another key.",
            "Run 'echocastctl forget SPEAKER', clear the pairing list on the speaker too, put it "
            "into pairing mode, and 'echocastctl pair SPEAKER'."),
    [ECHOCAST_ERROR_UNREACHABLE] =
        ROW("Unreachable", EXIT_FAILED,
            "The speaker does not answer: it is off, out of range, or busy with another device.",
            "Switch it on, bring it closer, and disconnect it from phones nearby."),
    [ECHOCAST_ERROR_SPEAKER_BUSY] =
        ROW("SpeakerBusy", EXIT_BUSY,
            "The speaker is there but turns us away: most serve one device at a time.",
            "Disconnect it from the other device (switch Bluetooth off on the phone), then connect "
            "again."),
    [ECHOCAST_ERROR_HANDSHAKE_BROKEN] =
        ROW("HandshakeBroken", EXIT_FAILED,
            "The link came up, but agreeing on the sound stream broke off half-way.",
            "Connect again; if it stays, switch the speaker off and on."),
    [ECHOCAST_ERROR_INCOMPATIBLE] = ROW(
        "Incompatible", EXIT_FAILED, "The speaker and Echocast found no common form of SBC sound.",
        "Try the other sample rate (44100 or 48000) in echocast.conf, section [Audio]."),
    [ECHOCAST_ERROR_CONNECTED_NO_AUDIO] =
        ROW("ConnectedNoAudio", EXIT_FAILED,
            "The speaker is linked, but no sound stream can be opened.",
            "Run 'echocastctl disconnect', then 'echocastctl connect'; if it stays, switch the "
            "speaker off and on."),
    [ECHOCAST_ERROR_ENDPOINT_TAKEN] =
        ROW("EndpointTaken", EXIT_FAILED,
            "Another sound server on this machine (PulseAudio, PipeWire, BlueALSA) has taken the "
            "speaker.",
            "Stop it or switch its Bluetooth part off, then connect again."),
    [ECHOCAST_ERROR_LINK_LOST] = ROW(
        "LinkLost", EXIT_FAILED, "The radio link broke: out of range, switched off, or disturbed.",
        "Bring the speaker closer; echocastd connects it again by itself."),
    [ECHOCAST_ERROR_LOOPBACK_MISSING] =
        ROW("LoopbackMissing", EXIT_FAILED,
            "The sound card that applications play into (snd-aloop) is not there.",
            "Load it with 'sudo modprobe snd-aloop id=" ECHOCAST_CARD_ID
            "'; echocastd goes on by itself then."),
    [ECHOCAST_ERROR_LOOPBACK_BUSY] =
        ROW("LoopbackBusy", EXIT_BUSY,
            "Another program holds the loopback, or has fixed another sample rate on it.",
            "See with 'fuser -v /dev/snd/*' who it is and stop it; play through the ALSA device "
            "'echocast'."),
    [ECHOCAST_ERROR_TOO_MANY_SPEAKERS] =
        ROW("TooManySpeakers", EXIT_FAILED, "As many speakers are saved as are allowed.",
            "Remove one with 'echocastctl forget SPEAKER', then pair again."),
};

G_STATIC_ASSERT(G_N_ELEMENTS(rows) == ECHOCAST_ERROR_COUNT);

GQuark echocast_error_quark(void)
{
    return g_quark_from_static_string("echocast-error");
}

/* A code may come from a GError of anybody: one out of range is Failed. */
static const Row *row_of(EchocastError code)
{
    return &rows[(unsigned)code < ECHOCAST_ERROR_COUNT ? code : ECHOCAST_ERROR_FAILED];
}

const char *error_word(EchocastError code)
{
    return row_of(code)->word;
}

const char *error_dbus_name(EchocastError code)
{
    return row_of(code)->dbus_name;
}

const char *error_meaning(EchocastError code)
{
    return row_of(code)->meaning;
}

const char *error_advice(EchocastError code)
{
    return row_of(code)->advice;
}

int error_exit_code(EchocastError code)
{
    return row_of(code)->exit_code;
}

EchocastError error_from_word(const char *word)
{
    if (word == NULL)
        return ECHOCAST_ERROR_FAILED;
    if (g_str_has_prefix(word, ECHOCAST_ERROR_PREFIX))
        word += strlen(ECHOCAST_ERROR_PREFIX);
    for (unsigned code = 0; code < ECHOCAST_ERROR_COUNT; code++) {
        if (strcmp(rows[code].word, word) == 0)
            return (EchocastError)code;
    }
    return ECHOCAST_ERROR_FAILED;
}
