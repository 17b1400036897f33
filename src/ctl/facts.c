/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/facts.h"

struct Facts {
    GHashTable *values; /* char * -> GVariant *, without the box */
};

Facts *facts_new(void)
{
    Facts *facts = g_new0(Facts, 1);
    facts->values =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_variant_unref);
    return facts;
}

void facts_free(Facts *facts)
{
    if (!facts)
        return;
    g_hash_table_destroy(facts->values);
    g_free(facts);
}

void facts_apply(Facts *facts, GVariant *properties)
{
    GVariantIter iter;
    const char *name;
    GVariant *value;
    g_variant_iter_init(&iter, properties);
    while (g_variant_iter_next(&iter, "{&sv}", &name, &value))
        g_hash_table_replace(facts->values, g_strdup(name), value);
}

void facts_clear(Facts *facts)
{
    g_hash_table_remove_all(facts->values);
}

static GVariant *lookup(const Facts *facts, const char *name)
{
    return facts ? g_hash_table_lookup(facts->values, name) : NULL;
}

const char *facts_string(const Facts *facts, const char *name)
{
    GVariant *value = lookup(facts, name);
    if (!value || !(g_variant_is_of_type(value, G_VARIANT_TYPE_STRING) ||
                    g_variant_is_of_type(value, G_VARIANT_TYPE_OBJECT_PATH)))
        return "";
    return g_variant_get_string(value, NULL);
}

bool facts_flag(const Facts *facts, const char *name)
{
    GVariant *value = lookup(facts, name);
    return value && g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN) &&
           g_variant_get_boolean(value);
}

static int64_t number_of(GVariant *value)
{
    switch ((int)g_variant_classify(value)) {
    case G_VARIANT_CLASS_BYTE:
        return g_variant_get_byte(value);
    case G_VARIANT_CLASS_INT16:
        return g_variant_get_int16(value);
    case G_VARIANT_CLASS_UINT16:
        return g_variant_get_uint16(value);
    case G_VARIANT_CLASS_INT32:
        return g_variant_get_int32(value);
    case G_VARIANT_CLASS_UINT32:
        return g_variant_get_uint32(value);
    case G_VARIANT_CLASS_INT64:
        return g_variant_get_int64(value);
    case G_VARIANT_CLASS_UINT64:
        return (int64_t)MIN(g_variant_get_uint64(value), (uint64_t)G_MAXINT64);
    default: /* GLib's enum, not ours */
        return 0;
    }
}

int64_t facts_number(const Facts *facts, const char *name)
{
    GVariant *value = lookup(facts, name);
    return value ? number_of(value) : 0;
}

char *facts_key(const char *name)
{
    GString *key = g_string_new(NULL);
    for (const char *at = name; *at; at++) {
        if (g_ascii_isupper(*at) && at != name)
            g_string_append_c(key, '_');
        g_string_append_c(key, g_ascii_tolower(*at));
    }
    return g_string_free(key, FALSE);
}

JsonNode *facts_value_to_json(GVariant *value)
{
    return json_gvariant_serialize(value);
}

static void add_value(JsonObject *object, const char *name, GVariant *value)
{
    g_autofree char *key = facts_key(name);
    json_object_set_member(object, key, facts_value_to_json(value));
}

void facts_add_to_json(const Facts *facts, JsonObject *object)
{
    if (!facts)
        return;
    g_autoptr(GList) names = g_hash_table_get_keys(facts->values);
    names = g_list_sort(names, (GCompareFunc)g_strcmp0);
    for (const GList *at = names; at; at = at->next)
        add_value(object, at->data, lookup(facts, at->data));
}

void facts_add_variant_to_json(GVariant *properties, JsonObject *object)
{
    GVariantIter iter;
    GVariant *entry;
    g_variant_iter_init(&iter, properties);
    while ((entry = g_variant_iter_next_value(&iter))) {
        g_autoptr(GVariant) name = g_variant_get_child_value(entry, 0);
        g_autoptr(GVariant) value = g_variant_get_child_value(entry, 1);
        if (g_variant_is_of_type(value, G_VARIANT_TYPE_VARIANT)) {
            g_autoptr(GVariant) inner = g_variant_get_variant(value);
            add_value(object, g_variant_get_string(name, NULL), inner);
        } else {
            add_value(object, g_variant_get_string(name, NULL), value);
        }
        g_variant_unref(entry);
    }
}
