/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/sender.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define PRIORITY_INTERACTIVE_AUDIO 6 /* the highest that needs no privilege */
#define BUFFER_PACKETS             4
/* Until it is measured: four pieces a packet, each with as much again for the kernel. */
#define FIRST_GUESS 4
#define MEASURES    8

/* The kernel doubles what it is told. */
static void set_buffer(int fd, int bytes)
{
    const int half = bytes / 2;

    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half));
}

void sender_init(Sender *sender, int fd, size_t packet_bytes)
{
    const int priority = PRIORITY_INTERACTIVE_AUDIO;
    int domain = AF_BLUETOOTH;
    socklen_t size = sizeof(domain);

    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
    *sender = (Sender){
        .fd = fd,
        .counts_free = domain == AF_BLUETOOTH,
        .to_measure = MEASURES,
    };
    setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority));
    set_buffer(fd, BUFFER_PACKETS * FIRST_GUESS * (int)packet_bytes);
}

/* How full the buffer is, up to a constant. Bluetooth sockets tell what is free instead. */
static int level(const Sender *sender)
{
    int bytes = 0;

    ioctl(sender->fd, SIOCOUTQ, &bytes);
    return sender->counts_free ? -bytes : bytes;
}

/* What a packet adds can only seem too little, when some of it left while we looked: the highest of
 * a few is true. */
static void learn(Sender *sender, int cost)
{
    sender->to_measure--;
    if (cost <= sender->packet_cost)
        return;
    sender->packet_cost = cost;
    set_buffer(sender->fd, BUFFER_PACKETS * cost);
}

static SenderResult try_send(const Sender *sender, const uint8_t *bytes, size_t size)
{
    if (send(sender->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return SENDER_SENT; /* a packet goes as a whole or not at all */
    switch (errno) {
    case EAGAIN:
    case EINTR:
    case ENOBUFS:
    case ENOMEM:
        return SENDER_FULL;
    default:
        return SENDER_DEAD;
    }
}

SenderResult sender_send(Sender *sender, const uint8_t *bytes, size_t size)
{
    SenderResult result;
    int before;

    if (sender->to_measure == 0)
        return try_send(sender, bytes, size);
    before = level(sender);
    result = try_send(sender, bytes, size);
    if (result == SENDER_SENT)
        learn(sender, level(sender) - before);
    return result;
}

int sender_error(int fd, short revents)
{
    int pending = 0;
    socklen_t size = sizeof(pending);

    if ((revents & POLLNVAL) != 0)
        return EBADF;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &size) == 0 && pending != 0)
        return pending;
    return ECONNRESET;
}
