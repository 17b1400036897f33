/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "fuzz.h"

#include "control/volume.h"

/* Whatever a user types: refused with a reason, or a volume on the scale. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    VolumeWish wish;

    if (!volume_parse(text, &wish, &error)) {
        g_assert_nonnull(error);
        return 0;
    }
    for (unsigned avrcp = 0; avrcp < 256; avrcp++)
        g_assert_cmpuint(volume_apply(&wish, (uint8_t)avrcp), <=, VOLUME_AVRCP_MAX);
    return 0;
}
