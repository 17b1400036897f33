/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/card_config.h"

#include <stdio.h>

static int make_config(int card, snd_config_t **config)
{
    char text[160];
    int size = snprintf(text, sizeof(text),
                        "pcm.loopback { type hw card %d device 1 subdevice 0 }\n"
                        "ctl.loopback { type hw card %d }\n",
                        card, card);

    return snd_config_load_string(config, text, (size_t)size);
}

int card_config_open_pcm(int card, snd_pcm_t **pcm)
{
    snd_config_t *config;
    int error = make_config(card, &config);

    if (error < 0)
        return error;
    error = snd_pcm_open_lconf(pcm, "loopback", SND_PCM_STREAM_CAPTURE, SND_PCM_NONBLOCK, config);
    snd_config_delete(config);
    return error;
}

int card_config_open_ctl(int card, snd_ctl_t **ctl)
{
    snd_config_t *config;
    int error = make_config(card, &config);

    if (error < 0)
        return error;
    error = snd_ctl_open_lconf(ctl, "loopback", SND_CTL_NONBLOCK | SND_CTL_READONLY, config);
    snd_config_delete(config);
    return error;
}
