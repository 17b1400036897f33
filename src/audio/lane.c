/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/lane.h"

#include "audio/clock.h"
#include "audio/sender.h"
#include "audio/stream.h"

void lane_init(Lane *lane, Stream *stream)
{
    *lane = (Lane){.stream = stream};
}

void lane_end(Lane *lane, LaneState state, int error_number)
{
    lane->state = state;
    lane->error_number = error_number;
    lane->fed = false;
    stream_close(lane->stream);
}

void lane_check(Lane *lane, const struct pollfd *fd)
{
    if (fd->revents != 0 && lane->state == LANE_LIVE)
        lane_end(lane, LANE_LOST, sender_error(fd->fd, fd->revents));
    stream_stats_add(stream_stats(lane->stream), wakeups, 1);
}

bool lane_wants(const Lane *lane, bool music)
{
    return lane->state == LANE_LIVE && (music || stream_has_tone(lane->stream));
}

bool lane_is_busy(const Lane *lane, bool music)
{
    return lane->state == LANE_LIVE &&
           (lane->fed || lane_wants(lane, music) || stream_has_waiting(lane->stream));
}

void lane_settle(Lane *lane, bool music, uint64_t now_ns)
{
    bool fed = lane_wants(lane, music);

    if (lane->fed && !fed && lane->state == LANE_LIVE)
        stream_pause(lane->stream, now_ns);
    lane->fed = fed;
}

static uint64_t packets_sent(const Lane *lane)
{
    return atomic_load_explicit(&stream_stats(lane->stream)->packets, memory_order_relaxed);
}

void lane_send(Lane *lane, uint64_t now_ns)
{
    uint64_t before = packets_sent(lane);
    int error_number = lane->state == LANE_LIVE ? stream_send(lane->stream, now_ns) : 0;

    if (error_number != 0)
        lane_end(lane, LANE_LOST, error_number);
    if (lane->state != LANE_LIVE)
        return;
    if (packets_sent(lane) != before)
        lane->flows = true;
    if (!lane->fed && !stream_has_waiting(lane->stream))
        lane->flows = false;
    if (stream_take_tone_done(lane->stream, &lane->tone_packets))
        lane->tone_done = true;
}

uint64_t lane_next_ns(const Lane *lane, uint64_t now_ns, uint64_t unread)
{
    if (lane->fed)
        return stream_next_ns(lane->stream, now_ns, unread);
    if (lane->state == LANE_LIVE && stream_has_waiting(lane->stream))
        return stream_retry_ns(lane->stream, now_ns);
    return CLOCK_NEVER;
}

static bool tell(const Lane *lane, Mailbox *outbox, MailKind kind, uint64_t value)
{
    const Mail mail = {.kind = kind, .stream = stream_number(lane->stream), .value = value};

    return mailbox_post(outbox, &mail);
}

bool lane_tell(Lane *lane, Mailbox *outbox)
{
    switch (lane->state) {
    case LANE_LOST:
        return tell(lane, outbox, MAIL_LOST, (uint64_t)lane->error_number);
    case LANE_REMOVED:
        return tell(lane, outbox, MAIL_REMOVED, 0);
    case LANE_LIVE:
        break;
    }
    if (lane->flows != lane->flows_told &&
        tell(lane, outbox, lane->flows ? MAIL_FLOWS : MAIL_SILENT, 0))
        lane->flows_told = lane->flows;
    if (lane->tone_done && tell(lane, outbox, MAIL_TONE_DONE, lane->tone_packets))
        lane->tone_done = false;
    return false;
}
