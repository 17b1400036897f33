/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/sender.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define PRIORITY_INTERACTIVE_AUDIO 6 /* the highest that needs no privilege */
#define SEND_BUFFER_PACKETS        3 /* doubled by the kernel, which counts its overhead too: ~4 */

void sender_prepare(int fd, size_t packet_bytes)
{
    const int buffer = (int)(SEND_BUFFER_PACKETS * packet_bytes);
    const int priority = PRIORITY_INTERACTIVE_AUDIO;

    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority));
}

SenderResult sender_send(int fd, const uint8_t *bytes, size_t size)
{
    if (send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
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
