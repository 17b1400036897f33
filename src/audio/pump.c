/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/pump.h"

#include "a2dp/pacer.h"
#include "audio/capture.h"
#include "audio/clock.h"
#include "audio/sender.h"
#include "audio/stream.h"

#include <string.h>

#define BLOCK STREAM_BLOCK_PCM_FRAMES

/* Silence that is still sent after the last player stopped: a pause between two pieces does not
 * stop the stream. */
#define DEBOUNCE_NS UINT64_C(500000000)
/* How far to look back for the first sample of a player that has just begun. */
#define LOOK_BACK_NS UINT64_C(50000000)
/* Beyond that the kernel might overwrite what is being encoded. */
#define OVERRUN_PCM_FRAMES (CAPTURE_RING_PCM_FRAMES - 2048)
/* Of the sound that an overrun left, so much is not yet too old. */
#define OVERRUN_KEEP_NS STREAM_AGE_MAX_NS

_Static_assert(STREAM_BLOCK_PCM_FRAMES == CAPTURE_BLOCK_PCM_FRAMES, "one block is one block");

typedef enum {
    LANE_LIVE,
    LANE_LOST,    /* the socket is dead: to be told */
    LANE_REMOVED, /* as asked for: to be told */
} LaneState;

/* A stream and what the main loop knows of it. */
typedef struct {
    Stream *stream;
    LaneState state;
    int error_number;
    bool fed;
    bool flows;
    bool flows_told;
    bool tone_done;
    uint64_t tone_packets;
} Lane;

struct Pump {
    Mailbox *inbox;
    Mailbox *outbox;
    Capture *capture;
    Pacer clock; /* for its arithmetic between PCM frames and time */
    bool quit;
    uint64_t deadline_ns;

    /* The media clock: the capture's position, or the time where there is no capture. */
    bool from_capture;
    uint64_t now_ns;
    uint64_t written;       /* PCM frames that came so far */
    uint64_t read;          /* the next one to be fed, a multiple of the block */
    bool awake;             /* read is valid */
    bool music;             /* what the loopback has is fed to all streams */
    bool player_began;      /* since the last turn */
    uint64_t silent_frames; /* since the player stopped */

    CaptureState capture_told;
    char detail_told[CAPTURE_DETAIL_SIZE];
    bool capture_was_told;
    bool player;
    bool player_told;

    unsigned lane_count;
    Lane lanes[PUMP_STREAMS_MAX];
};

Pump *pump_new(const EngineOptions *options, Mailbox *inbox, Mailbox *outbox)
{
    Pump *pump = g_new0(Pump, 1);

    pump->inbox = inbox;
    pump->outbox = outbox;
    pump->capture = capture_new(options->card, options->rate_hz);
    pacer_init(&pump->clock, options->rate_hz, BLOCK, clock_tick_ns());
    return pump;
}

void pump_free(Pump *pump)
{
    if (pump == NULL)
        return;
    capture_free(pump->capture);
    g_free(pump);
}

/* --- what is told to the main loop --- */

static bool tell(Pump *pump, MailKind kind, const Lane *lane, uint64_t value)
{
    Mail mail = {
        .kind = kind,
        .stream = lane == NULL ? 0 : stream_number(lane->stream),
        .value = value,
    };

    if (kind == MAIL_CAPTURE)
        memcpy(mail.text, pump->detail_told, sizeof(pump->detail_told));
    return mailbox_post(pump->outbox, &mail);
}

static void tell_capture(Pump *pump)
{
    CaptureState state = capture_state(pump->capture);
    const char *detail = capture_detail(pump->capture);

    if (pump->capture_was_told && state == pump->capture_told &&
        strcmp(detail, pump->detail_told) == 0)
        return;
    g_strlcpy(pump->detail_told, detail, sizeof(pump->detail_told));
    pump->capture_was_told = tell(pump, MAIL_CAPTURE, NULL, state);
    pump->capture_told = state;
}

static void tell_player(Pump *pump)
{
    if (pump->player != pump->player_told && tell(pump, MAIL_PLAYER, NULL, pump->player))
        pump->player_told = pump->player;
}

static void tell_lane(Pump *pump, Lane *lane)
{
    if (lane->flows != lane->flows_told &&
        tell(pump, lane->flows ? MAIL_FLOWS : MAIL_SILENT, lane, 0))
        lane->flows_told = lane->flows;
    if (lane->tone_done && tell(pump, MAIL_TONE_DONE, lane, lane->tone_packets))
        lane->tone_done = false;
}

/* True when the main loop has the stream again. */
static bool tell_end(Pump *pump, const Lane *lane)
{
    switch (lane->state) {
    case LANE_LIVE:
        return false;
    case LANE_LOST:
        return tell(pump, MAIL_LOST, lane, (uint64_t)lane->error_number);
    case LANE_REMOVED:
        return tell(pump, MAIL_REMOVED, lane, 0);
    }
    return false;
}

/* Levels, not events: what does not fit into the mailbox now is told in a later turn as it is then,
 * and the main loop rings when there is room. */
static void tell_all(Pump *pump)
{
    tell_capture(pump);
    tell_player(pump);
    for (unsigned i = 0; i < pump->lane_count;) {
        Lane *lane = &pump->lanes[i];

        if (lane->state == LANE_LIVE)
            tell_lane(pump, lane);
        if (tell_end(pump, lane))
            *lane = pump->lanes[--pump->lane_count];
        else
            i++;
    }
}

/* --- what comes from the main loop --- */

static void end_lane(Lane *lane, LaneState state, int error_number)
{
    lane->state = state;
    lane->error_number = error_number;
    lane->fed = false;
    stream_close(lane->stream);
}

static Lane *find_lane(Pump *pump, EngineStream number)
{
    for (unsigned i = 0; i < pump->lane_count; i++) {
        if (stream_number(pump->lanes[i].stream) == number)
            return &pump->lanes[i];
    }
    return NULL; /* lost a moment ago: the main loop hears of it next */
}

static void add_lane(Pump *pump, Stream *stream)
{
    pump->lanes[pump->lane_count++] = (Lane){.stream = stream};
}

static void read_one(Pump *pump, const Mail *mail)
{
    Lane *lane = find_lane(pump, mail->stream);

    if (mail->kind == MAIL_QUIT)
        pump->quit = true;
    else if (mail->kind == MAIL_ADD)
        add_lane(pump, mail->object);
    else if (mail->kind == MAIL_REMOVE && lane != NULL)
        end_lane(lane, LANE_REMOVED, 0);
    else if (mail->kind == MAIL_TONE && lane != NULL && lane->state == LANE_LIVE)
        stream_play_tone(lane->stream, &mail->tone);
}

static void read_mail(Pump *pump)
{
    Mail mail;

    mailbox_hush(pump->inbox);
    while (mailbox_take(pump->inbox, &mail))
        read_one(pump, &mail);
}

/* --- the media clock --- */

static void read_clock(Pump *pump)
{
    bool from_capture = capture_read_position(pump->capture, &pump->written, &pump->now_ns);

    if (!from_capture) {
        pump->now_ns = clock_now_ns();
        pump->written = pacer_pcm_frames(&pump->clock, pump->now_ns);
    }
    if (from_capture == pump->from_capture)
        return;
    pump->from_capture = from_capture;
    pump->awake = false;
    for (unsigned i = 0; i < pump->lane_count; i++)
        stream_change_clock(pump->lanes[i].stream);
}

static bool is_silent(const int16_t *pcm)
{
    static const int16_t silence[2 * BLOCK];

    return memcmp(pcm, silence, sizeof(silence)) == 0;
}

/* Where a player that has just begun left its first sample: the kernel told us a moment later. */
static uint64_t look_back(const Pump *pump)
{
    uint64_t frames = pacer_pcm_frames(&pump->clock, LOOK_BACK_NS);
    uint64_t end = pump->written / BLOCK * BLOCK;
    uint64_t begin = pump->written > frames ? (pump->written - frames) / BLOCK * BLOCK : 0;

    while (begin < end && is_silent(capture_block(pump->capture, begin)))
        begin += BLOCK;
    return begin;
}

static void wake_up(Pump *pump)
{
    bool look = pump->from_capture && pump->player_began;

    pump->read = look ? look_back(pump) : pump->written / BLOCK * BLOCK;
    pump->awake = true;
}

/* We slept through more than the ring holds, or nearly: only the newest is worth sending. What was
 * under way ends where the gap begins, and is old. */
static void skip_overrun(Pump *pump)
{
    uint64_t keep = pacer_pcm_frames(&pump->clock, OVERRUN_KEEP_NS);
    uint64_t behind = pump->written - pump->read;
    uint64_t read_ns = pump->now_ns - pacer_duration_ns(&pump->clock, behind);

    if (behind < OVERRUN_PCM_FRAMES)
        return;
    pump->read = (pump->written - keep + BLOCK - 1) / BLOCK * BLOCK;
    for (unsigned i = 0; i < pump->lane_count; i++) {
        stream_pause(pump->lanes[i].stream, read_ns);
        stream_stats_add(stream_stats(pump->lanes[i].stream), xruns, 1);
    }
}

/* --- one turn: feed and send --- */

static bool lane_wants(const Pump *pump, const Lane *lane)
{
    return lane->state == LANE_LIVE && (pump->music || stream_has_tone(lane->stream));
}

static bool any_lane_wants(const Pump *pump)
{
    for (unsigned i = 0; i < pump->lane_count; i++) {
        if (lane_wants(pump, &pump->lanes[i]))
            return true;
    }
    return false;
}

/* Something to feed, to complete or to send. */
static bool any_lane_busy(const Pump *pump)
{
    for (unsigned i = 0; i < pump->lane_count; i++) {
        const Lane *lane = &pump->lanes[i];

        if (lane->state == LANE_LIVE &&
            (lane->fed || lane_wants(pump, lane) || stream_has_waiting(lane->stream)))
            return true;
    }
    return false;
}

/* Someone listens, and somebody plays or did a moment ago. */
static bool wants_music(const Pump *pump)
{
    uint64_t debounce = pacer_pcm_frames(&pump->clock, DEBOUNCE_NS);

    if (pump->lane_count == 0 || capture_state(pump->capture) != CAPTURE_OPEN)
        return false;
    return pump->player || (pump->music && pump->silent_frames < debounce);
}

static void feed_block(Pump *pump)
{
    static const int16_t silence[2 * BLOCK];
    const int16_t *pcm = pump->music ? capture_block(pump->capture, pump->read) : silence;
    uint64_t behind = pacer_duration_ns(&pump->clock, pump->written - pump->read - BLOCK);

    for (unsigned i = 0; i < pump->lane_count; i++) {
        if (lane_wants(pump, &pump->lanes[i]))
            stream_feed(pump->lanes[i].stream, pcm, pump->read, pump->now_ns - behind);
    }
    if (!pump->player)
        pump->silent_frames = is_silent(pcm) ? pump->silent_frames + BLOCK : 0;
    if (pump->music)
        capture_forget(pump->capture, pump->read);
    pump->read += BLOCK;
}

/* A stream that is fed no more gets its last packet completed. */
static void settle_lanes(Pump *pump)
{
    for (unsigned i = 0; i < pump->lane_count; i++) {
        Lane *lane = &pump->lanes[i];
        bool fed = lane_wants(pump, lane);

        if (lane->fed && !fed && lane->state == LANE_LIVE)
            stream_pause(lane->stream, pump->now_ns);
        lane->fed = fed;
    }
}

static void send_lane(Pump *pump, Lane *lane)
{
    uint64_t sent_before =
        atomic_load_explicit(&stream_stats(lane->stream)->packets, memory_order_relaxed);
    int error_number = stream_send(lane->stream, pump->now_ns);

    if (error_number != 0) {
        end_lane(lane, LANE_LOST, error_number);
        return;
    }
    if (atomic_load_explicit(&stream_stats(lane->stream)->packets, memory_order_relaxed) !=
        sent_before)
        lane->flows = true;
    if (stream_take_tone_done(lane->stream, &lane->tone_packets))
        lane->tone_done = true;
}

static void send_all(Pump *pump)
{
    for (unsigned i = 0; i < pump->lane_count; i++) {
        if (pump->lanes[i].state == LANE_LIVE)
            send_lane(pump, &pump->lanes[i]);
    }
}

static void hush_lanes(Pump *pump)
{
    for (unsigned i = 0; i < pump->lane_count; i++) {
        Lane *lane = &pump->lanes[i];

        if (!lane->fed && !stream_has_waiting(lane->stream))
            lane->flows = false;
    }
}

static void feed_all(Pump *pump)
{
    if (!pump->awake)
        wake_up(pump);
    skip_overrun(pump);
    while (pump->written - pump->read >= BLOCK && any_lane_wants(pump))
        feed_block(pump);
    pump->music = wants_music(pump);
}

static void turn(Pump *pump)
{
    pump->music = wants_music(pump);
    if (any_lane_busy(pump)) {
        read_clock(pump);
        /* The capture may have been lost just now. */
        pump->music = wants_music(pump);
        if (any_lane_wants(pump))
            feed_all(pump);
        settle_lanes(pump);
        send_all(pump);
        hush_lanes(pump);
    }
    if (!any_lane_wants(pump))
        pump->awake = false;
}

/* --- the thread --- */

static void find_deadline(Pump *pump)
{
    uint64_t unread = pump->awake ? pump->written - pump->read : 0;

    pump->deadline_ns = capture_retry_ns(pump->capture);
    for (unsigned i = 0; i < pump->lane_count; i++) {
        const Lane *lane = &pump->lanes[i];
        uint64_t next_ns = CLOCK_NEVER;

        if (lane->fed)
            next_ns = stream_next_ns(lane->stream, pump->now_ns, unread);
        else if (lane->state == LANE_LIVE && stream_has_waiting(lane->stream))
            next_ns = stream_retry_ns(lane->stream, pump->now_ns);
        pump->deadline_ns = MIN(pump->deadline_ns, next_ns);
    }
}

static void follow_player(Pump *pump)
{
    bool player = capture_player_is_active(pump->capture);

    if (player && !pump->player)
        pump->player_began = true;
    if (!player && pump->player)
        pump->silent_frames = 0;
    pump->player = player;
}

static void check_capture(Pump *pump, const struct pollfd *fds, unsigned count)
{
    uint64_t retry_ns = capture_retry_ns(pump->capture);
    bool reported = retry_ns != CLOCK_NEVER && retry_ns <= clock_now_ns();

    for (unsigned i = 0; i < count; i++)
        reported = reported || fds[i].revents != 0;
    if (!reported)
        return;
    capture_check(pump->capture);
    follow_player(pump);
}

/* Nothing is ever read from these sockets: only their end is waited for. */
static void check_socket(Lane *lane, const struct pollfd *fd)
{
    if (fd->revents != 0 && lane->state == LANE_LIVE)
        end_lane(lane, LANE_LOST, sender_error(fd->fd, fd->revents));
    stream_stats_add(stream_stats(lane->stream), wakeups, 1);
}

static void sleep_and_look(Pump *pump)
{
    struct pollfd fds[1 + PUMP_STREAMS_MAX + CAPTURE_POLL_MAX];
    unsigned lanes = pump->lane_count;
    unsigned captures;

    fds[0] = (struct pollfd){.fd = mailbox_fd(pump->inbox), .events = POLLIN};
    for (unsigned i = 0; i < lanes; i++)
        fds[1 + i] = (struct pollfd){.fd = stream_fd(pump->lanes[i].stream)};
    captures = capture_poll(pump->capture, fds + 1 + lanes);
    if (clock_wait(fds, 1 + lanes + captures, pump->deadline_ns) < 0)
        return;
    for (unsigned i = 0; i < lanes; i++)
        check_socket(&pump->lanes[i], &fds[1 + i]);
    check_capture(pump, fds + 1 + lanes, captures);
    if (fds[0].revents != 0)
        read_mail(pump);
}

void *pump_run(void *data)
{
    Pump *pump = data;

    capture_check(pump->capture);
    follow_player(pump);
    while (!pump->quit) {
        turn(pump);
        pump->player_began = false;
        tell_all(pump);
        find_deadline(pump);
        sleep_and_look(pump);
    }
    return NULL;
}
