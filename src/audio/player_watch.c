/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/player_watch.h"

#include "audio/card_config.h"

#define CAPTURE_DEVICE    1
#define CAPTURE_SUBDEVICE 0

/* Looked up once: afterwards the element is known by its number. */
static int find_element(PlayerWatch *watch)
{
    snd_ctl_elem_info_t *info;
    int error;

    snd_ctl_elem_info_alloca(&info);
    snd_ctl_elem_info_set_interface(info, SND_CTL_ELEM_IFACE_PCM);
    snd_ctl_elem_info_set_device(info, CAPTURE_DEVICE);
    snd_ctl_elem_info_set_subdevice(info, CAPTURE_SUBDEVICE);
    snd_ctl_elem_info_set_name(info, "PCM Slave Active");
    error = snd_ctl_elem_info(watch->ctl, info);
    if (error < 0)
        return error;
    watch->numid = snd_ctl_elem_info_get_numid(info);
    return 0;
}

static int read_element(PlayerWatch *watch)
{
    snd_ctl_elem_value_t *value;
    int error;

    snd_ctl_elem_value_alloca(&value);
    snd_ctl_elem_value_set_numid(value, watch->numid);
    error = snd_ctl_elem_read(watch->ctl, value);
    if (error < 0)
        return error;
    watch->active = snd_ctl_elem_value_get_boolean(value, 0) != 0;
    return 0;
}

int player_watch_open(PlayerWatch *watch, int card)
{
    int error = card_config_open_ctl(card, &watch->ctl);

    if (error >= 0)
        error = find_element(watch);
    /* Subscribed before it is read: no change falls between. */
    if (error >= 0)
        error = snd_ctl_subscribe_events(watch->ctl, 1);
    if (error >= 0)
        error = read_element(watch);
    if (error < 0)
        player_watch_close(watch);
    return error < 0 ? error : 0;
}

void player_watch_close(PlayerWatch *watch)
{
    if (watch->ctl != NULL)
        snd_ctl_close(watch->ctl);
    *watch = (PlayerWatch){0};
}

bool player_watch_poll(const PlayerWatch *watch, struct pollfd *fd)
{
    return watch->ctl != NULL && snd_ctl_poll_descriptors(watch->ctl, fd, 1) == 1;
}

int player_watch_update(PlayerWatch *watch)
{
    snd_ctl_event_t *event;
    bool changed = false;
    int result;

    snd_ctl_event_alloca(&event);
    while ((result = snd_ctl_read(watch->ctl, event)) > 0) {
        if (snd_ctl_event_get_type(event) == SND_CTL_EVENT_ELEM &&
            snd_ctl_event_elem_get_numid(event) == watch->numid)
            changed = true;
    }
    if (result < 0 && result != -EAGAIN && result != -EINTR)
        return result;
    return changed ? read_element(watch) : 0;
}
