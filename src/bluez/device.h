/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Device: what the mirror holds of one remote device, as our facts. Reads only. */
#pragma once

#include "bluez.h"
#include "objects.h"

/* "/org/bluez/hci0/dev_AA_BB_CC_DD_EE_FF"; to be freed. NULL without an adapter. */
char *device_path(const char *adapter, const Address *address);
/* The address in a path of that adapter's device or of something below it. */
bool device_address(const char *path, Address *address);
/* False if bluetoothd does not know it. The strings are the mirror's, valid until the next event;
 * a name made here goes to text. */
bool device_read(const Objects *objects, const char *path, DeviceFacts *facts,
                 char text[ADDRESS_STRING_SIZE]);
/* The key is kept: Bonded, since Paired alone may be a key that goes with the link. */
bool device_is_bonded(const Objects *objects, const char *path);
bool device_is_linked(const Objects *objects, const char *path);
/* What its services say; its class only as long as they are not known. */
PeerKind device_kind(const Objects *objects, const char *path);
