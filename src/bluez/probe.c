/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "probe.h"
#include "base/fd.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/l2cap.h>
#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>

#define PSM_SDP 1
/* Page timeout 5.1 s, authentication and a late answer; the kernel itself would wait 40 s. */
#define PROBE_TIMEOUT_S  12
#define ANSWER_TIMEOUT_S 2

/* SDP ServiceSearchRequest for the A2DP sink, at most one record (Core 5.3, 3.B.4.5.1). Which
 * answer comes does not matter. It is asked since a channel that is closed as soon as it is open
 * may be gone before the other end has accepted it: bluetoothd 5.66 at that end then sleeps in
 * accept() for ever (sdpd-server.c:io_accept_event). */
static const uint8_t question[] = {
    0x02, 0x00, 0x01, 0x00, 0x08, 0x35, 0x03, 0x19, 0x11, 0x0b, 0x00, 0x01, 0x00,
};

struct Probe {
    int fd;
    guint watch;
    guint timer;
    int errnum; /* if it comes to nothing else */
    ProbeDone done;
    void *data;
};

static void address_to_kernel(const Address *address, bdaddr_t *bdaddr)
{
    for (size_t i = 0; i < sizeof bdaddr->b; i++)
        bdaddr->b[i] = address->octet[sizeof bdaddr->b - 1 - i];
}

static void probe_unwatch(Probe *probe)
{
    if (probe->watch)
        g_source_remove(probe->watch);
    if (probe->timer)
        g_source_remove(probe->timer);
    probe->watch = 0;
    probe->timer = 0;
    fd_clear(&probe->fd);
}

static void probe_finish(Probe *probe, int errnum)
{
    probe_unwatch(probe);
    probe->done(errnum, probe->data);
}

static gboolean on_failed_at_once(gpointer data)
{
    Probe *probe = data;

    probe->watch = 0;
    probe_finish(probe, probe->errnum);
    return G_SOURCE_REMOVE;
}

static gboolean on_timeout(gpointer data)
{
    Probe *probe = data;

    probe->timer = 0;
    probe_finish(probe, probe->errnum);
    return G_SOURCE_REMOVE;
}

/* An answer, or the channel's end: either way somebody was there. */
static gboolean on_answer(int fd, GIOCondition condition, gpointer data)
{
    Probe *probe = data;

    probe->watch = 0;
    probe_finish(probe, 0);
    return G_SOURCE_REMOVE;
}

static gboolean on_connected(int fd, GIOCondition condition, gpointer data)
{
    Probe *probe = data;
    int errnum = 0;
    socklen_t size = sizeof errnum;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &size) < 0)
        errnum = errno;
    if (errnum == 0 && send(fd, question, sizeof question, MSG_NOSIGNAL) < 0)
        errnum = errno;
    probe->watch = 0;
    if (errnum != 0) {
        probe_finish(probe, errnum);
        return G_SOURCE_REMOVE;
    }
    probe->errnum = 0;
    g_source_remove(probe->timer);
    probe->timer = g_timeout_add_seconds(ANSWER_TIMEOUT_S, on_timeout, probe);
    probe->watch = g_unix_fd_add(fd, G_IO_IN | G_IO_ERR | G_IO_HUP, on_answer, probe);
    return G_SOURCE_REMOVE;
}

static int probe_open(const Address *adapter)
{
    fd_auto fd = socket(AF_BLUETOOTH, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, BTPROTO_L2CAP);
    struct bt_security security = {.level = BT_SECURITY_MEDIUM};
    struct sockaddr_l2 local = {.l2_family = AF_BLUETOOTH};

    address_to_kernel(adapter, &local.l2_bdaddr);
    if (fd < 0 || setsockopt(fd, SOL_BLUETOOTH, BT_SECURITY, &security, sizeof security) < 0 ||
        bind(fd, (struct sockaddr *)&local, sizeof local) < 0)
        return -1;
    return fd_steal(&fd);
}

static int probe_connect(int fd, const Address *speaker)
{
    struct sockaddr_l2 remote = {.l2_family = AF_BLUETOOTH, .l2_psm = htobs(PSM_SDP)};

    address_to_kernel(speaker, &remote.l2_bdaddr);
    return connect(fd, (struct sockaddr *)&remote, sizeof remote) < 0 ? errno : 0;
}

Probe *probe_new(const Address *adapter, const Address *speaker, ProbeDone done, void *data)
{
    Probe *probe = g_new0(Probe, 1);

    probe->done = done;
    probe->data = data;
    probe->fd = probe_open(adapter);
    probe->errnum = probe->fd < 0 ? PROBE_IMPOSSIBLE : probe_connect(probe->fd, speaker);
    if (probe->errnum != EINPROGRESS && probe->errnum != 0) {
        probe->watch = g_idle_add(on_failed_at_once, probe);
        return probe;
    }
    probe->errnum = ETIMEDOUT;
    probe->watch = g_unix_fd_add(probe->fd, G_IO_OUT | G_IO_ERR | G_IO_HUP, on_connected, probe);
    probe->timer = g_timeout_add_seconds(PROBE_TIMEOUT_S, on_timeout, probe);
    return probe;
}

void probe_free(Probe *probe)
{
    if (!probe)
        return;
    probe_unwatch(probe);
    g_free(probe);
}
