/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/pump.h"

#include "audio/clock.h"
#include "audio/lane.h"
#include "audio/media_clock.h"
#include "audio/stream.h"

#include <string.h>

/* Silence that is still sent after the last player stopped: a pause between two pieces does not
 * stop the stream. */
#define DEBOUNCE_NS UINT64_C(500000000)

_Static_assert(STREAM_BLOCK_PCM_FRAMES == CAPTURE_BLOCK_PCM_FRAMES, "one block is one block");

struct Pump {
    Mailbox *inbox;
    Mailbox *outbox;
    Capture *capture;
    MediaClock clock;
    bool quit;
    uint64_t deadline_ns;

    bool player;            /* somebody plays */
    bool player_began;      /* since the last turn */
    bool music;             /* what the loopback has is fed to all streams */
    uint64_t silent_frames; /* since the player stopped */

    /* What the main loop knows. */
    bool told_capture;
    CaptureState capture_told;
    char detail_told[CAPTURE_DETAIL_SIZE];
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
    media_clock_init(&pump->clock, pump->capture, options->rate_hz);
    return pump;
}

void pump_free(Pump *pump)
{
    if (pump == NULL)
        return;
    capture_free(pump->capture);
    g_free(pump);
}

/* --- what comes from the main loop --- */

static Lane *find_lane(Pump *pump, EngineStream number)
{
    for (unsigned i = 0; i < pump->lane_count; i++) {
        if (stream_number(pump->lanes[i].stream) == number)
            return &pump->lanes[i];
    }
    return NULL; /* lost a moment ago: the main loop hears of it next */
}

static void read_one(Pump *pump, const Mail *mail)
{
    Lane *lane = find_lane(pump, mail->stream);

    if (mail->kind == MAIL_QUIT)
        pump->quit = true;
    else if (mail->kind == MAIL_ADD)
        lane_init(&pump->lanes[pump->lane_count++], mail->object);
    else if (mail->kind == MAIL_REMOVE && lane != NULL)
        lane_end(lane, LANE_REMOVED, 0);
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

/* --- what is told to the main loop --- */

static void tell_capture(Pump *pump)
{
    const char *detail = capture_detail(pump->capture);
    Mail mail = {.kind = MAIL_CAPTURE, .value = capture_state(pump->capture)};

    if (pump->told_capture && mail.value == pump->capture_told &&
        strcmp(detail, pump->detail_told) == 0)
        return;
    g_strlcpy(mail.text, detail, sizeof(mail.text));
    g_strlcpy(pump->detail_told, detail, sizeof(pump->detail_told));
    pump->capture_told = (CaptureState)mail.value;
    pump->told_capture = mailbox_post(pump->outbox, &mail);
}

static void tell_player(Pump *pump)
{
    const Mail mail = {.kind = MAIL_PLAYER, .value = pump->player};

    if (pump->player != pump->player_told && mailbox_post(pump->outbox, &mail))
        pump->player_told = pump->player;
}

static void tell_all(Pump *pump)
{
    tell_capture(pump);
    tell_player(pump);
    for (unsigned i = 0; i < pump->lane_count;) {
        if (lane_tell(&pump->lanes[i], pump->outbox))
            pump->lanes[i] = pump->lanes[--pump->lane_count];
        else
            i++;
    }
}

/* --- one turn: feed and send --- */

static bool any_lane_wants(const Pump *pump)
{
    for (unsigned i = 0; i < pump->lane_count; i++) {
        if (lane_wants(&pump->lanes[i], pump->music))
            return true;
    }
    return false;
}

static bool any_lane_is_busy(const Pump *pump)
{
    for (unsigned i = 0; i < pump->lane_count; i++) {
        if (lane_is_busy(&pump->lanes[i], pump->music))
            return true;
    }
    return false;
}

/* Someone listens, and somebody plays or did a moment ago. */
static bool wants_music(const Pump *pump)
{
    uint64_t debounce = media_clock_pcm_frames(&pump->clock, DEBOUNCE_NS);

    if (pump->lane_count == 0 || capture_state(pump->capture) != CAPTURE_OPEN)
        return false;
    return pump->player || (pump->music && pump->silent_frames < debounce);
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

/* The capture may be found lost here, and the player with it. */
static void look_at_clock(Pump *pump)
{
    bool changed = media_clock_look(&pump->clock);

    follow_player(pump);
    if (!changed)
        return;
    for (unsigned i = 0; i < pump->lane_count; i++)
        stream_change_clock(pump->lanes[i].stream);
}

/* What was under way ends where the gap begins, and is old. */
static void skip_overrun(Pump *pump)
{
    uint64_t read_ns = media_clock_read_ns(&pump->clock);

    for (unsigned i = 0; i < pump->lane_count; i++) {
        if (!lane_wants(&pump->lanes[i], pump->music))
            continue;
        stream_pause(pump->lanes[i].stream, read_ns);
        stream_stats_add(stream_stats(pump->lanes[i].stream), xruns, 1);
    }
    media_clock_skip(&pump->clock, STREAM_AGE_MAX_NS);
}

static void feed_block(Pump *pump)
{
    static const int16_t silence[2 * STREAM_BLOCK_PCM_FRAMES];
    uint64_t position = pump->clock.read;
    uint64_t came_ns = media_clock_block_ns(&pump->clock);
    const int16_t *pcm = pump->music ? capture_block(pump->capture, position) : silence;

    for (unsigned i = 0; i < pump->lane_count; i++) {
        if (lane_wants(&pump->lanes[i], pump->music))
            stream_feed(pump->lanes[i].stream, pcm, position, came_ns);
    }
    if (!pump->player && media_clock_is_silent(pcm))
        pump->silent_frames += STREAM_BLOCK_PCM_FRAMES;
    else
        pump->silent_frames = 0;
    if (pump->music)
        capture_forget(pump->capture, position);
    media_clock_next_block(&pump->clock);
}

static void feed(Pump *pump)
{
    if (!any_lane_wants(pump))
        return;
    if (!pump->clock.awake)
        media_clock_wake(&pump->clock, pump->player_began);
    if (media_clock_is_overrun(&pump->clock))
        skip_overrun(pump);
    while (media_clock_has_block(&pump->clock) && any_lane_wants(pump))
        feed_block(pump);
}

static void work(Pump *pump)
{
    look_at_clock(pump);
    pump->music = wants_music(pump);
    feed(pump);
    pump->music = wants_music(pump);
    for (unsigned i = 0; i < pump->lane_count; i++) {
        lane_settle(&pump->lanes[i], pump->music, pump->clock.now_ns);
        lane_send(&pump->lanes[i], pump->clock.now_ns);
    }
}

static void turn(Pump *pump)
{
    follow_player(pump);
    pump->music = wants_music(pump);
    if (any_lane_is_busy(pump))
        work(pump);
    if (!any_lane_wants(pump))
        media_clock_sleep(&pump->clock);
    pump->player_began = false;
}

/* --- the thread --- */

static void find_deadline(Pump *pump)
{
    const MediaClock *clock = &pump->clock;

    pump->deadline_ns = capture_retry_ns(pump->capture);
    for (unsigned i = 0; i < pump->lane_count; i++) {
        uint64_t next_ns = lane_next_ns(&pump->lanes[i], clock->now_ns, media_clock_unread(clock));

        pump->deadline_ns = MIN(pump->deadline_ns, next_ns);
    }
}

static void check_capture(Pump *pump, const struct pollfd *fds, unsigned count)
{
    uint64_t retry_ns = capture_retry_ns(pump->capture);
    bool reported = retry_ns != CLOCK_NEVER && retry_ns <= clock_now_ns();

    for (unsigned i = 0; i < count; i++)
        reported = reported || fds[i].revents != 0;
    if (reported)
        capture_check(pump->capture);
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
        lane_check(&pump->lanes[i], &fds[1 + i]);
    check_capture(pump, fds + 1 + lanes, captures);
    if (fds[0].revents != 0)
        read_mail(pump);
}

void *pump_run(void *data)
{
    Pump *pump = data;

    capture_check(pump->capture);
    while (!pump->quit) {
        turn(pump);
        tell_all(pump);
        find_deadline(pump);
        sleep_and_look(pump);
    }
    return NULL;
}
