/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Search: which of the devices in reach the owner means by `pair`. Pure: devices and times come in,
 * a verdict goes out. With a target it ends at the first match; without, it waits a moment after the
 * first new speaker, since a second one makes the choice the owner's. */
#pragma once

#include "base/address.h"
#include "base/error.h"

#include <glib.h>

#define SEARCH_LINGER_US (500 * 1000)

typedef struct Search Search;

typedef struct {
    Address address;
    char *name;
    int16_t rssi;
} SearchMatch;

typedef enum {
    SEARCH_GOES_ON,
    SEARCH_CHOSEN,
    SEARCH_AMBIGUOUS,
    SEARCH_NOT_A_SPEAKER, /* what was asked for by name or address takes no sound */
} SearchVerdict;

/* target: an address, the beginning of a name in any case, or "" for the only new speaker. */
Search *search_new(const char *target);
void search_free(Search *search);
/* A device that answers the inquiry. is_speaker: sink or candidate; is_source: it only sends. */
void search_see(Search *search, const Address *address, const char *name, int16_t rssi,
                bool is_speaker, bool is_source, bool is_saved, int64_t now_us);
/* Now; asked after each see and when search_wakeup_us is reached. */
SearchVerdict search_verdict(const Search *search, int64_t now_us, Address *chosen);
/* When the verdict may change without a new device; 0: never. */
int64_t search_wakeup_us(const Search *search);
/* SearchMatch elements: what fits the target so far. */
const GArray *search_matches(const Search *search);
/* "Kitchen (AA:…, -60 dBm), …", to be freed. */
char *search_describe(const Search *search);
/* What is wrong when the time is over without a choice. */
EchocastError search_failure(const Search *search);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Search, search_free)
