/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "fuzz.h"

#include "service/keylines.h"

/* Whatever stands in echocast.conf: refused with the number of a line, or each key in its group. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) lines = keylines_scan(text, &error);
    const Keyline *last = NULL;

    if (lines == NULL) {
        g_assert_nonnull(error);
        g_assert_cmpuint(g_ascii_strtoull(error->message, NULL, 10), >, 0);
        return 0;
    }
    for (guint i = 0; i < lines->len; i++) {
        const Keyline *line = g_ptr_array_index(lines, i);

        g_assert_cmpuint(line->number, >, last != NULL ? last->number : 0);
        g_assert_true(line->key == NULL || (last != NULL && g_str_equal(line->group, last->group)));
        last = line;
    }
    return 0;
}
