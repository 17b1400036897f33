/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* PrivateBus: a dbus-daemon for one test, that dies with the test even if that crashes. (GTestDBus
 * leaves a watcher behind that keeps the test's output open.) */
#pragma once

#include <glib.h>

typedef struct PrivateBus PrivateBus;

PrivateBus *private_bus_new(void);
void private_bus_free(PrivateBus *bus);
const char *private_bus_address(const PrivateBus *bus);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PrivateBus, private_bus_free)
