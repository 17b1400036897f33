/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "a2dp/packetiser.h"

#include <glib.h>

#define RTP_VERSION      0x80 /* version 2, no padding, no extension, no sources */
#define RTP_PAYLOAD_TYPE 96   /* the first dynamic one; marker 0 */

/* Where things stand in the packet's header. */
enum {
    AT_VERSION = 0,
    AT_PAYLOAD_TYPE = 1,
    AT_SEQUENCE = 2,
    AT_TIMESTAMP = 4,
    AT_SSRC = 8,
    AT_FRAME_COUNT = 12,
};

static void put_u16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

static void put_u32(uint8_t *bytes, uint32_t value)
{
    put_u16(bytes, (uint16_t)(value >> 16));
    put_u16(bytes + 2, (uint16_t)value);
}

unsigned packetiser_frames_for_mtu(size_t mtu, size_t frame_bytes)
{
    size_t bytes = MIN(mtu, PACKET_BYTES_MAX);

    if (frame_bytes == 0 || bytes <= PACKET_HEADER_BYTES)
        return 0;
    return (unsigned)MIN(PACKET_FRAMES_MAX, (bytes - PACKET_HEADER_BYTES) / frame_bytes);
}

void packetiser_init(Packetiser *packetiser, uint32_t ssrc, size_t mtu)
{
    *packetiser = (Packetiser){
        .ssrc = ssrc,
        .bytes_max = MIN(mtu, PACKET_BYTES_MAX),
    };
}

void packetiser_begin(Packetiser *packetiser, Packet *packet)
{
    packet->size = PACKET_HEADER_BYTES;
    packet->sbc_frames = 0;
    packet->timestamp = packetiser->timestamp;
    packet->sequence = packetiser->sequence++;
    packet->ready_ns = 0;
    packet->bytes[AT_VERSION] = RTP_VERSION;
    packet->bytes[AT_PAYLOAD_TYPE] = RTP_PAYLOAD_TYPE;
    put_u16(packet->bytes + AT_SEQUENCE, packet->sequence);
    put_u32(packet->bytes + AT_TIMESTAMP, packet->timestamp);
    put_u32(packet->bytes + AT_SSRC, packetiser->ssrc);
    packet->bytes[AT_FRAME_COUNT] = 0;
}

uint8_t *packetiser_room(const Packetiser *packetiser, Packet *packet, size_t *room)
{
    bool full = packet->sbc_frames >= PACKET_FRAMES_MAX || packet->size >= packetiser->bytes_max;

    *room = full ? 0 : packetiser->bytes_max - packet->size;
    return packet->bytes + packet->size;
}

void packetiser_commit(Packetiser *packetiser, Packet *packet, size_t frame_bytes,
                       unsigned pcm_frames)
{
    size_t room;

    packetiser_room(packetiser, packet, &room);
    g_return_if_fail(frame_bytes <= room);
    packet->size += frame_bytes;
    packet->sbc_frames++;
    packet->bytes[AT_FRAME_COUNT] = (uint8_t)packet->sbc_frames;
    packetiser->timestamp += pcm_frames;
}

void packetiser_skip(Packetiser *packetiser, uint32_t pcm_frames)
{
    packetiser->timestamp += pcm_frames;
}
