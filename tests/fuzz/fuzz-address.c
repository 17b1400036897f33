/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "fuzz.h"

#include "base/address.h"

/* What is taken for an address, is one: written again it is the same but for its case. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    char again[ADDRESS_STRING_SIZE];
    Address address;

    if (address_parse(text, &address)) {
        address_format(&address, again);
        g_assert_cmpint(g_ascii_strcasecmp(again, text), ==, 0);
    }
    if (address_parse_path(text, &address)) {
        g_autofree char *upper = g_ascii_strup(text, -1);

        address_format_path(&address, again);
        g_assert_nonnull(g_strstr_len(upper, -1, again));
    }
    return 0;
}
