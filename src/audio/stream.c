/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/stream.h"

#include "a2dp/encoder.h"
#include "a2dp/pacer.h"
#include "a2dp/packetiser.h"
#include "audio/clock.h"
#include "audio/sender.h"
#include "audio/tone_source.h"
#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <string.h>

/* 60 ms of the shortest packets (one frame of 128) are 21; a late wakeup makes a few at once. */
#define QUEUE_SIZE 24

struct Stream {
    EngineStream number;
    Fd fd;
    Sender sender;
    unsigned rate_hz;
    Encoder encoder;
    Packetiser packetiser;
    Pacer pacer;
    uint64_t packet_ns;     /* duration of a full packet */
    unsigned packet_frames; /* SBC frames in it */
    unsigned carried;       /* PCM frames in carry, less than one SBC frame */
    int16_t carry[2 * ENCODER_PCM_FRAMES_MAX];
    bool has_position;
    uint64_t position; /* of the next PCM frame */
    ToneSource tone;
    bool tone_pending; /* its end is not reported yet */
    bool tone_in_part; /* over, but its last samples are in a packet that is not full */
    uint64_t packets_before_tone;
    StreamStats stats;
    bool building;  /* queue[last] is begun, not full */
    unsigned first; /* queue[first..last[ are full and wait */
    unsigned last;
    Packet queue[QUEUE_SIZE]; /* at the end: what is never used is never touched */
};

static bool stream_plan(Stream *stream, size_t mtu, const SbcConfig *config, GError **error)
{
    unsigned pcm_frames;

    if (!encoder_init(&stream->encoder, config, error))
        return false;
    stream->packet_frames = packetiser_frames_for_mtu(mtu, stream->encoder.frame_bytes);
    if (stream->packet_frames == 0) {
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INCOMPATIBLE,
                    "a packet of %zu bytes cannot carry an SBC frame of %zu bytes", mtu,
                    stream->encoder.frame_bytes);
        return false;
    }
    pcm_frames = stream->packet_frames * stream->encoder.pcm_frames;
    packetiser_init(&stream->packetiser, g_random_int(), mtu);
    pacer_init(&stream->pacer, config->rate_hz, pcm_frames, clock_tick_ns());
    stream->packet_ns = pacer_duration_ns(&stream->pacer, pcm_frames);
    return true;
}

Stream *stream_new(EngineStream number, int fd, size_t mtu, const SbcConfig *config, GError **error)
{
    g_autoptr(Stream) stream = g_new0(Stream, 1);

    stream->number = number;
    stream->fd = fd;
    stream->rate_hz = config->rate_hz;
    if (!stream_plan(stream, mtu, config, error))
        return NULL;
    sender_init(&stream->sender, fd,
                PACKET_HEADER_BYTES + stream->packet_frames * stream->encoder.frame_bytes);
    return g_steal_pointer(&stream);
}

void stream_free(Stream *stream)
{
    if (stream == NULL)
        return;
    fd_clear(&stream->fd);
    encoder_clear(&stream->encoder);
    g_free(stream);
}

EngineStream stream_number(const Stream *stream)
{
    return stream->number;
}

StreamStats *stream_stats(Stream *stream)
{
    return &stream->stats;
}

int stream_fd(const Stream *stream)
{
    return stream->fd;
}

void stream_close(Stream *stream)
{
    fd_clear(&stream->fd);
}

bool stream_has_waiting(const Stream *stream)
{
    return stream->first != stream->last;
}

static void drop_oldest(Stream *stream)
{
    stream->first++;
    stream_stats_add(&stream->stats, dropped, 1);
}

/* A place for the next packet at queue[last]. The queue is empty nearly always, and then begins at
 * its first place again: one page or two in use instead of a dozen. */
static void make_place(Stream *stream)
{
    if (!stream_has_waiting(stream)) {
        stream->first = stream->last = 0;
        return;
    }
    if (stream->last < QUEUE_SIZE)
        return;
    if (stream->first == 0)
        drop_oldest(stream);
    memmove(stream->queue, stream->queue + stream->first,
            (stream->last - stream->first) * sizeof(Packet));
    stream->last -= stream->first;
    stream->first = 0;
}

static Packet *packet_under_way(Stream *stream)
{
    if (!stream->building) {
        make_place(stream);
        packetiser_begin(&stream->packetiser, &stream->queue[stream->last]);
        stream->building = true;
    }
    return &stream->queue[stream->last];
}

/* pcm: just one SBC frame's. A frame that libsbc refused would be a bug of ours: it leaves a gap in
 * time and nothing else. */
static void encode(Stream *stream, const int16_t *pcm, uint64_t ready_ns)
{
    Packet *packet = packet_under_way(stream);
    size_t room;
    uint8_t *out = packetiser_room(&stream->packetiser, packet, &room);
    size_t size = encoder_encode(&stream->encoder, pcm, out, room);

    if (size == 0) {
        packetiser_skip(&stream->packetiser, stream->encoder.pcm_frames);
        return;
    }
    packetiser_commit(&stream->packetiser, packet, size, stream->encoder.pcm_frames);
    if (packet->sbc_frames < stream->packet_frames)
        return;
    packet->ready_ns = ready_ns;
    stream->building = false;
    stream->tone_in_part = false;
    stream->last++;
}

/* Whole SBC frames go to the encoder from where they lie; only the sizes that do not divide a block
 * (12 blocks) leave something to carry over. */
static void take_pcm(Stream *stream, const int16_t *pcm, unsigned pcm_frames, uint64_t ready_ns)
{
    const unsigned whole = stream->encoder.pcm_frames;

    while (pcm_frames > 0) {
        unsigned taken = MIN(pcm_frames, whole - stream->carried);

        if (taken == whole) {
            encode(stream, pcm, ready_ns);
        } else {
            memcpy(stream->carry + 2 * stream->carried, pcm, 2 * taken * sizeof(int16_t));
            stream->carried += taken;
            if (stream->carried == whole) {
                stream->carried = 0;
                encode(stream, stream->carry, ready_ns);
            }
        }
        pcm += 2 * taken;
        pcm_frames -= taken;
    }
}

static void follow_position(Stream *stream, uint64_t position)
{
    /* A packet completed with silence may reach a little beyond the moment of the next block. */
    if (stream->has_position && position > stream->position)
        packetiser_skip(&stream->packetiser, (uint32_t)(position - stream->position));
    if (!stream->has_position || position > stream->position)
        stream->position = position;
    stream->has_position = true;
}

/* PCM frames until the packet under way is full. */
static unsigned missing(const Stream *stream)
{
    unsigned done = stream->building ? stream->queue[stream->last].sbc_frames : 0;

    return (stream->packet_frames - done) * stream->encoder.pcm_frames - stream->carried;
}

static bool has_part(const Stream *stream)
{
    return stream->building || stream->carried > 0;
}

static void take_tone(Stream *stream, uint64_t ready_ns)
{
    int16_t pcm[2 * STREAM_BLOCK_PCM_FRAMES];

    tone_source_read(&stream->tone, pcm, STREAM_BLOCK_PCM_FRAMES);
    take_pcm(stream, pcm, STREAM_BLOCK_PCM_FRAMES, ready_ns);
    stream->tone_in_part = has_part(stream);
}

void stream_feed(Stream *stream, const int16_t *pcm, uint64_t position, uint64_t ready_ns)
{
    follow_position(stream, position);
    stream->position += STREAM_BLOCK_PCM_FRAMES;
    if (stream_has_tone(stream))
        take_tone(stream, ready_ns);
    else
        take_pcm(stream, pcm, STREAM_BLOCK_PCM_FRAMES, ready_ns);
}

void stream_pause(Stream *stream, uint64_t ready_ns)
{
    static const int16_t silence[2 * ENCODER_PCM_FRAMES_MAX];
    unsigned left = has_part(stream) ? missing(stream) : 0;

    while (left > 0) {
        unsigned part = MIN(left, ENCODER_PCM_FRAMES_MAX);

        take_pcm(stream, silence, part, ready_ns);
        stream->position += part;
        left -= part;
    }
}

void stream_change_clock(Stream *stream)
{
    stream->has_position = false;
}

static void count_sent(Stream *stream, const Packet *packet, uint64_t now_ns)
{
    StreamStats *stats = &stream->stats;
    uint64_t waited = now_ns - packet->ready_ns;
    uint64_t latency_us = (waited + stream->packet_ns) / 1000;

    if (atomic_load_explicit(&stats->packets, memory_order_relaxed) == 0)
        stream_stats_set(stats, first_packet_ns, now_ns);
    stream_stats_set(stats, last_packet_ns, now_ns);
    stream_stats_add(stats, packets, 1);
    stream_stats_add(stats, bytes, packet->size);
    stream_stats_add(stats, pcm_frames, packet->sbc_frames * stream->encoder.pcm_frames);
    if (waited > stream->packet_ns)
        stream_stats_add(stats, late, 1);
    stream_stats_set(stats, own_latency_us, latency_us);
    if (latency_us > atomic_load_explicit(&stats->own_latency_max_us, memory_order_relaxed))
        stream_stats_set(stats, own_latency_max_us, latency_us);
}

static void drop_old(Stream *stream, uint64_t now_ns)
{
    while (stream_has_waiting(stream) &&
           now_ns > stream->queue[stream->first].ready_ns + STREAM_AGE_MAX_NS)
        drop_oldest(stream);
}

static int send_waiting(Stream *stream, uint64_t now_ns)
{
    while (stream_has_waiting(stream)) {
        const Packet *packet = &stream->queue[stream->first];

        switch (sender_send(&stream->sender, packet->bytes, packet->size)) {
        case SENDER_SENT:
            count_sent(stream, packet, now_ns);
            stream->first++;
            break;
        case SENDER_FULL:
            return 0;
        case SENDER_DEAD:
            return errno;
        }
    }
    return 0;
}

int stream_send(Stream *stream, uint64_t now_ns)
{
    int error_number;

    drop_old(stream, now_ns);
    error_number = send_waiting(stream, now_ns);
    stream_stats_set(&stream->stats, queue_depth, stream->last - stream->first);
    return error_number;
}

uint64_t stream_next_ns(const Stream *stream, uint64_t now_ns, uint64_t unread)
{
    const unsigned block = STREAM_BLOCK_PCM_FRAMES;
    /* Sound is fed in whole blocks: the packet is full when the block is complete that ends it. */
    unsigned needed = (missing(stream) + block - 1) / block * block;
    uint64_t to_come = needed > unread ? needed - unread : 0;
    uint64_t full = stream->pacer.packet_pcm_frames;

    return pacer_next_ns(&stream->pacer, now_ns, full > to_come ? full - to_come : 0);
}

uint64_t stream_retry_ns(const Stream *stream, uint64_t now_ns)
{
    return now_ns + stream->packet_ns;
}

void stream_play_tone(Stream *stream, const Tone *tone)
{
    tone_source_init(&stream->tone, tone, stream->rate_hz);
    stream->tone_pending = true;
    stream->packets_before_tone =
        atomic_load_explicit(&stream->stats.packets, memory_order_relaxed);
}

bool stream_has_tone(const Stream *stream)
{
    return tone_source_is_active(&stream->tone);
}

bool stream_take_tone_done(Stream *stream, uint64_t *packets_sent)
{
    if (!stream->tone_pending || stream_has_tone(stream) || stream->tone_in_part ||
        stream_has_waiting(stream))
        return false;
    stream->tone_pending = false;
    *packets_sent = atomic_load_explicit(&stream->stats.packets, memory_order_relaxed) -
                    stream->packets_before_tone;
    return true;
}
