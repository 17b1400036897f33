/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Volume: one loudness in three scales: AVRCP's absolute volume (0 to 127, the one that is kept),
 * the Echo's steps (0 to 10) and percent. Pure. Each step and each percent survives the way to
 * AVRCP and back; 0 is silence and nothing else is, in every scale. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define VOLUME_AVRCP_MAX   127
#define VOLUME_STEP_MAX    10
#define VOLUME_PERCENT_MAX 100

typedef enum {
    VOLUME_STEP,     /* "5" */
    VOLUME_PERCENT,  /* "55%" */
    VOLUME_RELATIVE, /* "+1", "-2": steps */
} VolumeUnit;

/* What a user asks for. */
typedef struct {
    VolumeUnit unit;
    int value;
} VolumeWish;

/* Values above a scale's end count as its end. */
uint8_t volume_from_step(unsigned step);
unsigned volume_to_step(uint8_t avrcp);
uint8_t volume_from_percent(unsigned percent);
unsigned volume_to_percent(uint8_t avrcp);
/* ECHOCAST_ERROR_INVALID_ARGUMENTS says what a volume looks like. */
bool volume_parse(const char *text, VolumeWish *wish, GError **error);
/* The volume that a wish makes of the one there is now. */
uint8_t volume_apply(const VolumeWish *wish, uint8_t avrcp);
