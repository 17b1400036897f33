/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "diagnosis/snapshot.h"

#include <string.h>

typedef struct {
    AdapterFact adapter;
    LoopbackFact loopback;
    bool player;
    int state; /* -1: no speaker */
    EchocastError reason;
    const char *headline;
    bool is_error;
} Case;

/* In the order of the way from the player to the speaker: the first obstacle is the headline. */
static const Case CASES[] = {
    {ADAPTER_NO_BLUETOOTHD, LOOPBACK_OPEN, true, SPEAKER_STATE_STREAMING, 0, "BlueZ Not Running",
     true},
    {ADAPTER_MISSING, LOOPBACK_MISSING, false, -1, 0, "No Adapter", true},
    {ADAPTER_OFF, LOOPBACK_OPEN, false, SPEAKER_STATE_SAVED, 0, "Adapter Off", true},
    {ADAPTER_BLOCKED, LOOPBACK_OPEN, false, -1, 0, "Adapter Blocked (rfkill)", true},
    {ADAPTER_READY, LOOPBACK_OPEN, false, -1, 0, "No Speaker Saved", false},
    {ADAPTER_READY, LOOPBACK_OPEN, true, SPEAKER_STATE_STREAMING, 0, "Connected - Active", false},
    {ADAPTER_READY, LOOPBACK_MISSING, false, SPEAKER_STATE_CONNECTED, 0, "Loopback Missing", true},
    {ADAPTER_READY, LOOPBACK_BUSY, false, SPEAKER_STATE_CONNECTED, 0, "Loopback Busy", true},
    {ADAPTER_READY, LOOPBACK_OPEN, false, SPEAKER_STATE_CONNECTED, 0,
     "Connected - Not Active (no player writing)", false},
    {ADAPTER_READY, LOOPBACK_OPEN, true, SPEAKER_STATE_WAITING, ECHOCAST_ERROR_UNREACHABLE,
     "Busy or Out of Range", true},
    {ADAPTER_READY, LOOPBACK_OPEN, true, SPEAKER_STATE_FAILED, ECHOCAST_ERROR_STALE_BOND,
     "Failed Authentication (stale bond)", true},
    {ADAPTER_READY, LOOPBACK_OPEN, true, SPEAKER_STATE_FAILED, ECHOCAST_ERROR_NOT_A_SPEAKER,
     "Not A Usable Speaker", true},
    {ADAPTER_READY, LOOPBACK_OPEN, true, SPEAKER_STATE_SAVED, 0, "Not Connected", false},
    {ADAPTER_READY, LOOPBACK_OPEN, true, SPEAKER_STATE_OPENING, 0, "Connecting", false},
};

static void test_headlines(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        const Case *row = &CASES[i];
        Speaker speaker;
        speaker_init(&speaker, row->state >= 0 ? row->state : 0);
        speaker.reason = row->reason;
        Snapshot snapshot = {
            .adapter = row->adapter,
            .loopback = row->loopback,
            .player_active = row->player,
            .speaker = row->state >= 0 ? &speaker : NULL,
        };
        Finding finding = snapshot_judge(&snapshot);
        g_assert_cmpstr(finding.headline, ==, row->headline);
        g_assert_cmpint(finding.is_error, ==, row->is_error);
    }
}

/* Silence is always explained: every state has a headline and a sentence, every error an advice. */
static void test_silence_is_always_explained(void)
{
    for (int state = 0; state < SPEAKER_STATE_COUNT; state++) {
        for (int reason = 0; reason < ECHOCAST_ERROR_COUNT; reason++) {
            Speaker speaker;
            speaker_init(&speaker, state);
            speaker.reason = reason;
            speaker.has_reason = true;
            Snapshot snapshot = {.speaker = &speaker};
            Finding finding = snapshot_judge(&snapshot);
            g_assert_cmpuint(strlen(finding.headline), >, 0);
            g_assert_cmpuint(strlen(finding.what), >, 0);
            g_assert_true(!finding.is_error || *finding.advice != '\0');
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/snapshot/headlines", test_headlines);
    g_test_add_func("/snapshot/silence-is-explained", test_silence_is_always_explained);
    return g_test_run();
}
