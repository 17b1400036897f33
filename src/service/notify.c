/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/notify.h"

#include "base/fd.h"

#include <errno.h>
#include <glib.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

void notify_manager(const char *state)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = path != NULL ? strlen(path) : 0;

    if (length < 2 || length >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, length);
    /* "@" stands for the NUL of the abstract namespace. */
    if (address.sun_path[0] == '@')
        address.sun_path[0] = '\0';

    fd_auto fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t size = offsetof(struct sockaddr_un, sun_path) + length;
    if (fd < 0 ||
        sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0)
        g_warning("cannot tell the service manager %s: %s", state, g_strerror(errno));
}

uint64_t notify_watchdog_interval_us(void)
{
    const char *interval = g_getenv("WATCHDOG_USEC");
    const char *pid = g_getenv("WATCHDOG_PID");

    if (interval == NULL || (pid != NULL && g_ascii_strtoull(pid, NULL, 10) != (guint64)getpid()))
        return 0;
    return g_ascii_strtoull(interval, NULL, 10);
}
