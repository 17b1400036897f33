/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "a2dp/peer.h"

#define HSP     "00001108-0000-1000-8000-00805f9b34fb"
#define HFP     "0000111e-0000-1000-8000-00805f9b34fb"
#define SPP     "00001101-0000-1000-8000-00805f9b34fb"
#define PNP     "00001200-0000-1000-8000-00805f9b34fb"
#define BATTERY "0000180f-0000-1000-8000-00805f9b34fb"

static const struct {
    const char *name;
    const char *uuids[6];
    uint32_t class_of_device;
    const char *icon;
    PeerKind kind;
} cases[] = {
    /* the services decide */
    {"speaker", {UUID_A2DP_SINK, UUID_AVRCP}, 0x240414, "audio-card", PEER_SINK},
    {"sink, class 0", {UUID_A2DP_SINK}, 0, NULL, PEER_SINK},
    {"sink, portable audio 0x20041C", {UUID_A2DP_SINK}, 0x20041c, "audio-card", PEER_SINK},
    {"sink of phone's class", {UUID_A2DP_SINK}, 0x5a020c, "phone", PEER_SINK},
    {"sink among many", {SPP, HSP, HFP, UUID_AVRCP, UUID_A2DP_SINK}, 0x240404, NULL, PEER_SINK},
    {"both roles", {UUID_A2DP_SOURCE, UUID_A2DP_SINK}, 0x5a020c, "phone", PEER_SINK},
    {"both roles, other order", {UUID_A2DP_SINK, UUID_A2DP_SOURCE}, 0, NULL, PEER_SINK},
    {"capital letters", {"0000110B-0000-1000-8000-00805F9B34FB"}, 0, NULL, PEER_SINK},
    {"phone", {UUID_A2DP_SOURCE, UUID_AVRCP_TARGET}, 0x5a020c, "phone", PEER_SOURCE},
    {"computer", {UUID_A2DP_SOURCE}, 0x2a010c, "computer", PEER_SOURCE},
    {"turntable of a speaker's class", {UUID_A2DP_SOURCE}, 0x240414, "audio-card", PEER_SOURCE},
    {"television", {UUID_A2DP_SOURCE}, 0x08043c, "video-display", PEER_SOURCE},

    /* no services yet: looks make a candidate */
    {"loudspeaker's class", {NULL}, 0x240414, NULL, PEER_CANDIDATE},
    {"portable audio 0x20041C", {NULL}, 0x20041c, NULL, PEER_CANDIDATE},
    {"headphones", {NULL}, 0x240418, NULL, PEER_CANDIDATE},
    {"headset", {NULL}, 0x240404, NULL, PEER_CANDIDATE},
    {"car", {NULL}, 0x240420, NULL, PEER_CANDIDATE},
    {"hi-fi without service bits", {NULL}, 0x000428, NULL, PEER_CANDIDATE},
    {"btmgmt class 4 20", {NULL}, 0x000414, NULL, PEER_CANDIDATE},
    {"icon alone", {NULL}, 0, "audio-headphones", PEER_CANDIDATE},
    {"icon alone, card", {NULL}, 0, "audio-card", PEER_CANDIDATE},

    /* the short list of an inquiry answer without A2DP in it */
    {"headset, hands-free only so far", {HSP, HFP}, 0x240404, "audio-headset", PEER_CANDIDATE},
    {"speaker, AVDTP only", {UUID_AVDTP, UUID_AVRCP}, 0x240414, NULL, PEER_CANDIDATE},

    /* nothing that plays */
    {"nothing known", {NULL}, 0, NULL, PEER_UNKNOWN},
    {"phone, services unknown", {NULL}, 0x5a020c, "phone", PEER_UNKNOWN},
    {"computer, services unknown", {NULL}, 0x2a010c, "computer", PEER_UNKNOWN},
    {"keyboard", {PNP}, 0x002540, "input-keyboard", PEER_UNKNOWN},
    {"sensor", {BATTERY}, 0, NULL, PEER_UNKNOWN},
    {"remote control only", {UUID_AVRCP, UUID_AVRCP_TARGET}, 0, NULL, PEER_UNKNOWN},
    {"audio service bit, other class", {NULL}, 0x200540, NULL, PEER_UNKNOWN},
    {"almost a sink", {"0000110b-0000-1000-8000-00805f9b34fc"}, 0, NULL, PEER_UNKNOWN},
    {"short form", {"110b"}, 0, NULL, PEER_UNKNOWN},
    {"icon of other sort", {NULL}, 0, "camera-video", PEER_UNKNOWN},
    {"empty icon", {NULL}, 0, "", PEER_UNKNOWN},
    {"class with format bits", {NULL}, 0x000003, NULL, PEER_UNKNOWN},
};

static void test_judge(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].name);
        g_assert_cmpuint(peer_judge(cases[i].uuids, cases[i].class_of_device, cases[i].icon), ==,
                         cases[i].kind);
    }
}

static void test_without_list(void)
{
    g_assert_cmpuint(peer_judge(NULL, 0, NULL), ==, PEER_UNKNOWN);
    g_assert_cmpuint(peer_judge(NULL, 0x240414, NULL), ==, PEER_CANDIDATE);
}

static void test_names(void)
{
    g_assert_cmpstr(peer_kind_name(PEER_UNKNOWN), ==, "other");
    g_assert_cmpstr(peer_kind_name(PEER_CANDIDATE), ==, "candidate");
    g_assert_cmpstr(peer_kind_name(PEER_SINK), ==, "speaker");
    g_assert_cmpstr(peer_kind_name(PEER_SOURCE), ==, "source");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/peer/judge", test_judge);
    g_test_add_func("/peer/without-list", test_without_list);
    g_test_add_func("/peer/names", test_names);
    return g_test_run();
}
