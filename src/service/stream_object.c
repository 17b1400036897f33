/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/stream_object.h"

#include "service/word.h"

void stream_object_publish(EchocastStream1 *skeleton, const StreamFacts *facts)
{
    echocast_stream1_set_codec(skeleton, word(facts->codec));
    echocast_stream1_set_channels(skeleton, word(facts->channels));
    echocast_stream1_set_rate_hz(skeleton, facts->rate_hz);
    echocast_stream1_set_bitpool(skeleton, facts->bitpool);
    echocast_stream1_set_bitrate(skeleton, facts->bitrate);
    echocast_stream1_set_mtu(skeleton, facts->mtu);
    echocast_stream1_set_frames_per_packet(skeleton, facts->sbc_frames_per_packet);
    echocast_stream1_set_delay_us(skeleton, facts->delay_us);
    echocast_stream1_set_delay_reported(skeleton, facts->delay_reported);
    g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(skeleton));
}
