/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/mailbox.h"

#include <poll.h>
#include <pthread.h>

#define MANY 200000

static bool is_ringing(const Mailbox *mailbox)
{
    struct pollfd fd = {.fd = mailbox_fd(mailbox), .events = POLLIN};

    return poll(&fd, 1, 0) == 1;
}

static void test_order(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Mailbox) mailbox = mailbox_new(&error);
    Mail mail = {.kind = MAIL_FLOWS};

    g_assert_no_error(error);
    g_assert_false(is_ringing(mailbox));
    g_assert_false(mailbox_take(mailbox, &mail));
    for (unsigned i = 1; i <= 3; i++) {
        mail.stream = i;
        g_assert_true(mailbox_post(mailbox, &mail));
    }
    g_assert_true(is_ringing(mailbox));
    mailbox_hush(mailbox);
    g_assert_false(is_ringing(mailbox));
    for (unsigned i = 1; i <= 3; i++) {
        g_assert_false(mailbox_is_empty(mailbox));
        g_assert_true(mailbox_take(mailbox, &mail));
        g_assert_cmpint(mail.kind, ==, MAIL_FLOWS);
        g_assert_cmpuint(mail.stream, ==, i);
    }
    g_assert_true(mailbox_is_empty(mailbox));
    mailbox_ring(mailbox);
    g_assert_true(is_ringing(mailbox));
    g_assert_false(mailbox_take(mailbox, &mail));
}

static void test_full(void)
{
    g_autoptr(Mailbox) mailbox = mailbox_new(NULL);
    Mail mail = {.kind = MAIL_SILENT};
    unsigned posted = 0;

    while (mailbox_post(mailbox, &mail))
        mail.stream = ++posted;
    g_assert_cmpuint(posted, >=, 64);
    g_assert_true(mailbox_was_full(mailbox));
    g_assert_false(mailbox_was_full(mailbox));
    g_assert_true(mailbox_take(mailbox, &mail));
    g_assert_cmpuint(mail.stream, ==, 0);
    g_assert_true(mailbox_post(mailbox, &mail));
    g_assert_false(mailbox_post(mailbox, &mail));
}

/* Writes as fast as it can; where there is no room it waits to be told so. */
static void *write_many(void *data)
{
    Mailbox **boxes = data;

    for (uint64_t i = 0; i < MANY; i++) {
        Mail mail = {.kind = MAIL_PLAYER, .value = i};

        while (!mailbox_post(boxes[0], &mail)) {
            struct pollfd fd = {.fd = mailbox_fd(boxes[1]), .events = POLLIN};

            poll(&fd, 1, -1);
            mailbox_hush(boxes[1]);
        }
    }
    return NULL;
}

static void test_two_threads(void)
{
    g_autoptr(Mailbox) there = mailbox_new(NULL);
    g_autoptr(Mailbox) back = mailbox_new(NULL);
    Mailbox *boxes[2] = {there, back};
    pthread_t writer;
    uint64_t expected = 0;

    g_assert_cmpint(pthread_create(&writer, NULL, write_many, boxes), ==, 0);
    while (expected < MANY) {
        struct pollfd fd = {.fd = mailbox_fd(there), .events = POLLIN};
        Mail mail;

        poll(&fd, 1, -1);
        mailbox_hush(there);
        while (mailbox_take(there, &mail)) {
            g_assert_cmpuint(mail.value, ==, expected++);
            if (mailbox_was_full(there))
                mailbox_ring(back);
        }
    }
    pthread_join(writer, NULL);
    g_assert_true(mailbox_is_empty(there));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mailbox/order", test_order);
    g_test_add_func("/mailbox/full", test_full);
    g_test_add_func("/mailbox/two-threads", test_two_threads);
    return g_test_run();
}
