/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Probe: asks a speaker's L2CAP whether it can be reached, and if not, why: the kernel's errno
 * tells apart what BlueZ 5.66 calls br-connection-unknown. It opens the SDP channel with the bond's
 * key, asks something and closes it again; needs no privilege. Only after an ambiguous failure and
 * never while there is a link. Main loop only; owned by the connection attempt. */
#pragma once

#include "base/address.h"

typedef struct Probe Probe;

/* errnum: 0: it answered; the connection's errno; PROBE_IMPOSSIBLE: this process may not ask. */
#define PROBE_IMPOSSIBLE (-1)
typedef void (*ProbeDone)(int errnum, void *data);

/* done is called once from the main loop, unless the probe is freed first. */
Probe *probe_new(const Address *adapter, const Address *speaker, ProbeDone done, void *data);
void probe_free(Probe *probe);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Probe, probe_free)
