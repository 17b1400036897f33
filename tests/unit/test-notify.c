/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/notify.h"

#include "base/fd.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int listen_at(const char *path, bool abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path + abstract, path, strlen(path));
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address,
                         offsetof(struct sockaddr_un, sun_path) + abstract + strlen(path)),
                    ==, 0);
    return fd;
}

static void expect(int fd, const char *state)
{
    char text[64] = "";

    g_assert_cmpint(recv(fd, text, sizeof(text) - 1, 0), ==, strlen(state));
    g_assert_cmpstr(text, ==, state);
}

static void test_path(void)
{
    g_autofree char *directory = g_dir_make_tmp("notify-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(directory, "socket", NULL);
    fd_auto fd = listen_at(path, false);

    g_setenv("NOTIFY_SOCKET", path, true);
    notify_manager("READY=1");
    expect(fd, "READY=1");
    unlink(path);
    rmdir(directory);
}

static void test_abstract(void)
{
    g_autofree char *name = g_strdup_printf("echocast-test-%d", getpid());
    g_autofree char *path = g_strconcat("@", name, NULL);
    fd_auto fd = listen_at(name, true);

    g_setenv("NOTIFY_SOCKET", path, true);
    notify_manager("WATCHDOG=1");
    expect(fd, "WATCHDOG=1");
}

static void test_nobody_there(void)
{
    g_unsetenv("NOTIFY_SOCKET");
    notify_manager("READY=1");
    g_setenv("NOTIFY_SOCKET", "/nonexistent/socket", true);
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*service manager READY=1*");
    notify_manager("READY=1");
    g_test_assert_expected_messages();
}

static void test_watchdog(void)
{
    g_autofree char *us = g_strdup_printf("%d", getpid());

    g_unsetenv("WATCHDOG_USEC");
    g_unsetenv("WATCHDOG_PID");
    g_assert_cmpuint(notify_watchdog_interval_us(), ==, 0);
    g_setenv("WATCHDOG_USEC", "30000000", true);
    g_assert_cmpuint(notify_watchdog_interval_us(), ==, 30000000);
    g_setenv("WATCHDOG_PID", us, true);
    g_assert_cmpuint(notify_watchdog_interval_us(), ==, 30000000);
    g_setenv("WATCHDOG_PID", "1", true);
    g_assert_cmpuint(notify_watchdog_interval_us(), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/notify/path", test_path);
    g_test_add_func("/notify/abstract", test_abstract);
    g_test_add_func("/notify/nobody-there", test_nobody_there);
    g_test_add_func("/notify/watchdog", test_watchdog);
    return g_test_run();
}
