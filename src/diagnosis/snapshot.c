/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "diagnosis/snapshot.h"

static Finding problem(const char *headline, EchocastError reason)
{
    return (Finding){
        .headline = headline,
        .is_error = true,
        .reason = reason,
        .what = error_meaning(reason),
        .advice = error_advice(reason),
    };
}

static Finding fine(const char *headline, const char *what, const char *advice)
{
    return (Finding){.headline = headline, .what = what, .advice = advice};
}

static const char *headline_of_failure(EchocastError reason)
{
    switch (reason) {
    case ECHOCAST_ERROR_STALE_BOND:
        return "Failed Authentication (stale bond)";
    case ECHOCAST_ERROR_PAIRING_REFUSED:
        return "Failed Authentication";
    case ECHOCAST_ERROR_NOT_IN_PAIRING_MODE:
        return "Not In Pairing Mode";
    case ECHOCAST_ERROR_UNREACHABLE:
    case ECHOCAST_ERROR_SPEAKER_BUSY:
    case ECHOCAST_ERROR_LINK_LOST:
    case ECHOCAST_ERROR_TIMED_OUT:
        return "Busy or Out of Range";
    case ECHOCAST_ERROR_ENDPOINT_TAKEN:
        return "Endpoint Taken By Another Audio Server";
    case ECHOCAST_ERROR_HANDSHAKE_BROKEN:
    case ECHOCAST_ERROR_CONNECTED_NO_AUDIO:
    case ECHOCAST_ERROR_IN_PROGRESS:
        return "Connected - No Audio";
    case ECHOCAST_ERROR_NOT_A_SPEAKER:
    case ECHOCAST_ERROR_INCOMPATIBLE:
        return "Not A Usable Speaker";
    case ECHOCAST_ERROR_BLUEZ_NOT_RUNNING:
    case ECHOCAST_ERROR_NO_ADAPTER:
    case ECHOCAST_ERROR_ADAPTER_OFF:
    case ECHOCAST_ERROR_ADAPTER_BLOCKED:
    case ECHOCAST_ERROR_FAILED:
    case ECHOCAST_ERROR_INVALID_ARGUMENTS:
    case ECHOCAST_ERROR_NOT_FOUND:
    case ECHOCAST_ERROR_AMBIGUOUS:
    case ECHOCAST_ERROR_ACCESS_DENIED:
    case ECHOCAST_ERROR_CANCELLED:
    case ECHOCAST_ERROR_DAEMON_NOT_RUNNING:
    case ECHOCAST_ERROR_LOOPBACK_MISSING:
    case ECHOCAST_ERROR_LOOPBACK_BUSY:
    case ECHOCAST_ERROR_TOO_MANY_SPEAKERS:
        return "Not Connected";
    }
    g_return_val_if_reached("Not Connected");
}

static Finding judge_connected(const Snapshot *snapshot)
{
    if (snapshot->loopback == LOOPBACK_MISSING)
        return problem("Loopback Missing", ECHOCAST_ERROR_LOOPBACK_MISSING);
    if (snapshot->loopback == LOOPBACK_BUSY)
        return problem("Loopback Busy", ECHOCAST_ERROR_LOOPBACK_BUSY);
    if (!snapshot->player_active)
        return fine("Connected - Not Active (no player writing)",
                    "the speaker is ready; no application is playing into Echocast",
                    "play something to the ALSA device echocast: aplay -D echocast FILE.wav");
    return fine("Connected - Not Active (starting)", "an application plays; the stream is starting",
                "");
}

static Finding judge_speaker(const Snapshot *snapshot)
{
    const Speaker *speaker = snapshot->speaker;

    switch (speaker->state) {
    case SPEAKER_STATE_STREAMING:
        return fine("Connected - Active", "sound flows to the speaker", "");
    case SPEAKER_STATE_CONNECTED:
        return judge_connected(snapshot);
    case SPEAKER_STATE_PAIRING:
        return fine("Pairing", "a speaker is being paired", "");
    case SPEAKER_STATE_CONNECTING:
    case SPEAKER_STATE_AWAITING:
    case SPEAKER_STATE_HEALING:
    case SPEAKER_STATE_OPENING:
        if (speaker->has_reason)
            return problem("Connecting", speaker->reason);
        return fine("Connecting", "the speaker is being connected", "");
    case SPEAKER_STATE_WAITING:
    case SPEAKER_STATE_FAILED:
        return problem(headline_of_failure(speaker->reason), speaker->reason);
    case SPEAKER_STATE_DISCOVERED:
    case SPEAKER_STATE_BONDED:
    case SPEAKER_STATE_SAVED:
    case SPEAKER_STATE_LEAVING:
    case SPEAKER_STATE_FORGETTING:
        return fine("Not Connected", "no speaker is connected, as the owner wished",
                    "connect one: echocastctl connect");
    }
    g_return_val_if_reached(problem("Not Connected", ECHOCAST_ERROR_FAILED));
}

static const struct {
    const char *word;
    const char *headline;
    EchocastError reason;
} ADAPTER_FACTS[] = {
    [ADAPTER_READY] = {"ready", NULL, 0},
    [ADAPTER_OFF] = {"off", "Adapter Off", ECHOCAST_ERROR_ADAPTER_OFF},
    [ADAPTER_BLOCKED] = {"blocked", "Adapter Blocked (rfkill)", ECHOCAST_ERROR_ADAPTER_BLOCKED},
    [ADAPTER_MISSING] = {"missing", "No Adapter", ECHOCAST_ERROR_NO_ADAPTER},
    [ADAPTER_NO_BLUETOOTHD] = {"no-bluetoothd", "BlueZ Not Running",
                               ECHOCAST_ERROR_BLUEZ_NOT_RUNNING},
};

Finding snapshot_judge(const Snapshot *snapshot)
{
    if (snapshot->adapter != ADAPTER_READY)
        return problem(ADAPTER_FACTS[snapshot->adapter].headline,
                       ADAPTER_FACTS[snapshot->adapter].reason);
    if (snapshot->speaker != NULL)
        return judge_speaker(snapshot);
    return fine("No Speaker Saved", "no speaker is paired yet",
                "put a speaker into pairing mode, then: echocastctl pair");
}

const char *adapter_fact_word(AdapterFact fact)
{
    return ADAPTER_FACTS[fact].word;
}

const char *loopback_fact_word(LoopbackFact fact)
{
    static const char *const WORDS[] = {
        [LOOPBACK_OPEN] = "open",
        [LOOPBACK_MISSING] = "missing",
        [LOOPBACK_BUSY] = "busy",
    };

    return WORDS[fact];
}
