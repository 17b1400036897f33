/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/sender.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKET_BYTES 608

typedef struct {
    int ours;
    int theirs;
    Sender sender;
    uint8_t packet[2048];
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
    fixture->ours = pair[0];
    fixture->theirs = pair[1];
    sender_init(&fixture->sender, fixture->ours, PACKET_BYTES);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    close(fixture->ours);
    if (fixture->theirs >= 0)
        close(fixture->theirs);
}

static SenderResult send_one(Fixture *fixture, size_t size)
{
    return sender_send(&fixture->sender, fixture->packet, size);
}

static size_t receive(Fixture *fixture)
{
    ssize_t size = recv(fixture->theirs, fixture->packet, sizeof(fixture->packet), MSG_DONTWAIT);

    return size < 0 ? 0 : (size_t)size;
}

/* However large packets are, about four fit once the first ones were measured. */
static void test_four_fit(Fixture *fixture, gconstpointer data)
{
    size_t size = GPOINTER_TO_SIZE(data);
    unsigned waiting = 0;

    sender_init(&fixture->sender, fixture->ours, size);
    for (unsigned i = 0; i < 10; i++) {
        g_assert_cmpint(send_one(fixture, size), ==, SENDER_SENT);
        g_assert_cmpuint(receive(fixture), ==, size);
    }
    while (send_one(fixture, size) == SENDER_SENT)
        waiting++;
    g_assert_cmpuint(waiting, >=, 4);
    g_assert_cmpuint(waiting, <=, 5);
    g_assert_cmpuint(receive(fixture), ==, size);
    g_assert_cmpint(send_one(fixture, size), ==, SENDER_SENT);
}

/* Packets that come in a row at the beginning are measured just as well. */
static void test_burst(Fixture *fixture, gconstpointer data)
{
    unsigned waiting = 0;

    while (send_one(fixture, PACKET_BYTES) == SENDER_SENT)
        waiting++;
    g_assert_cmpuint(waiting, >=, 4);
    g_assert_cmpuint(waiting, <=, 8);
}

static void test_dead(Fixture *fixture, gconstpointer data)
{
    struct pollfd fd = {.fd = fixture->ours};

    close(fixture->theirs);
    fixture->theirs = -1;
    g_assert_cmpint(poll(&fd, 1, 0), ==, 1);
    g_assert_cmpint(sender_error(fixture->ours, fd.revents), ==, ECONNRESET);
    g_assert_cmpint(send_one(fixture, PACKET_BYTES), ==, SENDER_DEAD);
    g_assert_cmpint(errno, ==, EPIPE);
    g_assert_cmpint(sender_error(fixture->ours, POLLNVAL), ==, EBADF);
}

#define add(path, data, function)                                                                  \
    g_test_add("/sender/" path, Fixture, data, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("four-fit/608", GSIZE_TO_POINTER(608), test_four_fit);
    add("four-fit/1000", GSIZE_TO_POINTER(1000), test_four_fit);
    add("four-fit/2000", GSIZE_TO_POINTER(2000), test_four_fit);
    add("burst", NULL, test_burst);
    add("dead", NULL, test_dead);
    return g_test_run();
}
