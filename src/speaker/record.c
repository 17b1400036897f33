/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "speaker/record.h"

Record *record_new(const Address *address)
{
    Record *record = g_new0(Record, 1);

    record->address = *address;
    record->name = g_strdup("");
    return record;
}

Record *record_copy(const Record *record)
{
    Record *copy = g_new(Record, 1);

    *copy = *record;
    copy->name = g_strdup(record->name ? record->name : "");
    copy->alias = g_strdup(record->alias);
    return copy;
}

bool record_equal(const Record *a, const Record *b)
{
    return address_equal(&a->address, &b->address) && g_strcmp0(a->name, b->name) == 0 &&
           g_strcmp0(a->alias, b->alias) == 0 && a->last_used == b->last_used &&
           a->is_default == b->is_default && a->wanted == b->wanted;
}

void record_free(Record *record)
{
    if (!record)
        return;
    g_free(record->name);
    g_free(record->alias);
    g_free(record);
}
