/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "listener.h"

#include <sbc/sbc.h>
#include <stdio.h>

#define HEADER_SIZE 13 /* RTP without CSRC, and A2DP's count of frames */

struct Listener {
    Hearing hearing;
    sbc_t sbc;
    uint8_t format;
    FILE *file;
    uint16_t next_sequence;
    uint32_t next_timestamp;
};

Listener *listener_new(void)
{
    Listener *listener = g_new0(Listener, 1);

    sbc_init(&listener->sbc, 0);
    return listener;
}

void listener_free(Listener *listener)
{
    if (!listener)
        return;
    listener_record(listener, NULL);
    sbc_finish(&listener->sbc);
    g_free(listener);
}

gboolean listener_record(Listener *listener, const char *path)
{
    g_clear_pointer(&listener->file, fclose);
    if (path)
        listener->file = fopen(path, "w");
    return !path || listener->file;
}

const Hearing *listener_hearing(const Listener *listener)
{
    return &listener->hearing;
}

static unsigned rate_of(const sbc_t *sbc)
{
    static const unsigned rates_hz[] = {16000, 32000, 44100, 48000};

    return rates_hz[sbc->frequency & 3];
}

/* One SBC frame; how many bytes it was, 0 for none. */
static size_t decode(Listener *listener, const uint8_t *bytes, size_t size, unsigned *pcm_frames)
{
    uint8_t pcm[2 * 2 * 128];
    size_t written = 0;
    ssize_t used;
    unsigned channels;

    /* libsbc takes rate, blocks, mode and subbands from the first frame it sees and keeps them. */
    if (size > 1 && bytes[1] != listener->format) {
        sbc_reinit(&listener->sbc, 0);
        listener->format = bytes[1];
    }
    used = sbc_decode(&listener->sbc, bytes, size, pcm, sizeof(pcm), &written);
    if (used <= 0)
        return 0;
    channels = listener->sbc.mode == SBC_MODE_MONO ? 1 : 2;
    listener->hearing.channels = channels;
    listener->hearing.rate_hz = rate_of(&listener->sbc);
    *pcm_frames += (unsigned)(written / (2 * channels));
    if (listener->file)
        fwrite(pcm, 1, written, listener->file);
    return (size_t)used;
}

static void check_order(Listener *listener, uint16_t sequence, uint32_t timestamp)
{
    Hearing *hearing = &listener->hearing;

    if (hearing->packets > 1) {
        hearing->sequence_gaps += sequence != listener->next_sequence;
        hearing->timestamp_gaps += timestamp != listener->next_timestamp;
    }
    listener->next_sequence = (uint16_t)(sequence + 1);
    listener->next_timestamp = timestamp;
}

static void count_frames(Hearing *hearing, unsigned frames)
{
    hearing->sbc_frames += frames;
    if (!hearing->frames_in_packet_min || frames < hearing->frames_in_packet_min)
        hearing->frames_in_packet_min = frames;
    if (frames > hearing->frames_in_packet_max)
        hearing->frames_in_packet_max = frames;
}

void listener_take(Listener *listener, const uint8_t *packet, size_t size)
{
    Hearing *hearing = &listener->hearing;
    unsigned frames = 0, pcm_frames = 0;
    size_t at = HEADER_SIZE, used;

    hearing->packets++;
    if (size <= HEADER_SIZE || packet[0] != 0x80 || (packet[12] & 0xf0)) {
        hearing->malformed++;
        return;
    }
    check_order(listener, (uint16_t)(packet[2] << 8 | packet[3]),
                (uint32_t)packet[4] << 24 | (uint32_t)packet[5] << 16 | (uint32_t)packet[6] << 8 |
                    packet[7]);
    while (at < size && (used = decode(listener, packet + at, size - at, &pcm_frames))) {
        at += used;
        frames++;
    }
    hearing->malformed += at != size || frames != (packet[12] & 0x0fu);
    hearing->pcm_frames += pcm_frames;
    listener->next_timestamp += pcm_frames;
    count_frames(hearing, frames);
    if (listener->file)
        fflush(listener->file);
}
