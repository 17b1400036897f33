/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* CardConfig: the few lines of ALSA configuration that we need, made here. The system's and the
 * users' own (a broken asound.conf too) are never read: it is a hardware device that we open, and
 * the parsed tree of all of them would take more memory than the rest of the daemon. */
#pragma once

#include <alsa/asoundlib.h>

/* The capture side of the loopback's first cable; 0 or a negative errno, never waits. */
int card_config_open_pcm(int card, snd_pcm_t **pcm);
int card_config_open_ctl(int card, snd_ctl_t **ctl);
