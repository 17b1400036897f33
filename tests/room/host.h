/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * host: the speaker's own adapter, kept as it is wanted. bluetoothd serves our side too and turns
 * things as the default agent of the day has it; whatever changes, host_settle() puts it back.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    bool powered;
    bool connectable;
    bool discoverable;
    bool pairable;
} HostWants;

typedef struct Host Host;
/* The adapter has become as wanted (again). */
typedef void (*HostSettled)(void *data);

Host *host_new(GDBusObjectManager *objects, uint16_t index, const char *name, HostSettled settled,
               void *data);
/* The class of device: a loudspeaker is major 0x04, minor 0x14. */
void host_set_class(Host *host, uint8_t major, uint8_t minor);
/* "/org/bluez/hciN" */
const char *host_path(const Host *host);
/* Its Adapter1, or NULL while there is none. The caller drops the reference. */
GDBusProxy *host_adapter(const Host *host);
/* Change what it points at, then call host_settle(). */
HostWants *host_wants(Host *host);
/* To be called whenever the adapter came or changed. Does the next step, if there is one. */
void host_settle(Host *host);
bool host_is_settled(const Host *host);
