/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Packetiser: SBC frames into RTP media packets, always full ones. Pure; the state is the caller's.
 * RFC 3550 (header of 12 octets), A2DP 1.3.2 clause 4.3.4 (one octet: the number of frames, no
 * fragmentation). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_HEADER_BYTES 13 /* RTP's 12 and the SBC payload header */
#define PACKET_FRAMES_MAX   15 /* a field of four bits */
#define PACKET_BYTES_MAX    2048

typedef struct {
    uint8_t bytes[PACKET_BYTES_MAX];
    size_t size;
    unsigned sbc_frames;
    uint32_t timestamp; /* RTP: PCM frames since the stream began */
    uint16_t sequence;
    uint64_t ready_ns; /* CLOCK_MONOTONIC when it became full; the caller sets it */
} Packet;

typedef struct {
    uint32_t ssrc;
    uint16_t sequence;
    uint32_t timestamp;
    size_t bytes_max; /* MTU, at most PACKET_BYTES_MAX */
} Packetiser;

/* How many SBC frames of that size one packet carries: min(15, (mtu - 13) / frame_bytes); 0 if
 * none. */
unsigned packetiser_frames_for_mtu(size_t mtu, size_t frame_bytes);
void packetiser_init(Packetiser *packetiser, uint32_t ssrc, size_t mtu);
/* Begins an empty packet with the next sequence number and the timestamp of its first PCM frame. */
void packetiser_begin(Packetiser *packetiser, Packet *packet);
/* Where the next SBC frame of the packet belongs, and how much room is there. */
uint8_t *packetiser_room(const Packetiser *packetiser, Packet *packet, size_t *room);
/* Counts a frame that was written to the room. */
void packetiser_commit(Packetiser *packetiser, Packet *packet, size_t frame_bytes,
                       unsigned pcm_frames);
/* PCM frames that were lost before they became a packet: time went on, and RTP says so. */
void packetiser_skip(Packetiser *packetiser, uint32_t pcm_frames);
