/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "fuzz.h"

#include "service/record_file.h"

/* Whatever is left of speakers.conf: the speakers that were read of it are the same ones when they
 * are written and read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    bool damaged;
    gsize length;
    g_autoptr(GKeyFile) file = record_file_parse(text, size, &damaged);
    g_autoptr(GPtrArray) records = record_file_records(file);
    g_autofree char *again = record_file_print(file, &length);
    g_autoptr(GKeyFile) file_again = record_file_parse(again, length, &damaged);
    g_autoptr(GPtrArray) records_again = record_file_records(file_again);

    g_assert_false(damaged);
    g_assert_cmpuint(records_again->len, ==, records->len);
    for (guint i = 0; i < records->len; i++) {
        const Record *record = g_ptr_array_index(records, i);
        const Record *same = g_ptr_array_index(records_again, i);

        g_assert_true(address_equal(&same->address, &record->address));
        g_assert_cmpstr(same->name, ==, record->name);
        g_assert_cmpuint(same->last_used, ==, record->last_used);
    }
    return 0;
}
