/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Daemon: joins BlueZ's client, the audio engine and the D-Bus face by way of the speaker's table.
 * It holds no policy: events go into speaker_handle, its actions are carried out. */
#pragma once

#include "service/config.h"

#include <gio/gio.h>

typedef struct Daemon Daemon;

/* Starts everything that can start; what is missing (sound card, bluetoothd, adapter) is waited
 * for. config is kept by the daemon. */
Daemon *daemon_new(GDBusConnection *bus, Config *config, GError **error);
/* Leaves cleanly: stops the stream, ends discovery, puts Pairable back, writes what is unsaved. */
void daemon_free(Daemon *daemon);
/* Takes a configuration read anew; what needs a restart is said in the log. Calls again at once the
 * speaker that is waited for. */
void daemon_reload(Daemon *daemon, Config *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Daemon, daemon_free)
