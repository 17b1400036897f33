/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* The engine with its real thread, mailboxes, encoder and sockets; the clock and the loopback are
 * fakes, the speakers are the other ends of socketpairs. Events are one line each in a log. */

#include "audio/engine.h"

#include "a2dp/packetiser.h"
#include "base/error.h"
#include "base/fd.h"
#include "capture-fake.h"
#include "clock-fake.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sbc/sbc.h>
#include <string.h>
#include <sys/socket.h>

#define MS           UINT64_C(1000000)
#define SECOND       (1000 * MS)
#define RATE         44100
#define MTU          672
#define FRAME_BYTES  119 /* joint stereo, bitpool 53 */
#define PACKET_PCM   640
#define MUSIC_FRAMES (20 * RATE)

static const SbcConfig joint_53 = {
    .rate_hz = RATE,
    .channels = SBC_CHANNELS_JOINT,
    .blocks = 16,
    .subbands = 8,
    .allocation = SBC_ALLOCATION_LOUDNESS,
    .bitpool_min = 2,
    .bitpool_max = 53,
};

typedef struct {
    uint64_t arrival_ns;
    size_t size;
    uint8_t bytes[PACKET_BYTES_MAX];
} Arrived;

/* A speaker: what came out of its end of the socketpair. */
typedef struct {
    EngineStream stream;
    int fd;
    int ours; /* the engine's end: a number to look at, not to use */
    bool reads;
    GPtrArray *arrived; /* of Arrived */
} Speaker;

typedef struct {
    Engine *engine;
    GString *log;
    GPtrArray *speakers;
    int16_t *music; /* noise, never silent */
} Fixture;

/* --- events --- */

static void note(Fixture *fixture, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void note(Fixture *fixture, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (fixture->log->len > 0)
        g_string_append(fixture->log, ", ");
    g_string_append_vprintf(fixture->log, format, arguments);
    va_end(arguments);
}

static void capture_changed(CaptureState state, const char *detail, void *data)
{
    static const char *const words[] = {"missing", "busy", "open"};

    note(data, "capture %s", words[state]);
}

static void player_changed(bool active, void *data)
{
    note(data, active ? "player begins" : "player stops");
}

static void stream_flows(EngineStream stream, void *data)
{
    note(data, "%u flows", stream);
}

static void stream_silent(EngineStream stream, void *data)
{
    note(data, "%u silent", stream);
}

static void stream_lost(EngineStream stream, int error_number, void *data)
{
    note(data, "%u lost %s", stream, g_strerror(error_number));
}

static void stream_removed(EngineStream stream, void *data)
{
    note(data, "%u removed", stream);
}

static void tone_done(EngineStream stream, uint64_t packets_sent, void *data)
{
    note(data, "%u tone done %" G_GUINT64_FORMAT, stream, packets_sent);
}

static const EngineEvents events = {
    .capture_changed = capture_changed,
    .player_changed = player_changed,
    .stream_flows = stream_flows,
    .stream_silent = stream_silent,
    .stream_lost = stream_lost,
    .stream_removed = stream_removed,
    .tone_done = tone_done,
};

/* What was noted since the last time. */
#define assert_log(fixture, expected)                                                              \
    do {                                                                                           \
        g_assert_cmpstr((fixture)->log->str, ==, (expected));                                      \
        g_string_truncate((fixture)->log, 0);                                                      \
    } while (0)

/* --- the room --- */

static void start_engine(Fixture *fixture)
{
    const EngineOptions options = {.card = "Echocast", .rate_hz = RATE};
    g_autoptr(GError) error = NULL;

    fixture->engine = engine_new(&options, &events, fixture, &error);
    g_assert_no_error(error);
}

static void speaker_free(gpointer data)
{
    Speaker *speaker = data;

    if (speaker->fd >= 0)
        close(speaker->fd);
    g_ptr_array_unref(speaker->arrived);
    g_free(speaker);
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(53);

    fixture->log = g_string_new(NULL);
    fixture->speakers = g_ptr_array_new_with_free_func(speaker_free);
    fixture->music = g_new(int16_t, 2 * MUSIC_FRAMES);
    for (unsigned i = 0; i < 2 * MUSIC_FRAMES; i++)
        fixture->music[i] = (int16_t)(g_rand_int_range(random, 1, 20000) * (i % 2 ? 1 : -1));
    clock_fake_reset(1000 * SECOND);
    capture_fake_reset(RATE);
    start_engine(fixture);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    engine_free(fixture->engine);
    g_ptr_array_unref(fixture->speakers);
    g_string_free(fixture->log, TRUE);
    g_free(fixture->music);
}

static Speaker *add_speaker(Fixture *fixture, size_t mtu, const SbcConfig *config)
{
    Speaker *speaker = g_new0(Speaker, 1);
    g_autoptr(GError) error = NULL;
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), ==,
                    0);
    speaker->arrived = g_ptr_array_new_with_free_func(g_free);
    speaker->reads = true;
    speaker->fd = pair[1];
    speaker->ours = pair[0];
    speaker->stream = engine_add_stream(fixture->engine, pair[0], mtu, config, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(speaker->stream, !=, 0);
    g_ptr_array_add(fixture->speakers, speaker);
    return speaker;
}

static void hear(Speaker *speaker)
{
    Arrived packet;
    ssize_t size;

    while ((size = recv(speaker->fd, packet.bytes, sizeof(packet.bytes), 0)) > 0) {
        packet.arrival_ns = clock_fake_now();
        packet.size = (size_t)size;
        g_ptr_array_add(speaker->arrived, g_memdup2(&packet, sizeof(packet)));
    }
}

static void dispatch(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

/* Lets time pass in steps that are short against a packet: speakers that read are never congested,
 * and arrivals are known to a millisecond. */
static void run(Fixture *fixture, uint64_t duration_ns)
{
    uint64_t end_ns = clock_fake_now() + duration_ns;

    do {
        clock_fake_run_until(MIN(end_ns, clock_fake_now() + MS));
        for (unsigned i = 0; i < fixture->speakers->len; i++) {
            Speaker *speaker = g_ptr_array_index(fixture->speakers, i);

            if (speaker->reads && speaker->fd >= 0)
                hear(speaker);
        }
        dispatch();
    } while (clock_fake_now() < end_ns);
}

/* The same in one step: when nothing is to arrive. */
static void run_idle(Fixture *fixture, uint64_t duration_ns)
{
    clock_fake_run(duration_ns);
    run(fixture, 0);
}

static void open_capture(Fixture *fixture)
{
    run(fixture, 0);
    assert_log(fixture, "capture missing");
    capture_fake_set_state(CAPTURE_OPEN, "");
    run(fixture, 3 * MS);
    assert_log(fixture, "capture open");
    g_assert_cmpint(engine_capture_state(fixture->engine), ==, CAPTURE_OPEN);
}

static StreamCounters counters_of(Fixture *fixture, const Speaker *speaker)
{
    StreamCounters counters = {0};

    g_assert_true(engine_read_counters(fixture->engine, speaker->stream, &counters));
    return counters;
}

/* --- packets --- */

static const Arrived *packet_at(const Speaker *speaker, unsigned index)
{
    g_assert_cmpuint(index, <, speaker->arrived->len);
    return g_ptr_array_index(speaker->arrived, index);
}

static unsigned sequence_of(const Arrived *packet)
{
    return (unsigned)(packet->bytes[2] << 8 | packet->bytes[3]);
}

static uint32_t timestamp_of(const Arrived *packet)
{
    const uint8_t *bytes = packet->bytes;

    return (uint32_t)bytes[4] << 24 | (uint32_t)bytes[5] << 16 | (uint32_t)bytes[6] << 8 | bytes[7];
}

static void assert_full(const Speaker *speaker, unsigned frames, size_t frame_bytes)
{
    g_assert_cmpuint(speaker->arrived->len, >, 0);
    for (unsigned i = 0; i < speaker->arrived->len; i++) {
        const Arrived *packet = packet_at(speaker, i);

        g_assert_cmpuint(packet->bytes[12], ==, frames);
        g_assert_cmpuint(packet->size, ==, 13 + frames * frame_bytes);
    }
}

static void assert_no_gap(const Speaker *speaker, unsigned pcm_frames)
{
    for (unsigned i = 1; i < speaker->arrived->len; i++) {
        const Arrived *before = packet_at(speaker, i - 1);
        const Arrived *packet = packet_at(speaker, i);

        g_assert_cmpuint(sequence_of(packet), ==, (uint16_t)(sequence_of(before) + 1));
        g_assert_cmpuint(timestamp_of(packet), ==, timestamp_of(before) + pcm_frames);
    }
}

static GByteArray *sbc_of(const Speaker *speaker)
{
    GByteArray *sbc = g_byte_array_new();

    for (unsigned i = 0; i < speaker->arrived->len; i++) {
        const Arrived *packet = packet_at(speaker, i);

        g_byte_array_append(sbc, packet->bytes + 13, (guint)packet->size - 13);
    }
    return sbc;
}

/* What plain libsbc makes of so much silence and then the PCM. */
static GByteArray *encode_plainly(const SbcConfig *config, const int16_t *pcm, size_t pcm_frames,
                                  size_t silence)
{
    GByteArray *sbc = g_byte_array_new();
    g_autofree int16_t *all = g_new0(int16_t, 2 * (silence + pcm_frames));
    uint8_t blob[SBC_BLOB_SIZE];
    uint8_t frame[SBC_FRAME_BYTES_MAX];
    size_t unit = sbc_config_pcm_frames(config);
    sbc_t encoder;

    memcpy(all + 2 * silence, pcm, 2 * pcm_frames * sizeof(int16_t));
    sbc_config_write(config, blob);
    g_assert_cmpint(sbc_init_a2dp(&encoder, 0, blob, sizeof(blob)), ==, 0);
    encoder.bitpool = config->bitpool_max;
    encoder.endian = SBC_LE;
    for (size_t at = 0; at + unit <= silence + pcm_frames; at += unit) {
        ssize_t size = 0;

        sbc_encode(&encoder, all + 2 * at, 2 * unit * sizeof(int16_t), frame, sizeof(frame), &size);
        g_byte_array_append(sbc, frame, (guint)size);
    }
    sbc_finish(&encoder);
    return sbc;
}

/* All that the speaker heard is the beginning of what libsbc makes of the music, from its first
 * sample on, and is not shorter than said. */
static void assert_heard(const Fixture *fixture, const Speaker *speaker, const SbcConfig *config,
                         uint64_t first_position, size_t pcm_frames_at_least)
{
    size_t unit = sbc_config_pcm_frames(config);
    g_autoptr(GByteArray) heard = sbc_of(speaker);
    g_autoptr(GByteArray) expected =
        encode_plainly(config, fixture->music, MUSIC_FRAMES, first_position % 128);
    size_t frame_bytes = sbc_config_frame_bytes(config, config->bitpool_max);

    g_assert_cmpuint(heard->len, >=, pcm_frames_at_least / unit * frame_bytes);
    g_assert_cmpmem(heard->data, heard->len, expected->data, MIN(heard->len, expected->len));
}

/* --- music --- */

static void test_bit_exact(Fixture *fixture, gconstpointer data)
{
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);
    StreamCounters counters;
    uint64_t first;

    open_capture(fixture);
    first = capture_fake_play(fixture->music, MUSIC_FRAMES, 0);
    run(fixture, 10 * SECOND);
    assert_log(fixture, "player begins, 1 flows");
    g_assert_true(engine_player_active(fixture->engine));
    assert_full(speaker, 5, FRAME_BYTES);
    assert_no_gap(speaker, PACKET_PCM);
    assert_heard(fixture, speaker, &joint_53, first, 10 * RATE - 2 * PACKET_PCM);
    counters = counters_of(fixture, speaker);
    g_assert_cmpuint(counters.packets, ==, speaker->arrived->len);
    g_assert_cmpuint(counters.bytes, ==, counters.packets * (13 + 5 * FRAME_BYTES));
    g_assert_cmpuint(counters.pcm_frames, ==, counters.packets * PACKET_PCM);
    g_assert_cmpuint(counters.late + counters.dropped + counters.xruns, ==, 0);
    g_assert_cmpuint(counters.queue_depth, ==, 0);
    /* One wakeup a packet, and two that told of the stream and of the player. */
    g_assert_cmpuint(counters.wakeups, <=, counters.packets + 2);
    /* A packet's duration and at most two ticks. */
    g_assert_cmpuint(counters.own_latency_max_us, <, 14512 + 8000);
    g_assert_cmpuint(counters.own_latency_us, >=, 14512);
    g_assert_cmpuint(counters.first_packet_ns, <, 1000 * SECOND + 30 * MS);
    g_assert_cmpuint(counters.last_packet_ns, >, 1010 * SECOND - 30 * MS);
}

/* The news of a player comes late; what it played before is in the ring already. */
static void test_first_sample(Fixture *fixture, gconstpointer data)
{
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);
    uint64_t first;

    open_capture(fixture);
    run(fixture, 700 * MS);
    first = capture_fake_play(fixture->music, MUSIC_FRAMES, 35 * MS);
    run(fixture, SECOND);
    assert_heard(fixture, speaker, &joint_53, first, RATE);
    /* The lead is sent at once; then packets come at their own pace. */
    g_assert_cmpuint(counters_of(fixture, speaker).own_latency_us, <, 23000);
}

/* One that plays already when the stream comes: nothing old is sent. */
static void test_joins_music(Fixture *fixture, gconstpointer data)
{
    Speaker *speaker;

    open_capture(fixture);
    capture_fake_play(fixture->music, MUSIC_FRAMES, 0);
    run(fixture, SECOND);
    assert_log(fixture, "player begins");
    speaker = add_speaker(fixture, MTU, &joint_53);
    run(fixture, SECOND);
    assert_log(fixture, "1 flows");
    g_assert_cmpuint(speaker->arrived->len, ==, 68);
    g_assert_cmpuint(counters_of(fixture, speaker).own_latency_max_us, <, 23000);
}

static void test_silence(Fixture *fixture, gconstpointer data)
{
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);
    uint64_t wakeups;
    unsigned heard;
    uint32_t gap;

    open_capture(fixture);
    run_idle(fixture, 60 * SECOND);
    wakeups = counters_of(fixture, speaker).wakeups;
    run_idle(fixture, 60 * SECOND);
    g_assert_cmpuint(counters_of(fixture, speaker).wakeups, ==, wakeups);

    capture_fake_play(fixture->music, MUSIC_FRAMES, 0);
    run(fixture, SECOND);
    assert_log(fixture, "player begins, 1 flows");
    capture_fake_play(fixture->music, 0, 0);
    capture_fake_stop();
    run(fixture, 490 * MS);
    assert_log(fixture, "player stops");
    run(fixture, 100 * MS);
    assert_log(fixture, "1 silent");
    assert_full(speaker, 5, FRAME_BYTES);
    assert_no_gap(speaker, PACKET_PCM);

    wakeups = clock_fake_wakeups();
    heard = speaker->arrived->len;
    run_idle(fixture, 60 * SECOND);
    g_assert_cmpuint(clock_fake_wakeups(), ==, wakeups);
    g_assert_cmpuint(speaker->arrived->len, ==, heard);

    /* RTP's time went on while nothing was sent, its sequence did not. */
    capture_fake_play(fixture->music, MUSIC_FRAMES, 0);
    run(fixture, SECOND);
    assert_log(fixture, "player begins, 1 flows");
    gap = timestamp_of(packet_at(speaker, heard)) - timestamp_of(packet_at(speaker, heard - 1));
    g_assert_cmpuint(gap, >, 60 * RATE);
    g_assert_cmpuint(gap, <, 61 * RATE);
    g_assert_cmpuint(sequence_of(packet_at(speaker, heard)), ==,
                     sequence_of(packet_at(speaker, heard - 1)) + 1);
}

/* A short pause between two pieces stops nothing. */
static void test_short_pause(Fixture *fixture, gconstpointer data)
{
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);

    open_capture(fixture);
    capture_fake_play(fixture->music, RATE, 0);
    run(fixture, SECOND);
    capture_fake_stop();
    run(fixture, 300 * MS);
    capture_fake_play(fixture->music, RATE, 0);
    run(fixture, SECOND);
    assert_log(fixture, "player begins, 1 flows, player stops, player begins");
    assert_no_gap(speaker, PACKET_PCM);
    g_assert_cmpuint(speaker->arrived->len, >=, 157);
}

/* Behind the end of the music there is silence, and not what the ring held a round before. */
static void test_clean_end(Fixture *fixture, gconstpointer data)
{
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);
    uint64_t first;

    open_capture(fixture);
    first = capture_fake_play(fixture->music, RATE, 0);
    memset(fixture->music + 2 * RATE, 0, 2 * RATE * sizeof(int16_t));
    run(fixture, SECOND);
    capture_fake_stop();
    run(fixture, SECOND);
    assert_heard(fixture, speaker, &joint_53, first, RATE + RATE / 2);
}

/* Two speakers of different packet size, one of them with SBC frames that do not divide a block;
 * and a third in mono. */
static void test_several(Fixture *fixture, gconstpointer data)
{
    const SbcConfig blocks_12 = {
        .rate_hz = RATE,
        .channels = SBC_CHANNELS_STEREO,
        .blocks = 12,
        .subbands = 8,
        .allocation = SBC_ALLOCATION_SNR,
        .bitpool_min = 2,
        .bitpool_max = 40,
    };
    Speaker *one = add_speaker(fixture, 895, &joint_53);
    Speaker *two = add_speaker(fixture, MTU, &blocks_12);
    unsigned frames = packetiser_frames_for_mtu(MTU, sbc_config_frame_bytes(&blocks_12, 40));
    uint64_t first;

    open_capture(fixture);
    first = capture_fake_play(fixture->music, MUSIC_FRAMES, 0);
    run(fixture, 5 * SECOND);
    assert_full(one, 7, FRAME_BYTES);
    assert_no_gap(one, 7 * 128);
    assert_heard(fixture, one, &joint_53, first, 5 * RATE - 2 * 7 * 128);
    assert_full(two, frames, sbc_config_frame_bytes(&blocks_12, 40));
    assert_no_gap(two, frames * 96);
    assert_heard(fixture, two, &blocks_12, first, 5 * RATE - 2 * frames * 96);
}

/* The card goes while music plays, and comes back. */
static void test_card_goes(Fixture *fixture, gconstpointer data)
{
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);
    unsigned heard;

    open_capture(fixture);
    capture_fake_play(fixture->music, MUSIC_FRAMES, 0);
    run(fixture, SECOND);
    assert_log(fixture, "player begins, 1 flows");
    capture_fake_break();
    run(fixture, 100 * MS);
    assert_log(fixture, "capture missing, player stops, 1 silent");
    heard = speaker->arrived->len;
    run(fixture, SECOND);
    g_assert_cmpuint(speaker->arrived->len, ==, heard);
    capture_fake_set_state(CAPTURE_OPEN, "");
    run(fixture, SECOND);
    assert_log(fixture, "capture open, player begins, 1 flows");
    g_assert_cmpuint(speaker->arrived->len, >=, heard + 67);
    assert_full(speaker, 5, FRAME_BYTES);
    g_assert_cmpuint(counters_of(fixture, speaker).dropped, ==, 0);
}

/* --- stalls --- */

/* The first PCM frame of a packet, as a position in the loopback: how old it was on arrival. */
static uint64_t age_ns(const Arrived *packet, uint32_t first_timestamp, uint64_t first_position)
{
    uint64_t position = first_position + (timestamp_of(packet) - first_timestamp);
    uint64_t born_ns = 1000 * SECOND + position * SECOND / RATE;

    return packet->arrival_ns - born_ns;
}

static void test_link_stalls(Fixture *fixture, gconstpointer data)
{
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);
    StreamCounters counters;
    uint64_t first;
    uint32_t begin;
    unsigned heard;
    unsigned in_socket;

    open_capture(fixture);
    first = capture_fake_play(fixture->music, MUSIC_FRAMES, 0) / 128 * 128;
    run(fixture, SECOND);
    begin = timestamp_of(packet_at(speaker, 0));
    speaker->reads = false;
    run(fixture, 3 * SECOND);
    counters = counters_of(fixture, speaker);
    heard = speaker->arrived->len;
    in_socket = (unsigned)counters.packets - heard;
    g_assert_cmpuint(in_socket, >=, 2);
    g_assert_cmpuint(in_socket, <=, 5);
    g_assert_cmpuint(counters.queue_depth, <=, 5);
    g_assert_cmpuint(counters.queue_depth, >=, 3);
    /* What is neither in the socket nor waiting was dropped, and nothing else. */
    g_assert_cmpuint(counters.dropped + in_socket + counters.queue_depth, >=, 206);
    g_assert_cmpuint(counters.dropped + in_socket + counters.queue_depth, <=, 208);

    speaker->reads = true;
    run(fixture, 2 * SECOND);
    assert_full(speaker, 5, FRAME_BYTES);
    for (unsigned i = heard + in_socket; i < speaker->arrived->len; i++)
        g_assert_cmpuint(age_ns(packet_at(speaker, i), begin, first), <, 60 * MS + 24 * MS);
    /* The pace and the latency are what they were before. */
    for (unsigned i = speaker->arrived->len - 60; i < speaker->arrived->len; i++)
        g_assert_cmpuint(age_ns(packet_at(speaker, i), begin, first), <, 24 * MS);
    /* The oldest may have become too old just when the speaker read again; no more than that. */
    g_assert_cmpuint(counters_of(fixture, speaker).dropped, <=, counters.dropped + 1);
    g_assert_cmpuint(counters_of(fixture, speaker).queue_depth, ==, 0);
    assert_log(fixture, "player begins, 1 flows");
}

/* One stalled speaker costs the other nothing. */
static void test_stall_of_one(Fixture *fixture, gconstpointer data)
{
    Speaker *good = add_speaker(fixture, MTU, &joint_53);
    Speaker *bad = add_speaker(fixture, MTU, &joint_53);
    uint64_t first;

    open_capture(fixture);
    bad->reads = false;
    first = capture_fake_play(fixture->music, MUSIC_FRAMES, 0);
    run(fixture, 3 * SECOND);
    assert_heard(fixture, good, &joint_53, first, 3 * RATE - 2 * PACKET_PCM);
    g_assert_cmpuint(counters_of(fixture, good).late + counters_of(fixture, good).dropped, ==, 0);
    g_assert_cmpuint(counters_of(fixture, bad).dropped, >, 190);
}

/* A player that stops while the link stalls: the rest is sent or dropped, then there is silence. */
static void test_stall_at_end(Fixture *fixture, gconstpointer data)
{
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);
    uint64_t wakeups;

    open_capture(fixture);
    speaker->reads = false;
    capture_fake_play(fixture->music, MUSIC_FRAMES, 0);
    run(fixture, SECOND);
    capture_fake_play(fixture->music, 0, 0);
    capture_fake_stop();
    run(fixture, SECOND);
    assert_log(fixture, "player begins, 1 flows, player stops, 1 silent");
    g_assert_cmpuint(counters_of(fixture, speaker).queue_depth, ==, 0);
    wakeups = clock_fake_wakeups();
    run_idle(fixture, 10 * SECOND);
    g_assert_cmpuint(clock_fake_wakeups(), ==, wakeups);
}

typedef struct {
    uint64_t stall_ns;
    bool overrun; /* longer than the ring */
    bool loses;
} Stall;

/* The process itself was stopped. */
static void test_process_stalls(Fixture *fixture, gconstpointer data)
{
    const Stall *stall = data;
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);
    StreamCounters counters;
    uint64_t first;
    uint32_t begin;
    unsigned before;

    open_capture(fixture);
    first = capture_fake_play(fixture->music, MUSIC_FRAMES, 0) / 128 * 128;
    run(fixture, SECOND);
    begin = timestamp_of(packet_at(speaker, 0));
    before = speaker->arrived->len;
    clock_fake_stall(stall->stall_ns);
    run(fixture, stall->stall_ns + SECOND);
    counters = counters_of(fixture, speaker);
    g_assert_cmpuint(counters.xruns, ==, stall->overrun ? 1 : 0);
    /* An overrun is skipped, all but the packet that was under way. */
    g_assert_cmpuint(counters.dropped, <=, stall->overrun ? 1 : stall->loses ? 15 : 0);
    g_assert_true(counters.dropped > 0 || !stall->loses || stall->overrun);
    for (unsigned i = before; i < speaker->arrived->len; i++)
        g_assert_cmpuint(age_ns(packet_at(speaker, i), begin, first), <, 60 * MS + 24 * MS);
    for (unsigned i = speaker->arrived->len - 30; i < speaker->arrived->len; i++)
        g_assert_cmpuint(age_ns(packet_at(speaker, i), begin, first), <, 24 * MS);
    assert_full(speaker, 5, FRAME_BYTES);
    if (!stall->loses) {
        assert_no_gap(speaker, PACKET_PCM);
        assert_heard(fixture, speaker, &joint_53, first, RATE);
    }
    assert_log(fixture, "player begins, 1 flows");
}

/* --- the socket's end --- */

static void assert_closed(const Speaker *speaker)
{
    g_assert_cmpint(fcntl(speaker->ours, F_GETFD), ==, -1);
    g_assert_cmpint(errno, ==, EBADF);
}

static void hang_up(Speaker *speaker)
{
    close(speaker->fd);
    speaker->fd = -1;
}

static void test_hang_up_in_silence(Fixture *fixture, gconstpointer data)
{
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);
    StreamCounters counters;

    open_capture(fixture);
    hang_up(speaker);
    run(fixture, MS);
    assert_log(fixture, "1 lost Connection reset by peer");
    g_assert_false(engine_read_counters(fixture->engine, speaker->stream, &counters));
    assert_closed(speaker);
    engine_remove_stream(fixture->engine, speaker->stream);
    run(fixture, SECOND);
    assert_log(fixture, "");
}

static void test_hang_up_in_music(Fixture *fixture, gconstpointer data)
{
    Speaker *bad = add_speaker(fixture, MTU, &joint_53);
    Speaker *good = add_speaker(fixture, MTU, &joint_53);

    open_capture(fixture);
    capture_fake_play(fixture->music, MUSIC_FRAMES, 0);
    run(fixture, SECOND);
    assert_log(fixture, "player begins, 1 flows, 2 flows");
    hang_up(bad);
    run(fixture, SECOND);
    g_assert_nonnull(strstr(fixture->log->str, "1 lost "));
    assert_closed(bad);
    g_assert_cmpuint(good->arrived->len, ==, 137);
    assert_no_gap(good, PACKET_PCM);
}

static void test_remove(Fixture *fixture, gconstpointer data)
{
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);

    open_capture(fixture);
    capture_fake_play(fixture->music, MUSIC_FRAMES, 0);
    run(fixture, SECOND);
    assert_log(fixture, "player begins, 1 flows");
    engine_remove_stream(fixture->engine, speaker->stream);
    engine_remove_stream(fixture->engine, speaker->stream);
    run(fixture, MS);
    assert_log(fixture, "1 removed");
    assert_closed(speaker);
}

/* Died, and removed before the main loop heard of it: it ends once, as removed. */
static void test_remove_the_dead(Fixture *fixture, gconstpointer data)
{
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);

    open_capture(fixture);
    hang_up(speaker);
    clock_fake_run(MS);
    engine_remove_stream(fixture->engine, speaker->stream);
    run(fixture, SECOND);
    assert_log(fixture, "1 removed");
}

static void test_many_times(Fixture *fixture, gconstpointer data)
{
    open_capture(fixture);
    capture_fake_play(fixture->music, MUSIC_FRAMES, 0);
    run(fixture, MS);
    g_string_truncate(fixture->log, 0);
    for (unsigned i = 1; i <= 1000; i++) {
        Speaker *speaker = add_speaker(fixture, MTU, &joint_53);
        g_autofree char *expected = g_strdup_printf("%u removed", i);
        StreamCounters counters;

        if (i % 3 == 0)
            run(fixture, 3 * MS);
        g_assert_true(engine_read_counters(fixture->engine, speaker->stream, &counters));
        engine_remove_stream(fixture->engine, speaker->stream);
        run(fixture, 0);
        assert_log(fixture, expected);
        assert_closed(speaker);
        g_ptr_array_set_size(fixture->speakers, 0);
    }
}

static void test_freed_with_streams(Fixture *fixture, gconstpointer data)
{
    Speaker *one = add_speaker(fixture, MTU, &joint_53);
    Speaker *two;

    open_capture(fixture);
    capture_fake_play(fixture->music, MUSIC_FRAMES, 0);
    run(fixture, SECOND);
    two = add_speaker(fixture, MTU, &joint_53);
    g_clear_pointer(&fixture->engine, engine_free);
    assert_closed(one);
    assert_closed(two);
    g_string_truncate(fixture->log, 0);
    dispatch();
    assert_log(fixture, "");
}

static void refuse(Fixture *fixture, size_t mtu, const SbcConfig *config, int code)
{
    g_autoptr(GError) error = NULL;
    Speaker speaker;
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
    speaker.ours = pair[0];
    g_assert_cmpuint(engine_add_stream(fixture->engine, pair[0], mtu, config, &error), ==, 0);
    g_assert_error(error, ECHOCAST_ERROR, code);
    assert_closed(&speaker);
    close(pair[1]);
}

static void test_refused(Fixture *fixture, gconstpointer data)
{
    SbcConfig config = joint_53;

    refuse(fixture, 13 + FRAME_BYTES - 1, &joint_53, ECHOCAST_ERROR_INCOMPATIBLE);
    config.rate_hz = 48000;
    refuse(fixture, MTU, &config, ECHOCAST_ERROR_INCOMPATIBLE);
    for (unsigned i = 0; i < 16; i++)
        add_speaker(fixture, MTU, &joint_53);
    refuse(fixture, MTU, &joint_53, ECHOCAST_ERROR_TOO_MANY_SPEAKERS);
}

/* --- the tone --- */

/* What a speaker makes of all it got: interleaved stereo. */
static GArray *decode(const Speaker *speaker)
{
    GArray *pcm = g_array_new(FALSE, FALSE, sizeof(int16_t));
    g_autoptr(GByteArray) sbc = sbc_of(speaker);
    int16_t frame[2 * 128];
    sbc_t decoder;

    sbc_init(&decoder, 0);
    decoder.endian = SBC_LE;
    for (size_t at = 0; at < sbc->len;) {
        size_t written = 0;
        ssize_t used =
            sbc_decode(&decoder, sbc->data + at, sbc->len - at, frame, sizeof(frame), &written);

        g_assert_cmpint(used, >, 0);
        at += (size_t)used;
        g_array_append_vals(pcm, frame, (guint)(written / sizeof(int16_t)));
    }
    sbc_finish(&decoder);
    return pcm;
}

/* The amplitude of a frequency over one second (Goertzel would do; this reads better). */
static double amplitude(const GArray *pcm, unsigned channel, unsigned from, double frequency_hz)
{
    double in_phase = 0;
    double quadrature = 0;

    g_assert_cmpuint(pcm->len, >=, 2 * (from + RATE));
    for (unsigned i = 0; i < RATE; i++) {
        double value = g_array_index(pcm, int16_t, 2 * (from + i) + channel) / 32768.0;

        in_phase += value * cos(2 * M_PI * frequency_hz * i / RATE);
        quadrature += value * sin(2 * M_PI * frequency_hz * i / RATE);
    }
    return 2 * hypot(in_phase, quadrature) / RATE;
}

static void assert_tone(const Speaker *speaker, unsigned channel, bool sounds)
{
    g_autoptr(GArray) pcm = decode(speaker);
    double level = 20 * log10(amplitude(pcm, channel, 2000, 440) + 1e-9);

    if (!sounds) {
        g_assert_cmpfloat(level, <, -80);
        return;
    }
    g_assert_cmpfloat_with_epsilon(level, -12.0, 0.1);
    for (int off = -20; off <= 20; off++) {
        if (off != 0)
            g_assert_cmpfloat(amplitude(pcm, channel, 2000, 440 + off), <, 0.02);
    }
}

static unsigned count_words(const char *text, const char *word)
{
    unsigned count = 0;

    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        count++;
    return count;
}

/* With no sound card at all. */
static void test_tone(Fixture *fixture, gconstpointer data)
{
    const Tone tone = {.frequency_hz = 440, .duration_ms = 1500, .channels = TONE_BOTH};
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);
    uint64_t wakeups;

    engine_play_tone(fixture->engine, speaker->stream, &tone);
    run(fixture, 2 * SECOND);
    /* 66150 PCM frames: 103.4 packets */
    assert_log(fixture, "capture missing, 1 flows, 1 silent, 1 tone done 104");
    g_assert_cmpuint(speaker->arrived->len, ==, 104);
    assert_full(speaker, 5, FRAME_BYTES);
    assert_no_gap(speaker, PACKET_PCM);
    assert_tone(speaker, 0, true);
    assert_tone(speaker, 1, true);
    wakeups = clock_fake_wakeups();
    run_idle(fixture, 60 * SECOND);
    g_assert_cmpuint(clock_fake_wakeups(), ==, wakeups);
}

static void test_tone_left(Fixture *fixture, gconstpointer data)
{
    const Tone tone = {.frequency_hz = 440, .duration_ms = 1500, .channels = TONE_LEFT};
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);
    Speaker *other = add_speaker(fixture, MTU, &joint_53);

    open_capture(fixture);
    engine_play_tone(fixture->engine, speaker->stream, &tone);
    run(fixture, 2 * SECOND);
    assert_log(fixture, "1 flows, 1 silent, 1 tone done 104");
    assert_tone(speaker, 0, true);
    assert_tone(speaker, 1, false);
    g_assert_cmpuint(other->arrived->len, ==, 0);
}

/* In place of the music, for the one speaker only; the music goes on behind it. */
static void test_tone_in_music(Fixture *fixture, gconstpointer data)
{
    const Tone tone = {.frequency_hz = 440, .duration_ms = 1500, .channels = TONE_BOTH};
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);
    Speaker *other = add_speaker(fixture, MTU, &joint_53);
    uint64_t first;

    open_capture(fixture);
    engine_play_tone(fixture->engine, speaker->stream, &tone);
    first = capture_fake_play(fixture->music, MUSIC_FRAMES, 0);
    run(fixture, 3 * SECOND);
    g_assert_cmpuint(count_words(fixture->log->str, "1 tone done 104"), ==, 1);
    g_assert_cmpuint(count_words(fixture->log->str, "silent"), ==, 0);
    assert_tone(speaker, 0, true);
    assert_no_gap(speaker, PACKET_PCM);
    g_assert_cmpuint(speaker->arrived->len, >=, 205);
    assert_heard(fixture, other, &joint_53, first, 2 * RATE);
}

/* A second tone takes the place of the first: one answer. */
static void test_tone_again(Fixture *fixture, gconstpointer data)
{
    Tone tone = {.frequency_hz = 1000, .duration_ms = 5000, .channels = TONE_BOTH};
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);

    engine_play_tone(fixture->engine, speaker->stream, &tone);
    run(fixture, 300 * MS);
    tone.duration_ms = 100;
    engine_play_tone(fixture->engine, speaker->stream, &tone);
    run(fixture, SECOND);
    g_assert_cmpuint(count_words(fixture->log->str, "tone done"), ==, 1);
    g_assert_cmpuint(speaker->arrived->len, <=, 29);
}

/* The main loop stands still for long: nothing waits for it, and it hears what is so now. */
static void test_deaf_main_loop(Fixture *fixture, gconstpointer data)
{
    Speaker *speaker = add_speaker(fixture, MTU, &joint_53);

    open_capture(fixture);
    for (unsigned i = 0; i < 400; i++) {
        capture_fake_play(fixture->music, RATE, 0);
        clock_fake_run(2 * MS);
        capture_fake_stop();
        clock_fake_run(2 * MS);
    }
    hang_up(speaker);
    clock_fake_run(2 * MS);
    for (unsigned i = 0; i < 200; i++)
        run(fixture, 0);
    g_assert_true(g_str_has_suffix(fixture->log->str, "1 lost Connection reset by peer"));
    assert_closed(speaker);
    g_assert_false(engine_player_active(fixture->engine));
}

#define add(path, data, function)                                                                  \
    g_test_add("/engine/" path, Fixture, data, set_up, function, tear_down)

int main(int argc, char **argv)
{
    static const Stall short_stall = {.stall_ns = 40 * MS};
    static const Stall stall = {.stall_ns = 250 * MS, .loses = true};
    static const Stall long_stall = {.stall_ns = 3 * SECOND, .loses = true, .overrun = true};

    g_test_init(&argc, &argv, NULL);
    add("bit-exact", NULL, test_bit_exact);
    add("first-sample", NULL, test_first_sample);
    add("joins-music", NULL, test_joins_music);
    add("silence", NULL, test_silence);
    add("short-pause", NULL, test_short_pause);
    add("clean-end", NULL, test_clean_end);
    add("several", NULL, test_several);
    add("card-goes", NULL, test_card_goes);
    add("link-stalls", NULL, test_link_stalls);
    add("stall-of-one", NULL, test_stall_of_one);
    add("stall-at-end", NULL, test_stall_at_end);
    add("process-stalls/40ms", &short_stall, test_process_stalls);
    add("process-stalls/250ms", &stall, test_process_stalls);
    add("process-stalls/3s", &long_stall, test_process_stalls);
    add("hang-up/in-silence", NULL, test_hang_up_in_silence);
    add("hang-up/in-music", NULL, test_hang_up_in_music);
    add("remove", NULL, test_remove);
    add("remove-the-dead", NULL, test_remove_the_dead);
    add("many-times", NULL, test_many_times);
    add("freed-with-streams", NULL, test_freed_with_streams);
    add("refused", NULL, test_refused);
    add("tone/both", NULL, test_tone);
    add("tone/left", NULL, test_tone_left);
    add("tone/in-music", NULL, test_tone_in_music);
    add("tone/again", NULL, test_tone_again);
    add("deaf-main-loop", NULL, test_deaf_main_loop);
    return g_test_run();
}
