/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Config: /etc/echocast/echocast.conf. Every key has a default; an unknown group or key, a key that
 * stands twice, or a value out of its range, is an error that names the line: a mistyped key must
 * not silently leave a default in force. Reads its file synchronously (at start and on reload). */
#pragma once

#include "base/address.h"

typedef struct {
    /* [General] */
    char *state_directory;
    unsigned max_saved_speakers; /* 0: no limit */
    /* [Bluetooth] */
    char *adapter; /* address or "auto" */
    char *alias;   /* "" leaves the adapter's own; %h is the host's name, already filled in */
    unsigned pairing_timeout_s; /* 10 to 180 */
    unsigned endpoints;         /* 1 to 7 */
    bool autoconnect;
    /* [Audio] */
    char *card;
    unsigned rate_hz;     /* 44100 or 48000 */
    unsigned bitpool_max; /* 2 to 53 */
    int rt_priority;      /* 0 to 99 */
    bool tone_after_pairing;
    /* [Speaker AA:BB:CC:DD:EE:FF] */
    GHashTable *speaker_aliases; /* Address -> char *; see config_speaker_alias */
} Config;

Config *config_new_defaults(void);
/* A file that does not exist is an error (G_FILE_ERROR_NOENT); the caller decides whether that
 * matters. What stands in the file wrongly is ECHOCAST_ERROR_INVALID_ARGUMENTS, its message begins
 * with "PATH:LINE: ". */
Config *config_load(const char *path, GError **error);
void config_free(Config *config);
/* The owner's word for that speaker in the file, NULL for none. */
const char *config_speaker_alias(const Config *config, const Address *address);

/* One key that the file may have, as it is shipped and documented. */
typedef struct {
    const char *group;
    const char *name;
    const char *fallback;
} ConfigKey;

/* Number i, from 0; false behind the last. */
bool config_key(unsigned i, ConfigKey *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)
