/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Config: /etc/echocast/echocast.conf. Every key has a default; an unknown group or key, or a value
 * out of its range, is an error that names the line. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    /* [General] */
    char *state_directory;
    unsigned max_saved_speakers; /* 0: no limit */
    /* [Bluetooth] */
    char *adapter; /* address or "auto" */
    char *alias;   /* "" leaves the adapter's own; %h is the host's name */
    unsigned pairing_timeout_s; /* 10 to 180 */
    unsigned endpoints;         /* 1 to 7 */
    bool autoconnect;
    /* [Audio] */
    char *card;
    unsigned rate_hz;     /* 44100 or 48000 */
    unsigned bitpool_max; /* 2 to 53 */
    int rt_priority;      /* 0 to 99 */
    bool tone_after_pairing;
} Config;

Config *config_new_defaults(void);
/* A file that does not exist is an error; the caller decides whether that matters. */
Config *config_load(const char *path, GError **error);
void config_free(Config *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)
