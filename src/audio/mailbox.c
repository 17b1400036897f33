/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/mailbox.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

#define MAILBOX_SIZE 128 /* a power of two */

struct Mailbox {
    Fd bell;
    _Atomic unsigned written; /* counts up for ever; the slot is its remainder */
    _Atomic unsigned taken;
    _Atomic bool was_full;
    Mail mail[MAILBOX_SIZE];
};

Mailbox *mailbox_new(GError **error)
{
    fd_auto bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    Mailbox *mailbox;

    if (bell < 0) {
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_FAILED, "eventfd: %s", g_strerror(errno));
        return NULL;
    }
    mailbox = g_new0(Mailbox, 1);
    mailbox->bell = fd_steal(&bell);
    return mailbox;
}

void mailbox_free(Mailbox *mailbox)
{
    if (mailbox == NULL)
        return;
    fd_clear(&mailbox->bell);
    g_free(mailbox);
}

int mailbox_fd(const Mailbox *mailbox)
{
    return mailbox->bell;
}

/* A counter that is already huge rings just as well: nothing to check. */
void mailbox_ring(Mailbox *mailbox)
{
    const uint64_t one = 1;
    ssize_t written = write(mailbox->bell, &one, sizeof(one));

    (void)written;
}

static bool has_room(Mailbox *mailbox)
{
    return atomic_load(&mailbox->written) - atomic_load(&mailbox->taken) < MAILBOX_SIZE;
}

bool mailbox_post(Mailbox *mailbox, const Mail *mail)
{
    unsigned written = atomic_load_explicit(&mailbox->written, memory_order_relaxed);

    if (!has_room(mailbox)) {
        atomic_store(&mailbox->was_full, true);
        /* The reader may have made room before it could see the flag: look again. */
        if (!has_room(mailbox))
            return false;
    }
    mailbox->mail[written % MAILBOX_SIZE] = *mail;
    atomic_store(&mailbox->written, written + 1);
    mailbox_ring(mailbox);
    return true;
}

void mailbox_hush(Mailbox *mailbox)
{
    uint64_t count;
    ssize_t size = read(mailbox->bell, &count, sizeof(count));

    (void)size;
}

bool mailbox_is_empty(const Mailbox *mailbox)
{
    return atomic_load(&mailbox->written) == atomic_load(&mailbox->taken);
}

bool mailbox_take(Mailbox *mailbox, Mail *mail)
{
    unsigned taken = atomic_load_explicit(&mailbox->taken, memory_order_relaxed);

    if (mailbox_is_empty(mailbox))
        return false;
    *mail = mailbox->mail[taken % MAILBOX_SIZE];
    atomic_store(&mailbox->taken, taken + 1);
    return true;
}

bool mailbox_was_full(Mailbox *mailbox)
{
    return atomic_exchange(&mailbox->was_full, false);
}
