/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Access: who may change something, and when such a client leaves the bus. Root may, the daemon's
 * own user may, and members of the group audio may; everybody may read.
 *
 * The D-Bus policy lets everybody send to us, and the daemon refuses by itself: only so can the
 * refusal name the group that is missing, where the bus would just say that a rule forbids it.
 *
 * Main loop only; the bus is asked asynchronously, once a client, and the verdict is kept until the
 * client leaves. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

typedef struct Access Access;

typedef struct {
    /* Takes the invocation's reference. Never called from inside access_ask. */
    void (*granted)(GDBusMethodInvocation *invocation, void *data);
    /* A client that was granted something left the bus; once a client. */
    void (*gone)(const char *client, void *data);
} AccessEvents;

/* group: the name of the group that may. Events must not free the Access they come from. */
Access *access_new(GDBusConnection *bus, const char *group, const AccessEvents *events, void *data);
/* What still waits for a verdict is answered with Cancelled. */
void access_free(Access *access);
/* Takes the invocation's reference and answers it with AccessDenied, or hands it to granted. */
void access_ask(Access *access, GDBusMethodInvocation *invocation);

/* The rule itself. credentials: a{sv} as GetConnectionCredentials of the bus answers; own_uid: the
 * daemon's; group_id: (gid_t)-1 if there is no such group on this system. */
bool access_allows(GVariant *credentials, uid_t own_uid, gid_t group_id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Access, access_free)
