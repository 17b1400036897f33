/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/card_watch.h"

#include <stddef.h>
#include <sys/inotify.h>

void card_watch_init(CardWatch *watch)
{
    watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    watch->watch = -1;
}

void card_watch_clear(CardWatch *watch)
{
    fd_clear(&watch->fd);
    watch->watch = -1;
}

void card_watch_stop(CardWatch *watch)
{
    if (watch->watch >= 0)
        inotify_rm_watch(watch->fd, watch->watch);
    watch->watch = -1;
    card_watch_drain(watch);
}

static void set_watch(CardWatch *watch, const char *path, uint32_t mask)
{
    card_watch_stop(watch);
    watch->watch = inotify_add_watch(watch->fd, path, mask);
}

void card_watch_nodes(CardWatch *watch)
{
    set_watch(watch, "/dev/snd", IN_CREATE | IN_ATTRIB | IN_DELETE_SELF | IN_ONLYDIR);
    if (watch->watch < 0) /* no sound card at all yet: the directory comes with the first */
        set_watch(watch, "/dev", IN_CREATE | IN_ONLYDIR);
}

void card_watch_close(CardWatch *watch, const char *node)
{
    set_watch(watch, node, IN_CLOSE | IN_ATTRIB | IN_DELETE_SELF);
}

bool card_watch_drain(CardWatch *watch)
{
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool any = false;

    while (read(watch->fd, events, sizeof(events)) > 0)
        any = true;
    return any;
}
