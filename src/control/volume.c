/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "control/volume.h"

#include "base/error.h"

#include <string.h>

/* To the nearest; what is not silence does not become silence. */
static unsigned rescale(unsigned value, unsigned from_max, unsigned to_max)
{
    unsigned bounded = MIN(value, from_max);
    unsigned scaled = (2 * bounded * to_max + from_max) / (2 * from_max);

    return bounded > 0 ? MAX(scaled, 1) : 0;
}

uint8_t volume_from_step(unsigned step)
{
    return (uint8_t)rescale(step, VOLUME_STEP_MAX, VOLUME_AVRCP_MAX);
}

unsigned volume_to_step(uint8_t avrcp)
{
    return rescale(avrcp, VOLUME_AVRCP_MAX, VOLUME_STEP_MAX);
}

uint8_t volume_from_percent(unsigned percent)
{
    return (uint8_t)rescale(percent, VOLUME_PERCENT_MAX, VOLUME_AVRCP_MAX);
}

unsigned volume_to_percent(uint8_t avrcp)
{
    return rescale(avrcp, VOLUME_AVRCP_MAX, VOLUME_PERCENT_MAX);
}

/* One to three digits and nothing else. */
static bool parse_number(const char *text, size_t length, unsigned max, int *number)
{
    unsigned value = 0;

    if (length < 1 || length > 3)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isdigit(text[i]))
            return false;
        value = value * 10 + (unsigned)g_ascii_digit_value(text[i]);
    }
    *number = (int)value;
    return value <= max;
}

static bool parse_wish(const char *text, VolumeWish *wish)
{
    size_t length = strlen(text);
    bool down = text[0] == '-';

    if (down || text[0] == '+') {
        wish->unit = VOLUME_RELATIVE;
        if (!parse_number(text + 1, length - 1, VOLUME_STEP_MAX, &wish->value))
            return false;
        wish->value = down ? -wish->value : wish->value;
        return true;
    }
    if (g_str_has_suffix(text, "%")) {
        wish->unit = VOLUME_PERCENT;
        return parse_number(text, length - 1, VOLUME_PERCENT_MAX, &wish->value);
    }
    wish->unit = VOLUME_STEP;
    return parse_number(text, length, VOLUME_STEP_MAX, &wish->value);
}

bool volume_parse(const char *text, VolumeWish *wish, GError **error)
{
    VolumeWish parsed;

    if (text != NULL && parse_wish(text, &parsed)) {
        *wish = parsed;
        return true;
    }
    g_set_error_literal(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS,
                        "a volume is 0 to 10, 0% to 100%, or +N or -N steps");
    return false;
}

uint8_t volume_apply(const VolumeWish *wish, uint8_t avrcp)
{
    int step;

    switch (wish->unit) {
    case VOLUME_STEP:
        return volume_from_step((unsigned)MAX(wish->value, 0));
    case VOLUME_PERCENT:
        return volume_from_percent((unsigned)MAX(wish->value, 0));
    case VOLUME_RELATIVE:
        step = (int)volume_to_step(avrcp) + wish->value;
        return volume_from_step((unsigned)MAX(step, 0));
    }
    g_return_val_if_reached(avrcp);
}
