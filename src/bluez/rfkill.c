/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "rfkill.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <linux/rfkill.h>

#define RFKILL_DEVICE "/dev/rfkill"
#define RFKILL_CLASS  "/sys/class/rfkill"

struct Rfkill {
    int fd;
    guint watch;
    void (*changed)(void *data);
    void *data;
};

static bool attribute_is(const char *entry, const char *attribute, const char *value)
{
    g_autofree char *path = g_build_filename(RFKILL_CLASS, entry, attribute, NULL);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) && g_str_equal(g_strchomp(text), value);
}

static bool entry_blocks(const char *entry, const char *adapter)
{
    if (!attribute_is(entry, "type", "bluetooth"))
        return false;
    if (adapter && !attribute_is(entry, "name", adapter))
        return false;
    return attribute_is(entry, "soft", "1") || attribute_is(entry, "hard", "1");
}

bool rfkill_is_blocked(const Rfkill *rfkill, const char *adapter)
{
    g_autoptr(GDir) dir = g_dir_open(RFKILL_CLASS, 0, NULL);
    const char *entry;

    while (dir && (entry = g_dir_read_name(dir))) {
        if (entry_blocks(entry, adapter))
            return true;
    }
    return false;
}

/* The events say only when to look: what they carry stands in /sys as well. */
static gboolean on_event(int fd, GIOCondition condition, gpointer data)
{
    Rfkill *rfkill = data;
    struct rfkill_event event;
    bool seen = false;
    ssize_t size;

    while ((size = read(fd, &event, sizeof event)) > 0)
        seen = seen || event.type == RFKILL_TYPE_BLUETOOTH;
    if (seen)
        rfkill->changed(rfkill->data);
    if (size < 0 && errno == EAGAIN)
        return G_SOURCE_CONTINUE;
    rfkill->watch = 0;
    return G_SOURCE_REMOVE;
}

Rfkill *rfkill_new(void (*changed)(void *data), void *data)
{
    Rfkill *rfkill = g_new0(Rfkill, 1);

    rfkill->changed = changed;
    rfkill->data = data;
    rfkill->fd = open(RFKILL_DEVICE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (rfkill->fd >= 0)
        rfkill->watch = g_unix_fd_add(rfkill->fd, G_IO_IN, on_event, rfkill);
    return rfkill;
}

void rfkill_free(Rfkill *rfkill)
{
    if (!rfkill)
        return;
    if (rfkill->watch)
        g_source_remove(rfkill->watch);
    fd_clear(&rfkill->fd);
    g_free(rfkill);
}
