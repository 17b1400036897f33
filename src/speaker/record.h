/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Record: what is kept of a speaker across restarts, independent of its bond, so that a bond that
 * went stale costs the owner neither name nor settings. Pure; a plain value on the heap that
 * belongs to whoever made it. */
#pragma once

#include "base/address.h"

typedef struct {
    Address address;
    char *name;         /* as the speaker calls itself, never NULL */
    char *alias;        /* the owner's word for it, NULL for none */
    uint64_t last_used; /* seconds since 1970, 0: never */
    bool is_default;
    bool wanted; /* the owner connected it last and did not disconnect it since */
} Record;

/* name is "", everything else zero. */
Record *record_new(const Address *address);
Record *record_copy(const Record *record);
bool record_equal(const Record *a, const Record *b);
void record_free(Record *record);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Record, record_free)
