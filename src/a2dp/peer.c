/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "a2dp/peer.h"

/* Class of device, bits 12 to 8: the major device class. */
#define MAJOR_CLASS(class_of_device) (((class_of_device) >> 8) & 0x1f)
#define MAJOR_CLASS_AUDIO_VIDEO      0x04

static bool has_service(const char *const *uuids, const char *uuid)
{
    for (; uuids != NULL && *uuids != NULL; uuids++) {
        if (g_ascii_strcasecmp(*uuids, uuid) == 0)
            return true;
    }
    return false;
}

/* A list without either service may be the short one of an inquiry answer, in which speakers often
 * leave A2DP out: then looks decide, until the services are read for good. */
PeerKind peer_judge(const char *const *uuids, uint32_t class_of_device, const char *icon)
{
    if (has_service(uuids, UUID_A2DP_SINK))
        return PEER_SINK;
    if (has_service(uuids, UUID_A2DP_SOURCE))
        return PEER_SOURCE;
    if (MAJOR_CLASS(class_of_device) == MAJOR_CLASS_AUDIO_VIDEO)
        return PEER_CANDIDATE;
    if (icon != NULL && g_str_has_prefix(icon, "audio-"))
        return PEER_CANDIDATE;
    return PEER_UNKNOWN;
}

const char *peer_kind_name(PeerKind kind)
{
    switch (kind) {
    case PEER_UNKNOWN:
        return "other";
    case PEER_CANDIDATE:
        return "candidate";
    case PEER_SINK:
        return "speaker";
    case PEER_SOURCE:
        return "source";
    }
    g_return_val_if_reached("other");
}
