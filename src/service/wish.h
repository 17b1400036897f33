/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Wish: the options (a{sv}) of a method as a struct with its defaults filled in. An option that is
 * unknown, of another type or out of its range is InvalidArguments, and the message says which and
 * what would be right. Pure but for GVariant. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    bool all;
    unsigned timeout_s;
} ScanWish;

typedef struct {
    unsigned timeout_s; /* 0: the configured one */
    const char *pin;    /* NULL: the usual ones; lives as long as the options */
    bool tone;
} PairWish;

typedef struct {
    unsigned frequency_hz;
    unsigned duration_ms;
    unsigned channels; /* 1 left, 2 right, 3 both */
} ToneWish;

G_GNUC_WARN_UNUSED_RESULT
bool wish_parse_scan(GVariant *options, ScanWish *wish, GError **error);
G_GNUC_WARN_UNUSED_RESULT
bool wish_parse_pair(GVariant *options, PairWish *wish, GError **error);
G_GNUC_WARN_UNUSED_RESULT
bool wish_parse_tone(GVariant *options, ToneWish *wish, GError **error);
