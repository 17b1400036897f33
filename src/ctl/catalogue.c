/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/catalogue.h"

#include "base/address.h"
#include "base/error.h"
#include "ctl/text.h"
#include "echocast/names.h"

#include <string.h>

struct Catalogue {
    Facts *manager;
    GHashTable *entries; /* path -> Entry */
};

static Entry *entry_new(const char *path)
{
    Entry *entry = g_new0(Entry, 1);
    entry->path = g_strdup(path);
    entry->speaker = facts_new();
    return entry;
}

static void entry_free(Entry *entry)
{
    g_free(entry->path);
    facts_free(entry->speaker);
    facts_free(entry->stream);
    g_free(entry);
}

Catalogue *catalogue_new(void)
{
    Catalogue *catalogue = g_new0(Catalogue, 1);
    catalogue->manager = facts_new();
    catalogue->entries =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)entry_free);
    return catalogue;
}

void catalogue_free(Catalogue *catalogue)
{
    if (!catalogue)
        return;
    facts_free(catalogue->manager);
    g_hash_table_destroy(catalogue->entries);
    g_free(catalogue);
}

void catalogue_clear(Catalogue *catalogue)
{
    facts_clear(catalogue->manager);
    g_hash_table_remove_all(catalogue->entries);
}

Facts *catalogue_manager(const Catalogue *catalogue)
{
    return catalogue->manager;
}

/* A speaker's path without the interface Speaker1 would be none of ours. */
static Entry *entry_ensure(Catalogue *catalogue, const char *path)
{
    Entry *entry = g_hash_table_lookup(catalogue->entries, path);
    if (!entry) {
        entry = entry_new(path);
        g_hash_table_insert(catalogue->entries, entry->path, entry);
    }
    return entry;
}

static void apply(Catalogue *catalogue, const char *path, const char *interface,
                  GVariant *properties)
{
    if (strcmp(interface, ECHOCAST_MANAGER_INTERFACE) == 0) {
        facts_apply(catalogue->manager, properties);
    } else if (strcmp(interface, ECHOCAST_SPEAKER_INTERFACE) == 0) {
        facts_apply(entry_ensure(catalogue, path)->speaker, properties);
    } else if (strcmp(interface, ECHOCAST_STREAM_INTERFACE) == 0) {
        Entry *entry = entry_ensure(catalogue, path);
        if (!entry->stream)
            entry->stream = facts_new();
        facts_apply(entry->stream, properties);
    }
}

void catalogue_add(Catalogue *catalogue, const char *path, GVariant *interfaces)
{
    GVariantIter iter;
    const char *interface;
    GVariant *properties;
    g_variant_iter_init(&iter, interfaces);
    while (g_variant_iter_loop(&iter, "{&s@a{sv}}", &interface, &properties))
        apply(catalogue, path, interface, properties);
}

void catalogue_load(Catalogue *catalogue, GVariant *objects)
{
    GVariantIter iter;
    const char *path;
    GVariant *interfaces;
    g_hash_table_remove_all(catalogue->entries);
    g_variant_iter_init(&iter, objects);
    while (g_variant_iter_loop(&iter, "{&o@a{sa{sv}}}", &path, &interfaces))
        catalogue_add(catalogue, path, interfaces);
}

void catalogue_remove(Catalogue *catalogue, const char *path, const char *const *interfaces)
{
    Entry *entry = g_hash_table_lookup(catalogue->entries, path);
    if (!entry)
        return;
    if (g_strv_contains(interfaces, ECHOCAST_STREAM_INTERFACE))
        g_clear_pointer(&entry->stream, facts_free);
    if (g_strv_contains(interfaces, ECHOCAST_SPEAKER_INTERFACE))
        g_hash_table_remove(catalogue->entries, path);
}

void catalogue_change(Catalogue *catalogue, const char *path, const char *interface,
                      GVariant *changed)
{
    bool is_manager = strcmp(interface, ECHOCAST_MANAGER_INTERFACE) == 0;
    if (is_manager || catalogue_get(catalogue, path))
        apply(catalogue, path, interface, changed);
}

const Entry *catalogue_get(const Catalogue *catalogue, const char *path)
{
    return g_hash_table_lookup(catalogue->entries, path);
}

static int compare_entries(gconstpointer a, gconstpointer b)
{
    const Facts *one = (*(const Entry *const *)a)->speaker;
    const Facts *other = (*(const Entry *const *)b)->speaker;
    int by_default = facts_flag(other, "Default") - facts_flag(one, "Default");
    if (by_default != 0)
        return by_default;
    int by_name = g_utf8_collate(facts_string(one, "Name"), facts_string(other, "Name"));
    return by_name != 0 ? by_name
                        : strcmp(facts_string(one, "Address"), facts_string(other, "Address"));
}

GPtrArray *catalogue_list(const Catalogue *catalogue)
{
    GPtrArray *list = g_ptr_array_new();
    GHashTableIter iter;
    gpointer entry;
    g_hash_table_iter_init(&iter, catalogue->entries);
    while (g_hash_table_iter_next(&iter, NULL, &entry))
        g_ptr_array_add(list, entry);
    g_ptr_array_sort(list, compare_entries);
    return list;
}

static const Entry *not_found(const char *selector, GError **error)
{
    g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_NOT_FOUND,
                "No speaker is known by the name or address '%s'.", selector);
    return NULL;
}

static const Entry *find_address(const Catalogue *catalogue, const Address *address)
{
    g_autoptr(GPtrArray) list = catalogue_list(catalogue);
    for (guint i = 0; i < list->len; i++) {
        const Entry *entry = list->pdata[i];
        Address its;
        if (address_parse(facts_string(entry->speaker, "Address"), &its) &&
            address_equal(&its, address))
            return entry;
    }
    return NULL;
}

static char *fold(const char *text)
{
    g_autofree char *folded = g_utf8_casefold(text, -1);
    return g_utf8_normalize(folded, -1, G_NORMALIZE_ALL);
}

/* A whole name wins over beginnings, a saved speaker over one that is only in reach; 0: does not
 * fit. */
static int rank(const Entry *entry, const char *wanted)
{
    g_autofree char *name = fold(facts_string(entry->speaker, "Name"));
    if (!g_str_has_prefix(name, wanted))
        return 0;
    return 1 + facts_flag(entry->speaker, "Saved") + 2 * (strcmp(name, wanted) == 0);
}

/* Those that fit best. */
static GPtrArray *find_named(const Catalogue *catalogue, const char *word)
{
    g_autoptr(GPtrArray) list = catalogue_list(catalogue);
    g_autofree char *wanted = fold(word);
    GPtrArray *found = g_ptr_array_new();
    int best = 1;
    for (guint i = 0; i < list->len; i++) {
        int its = rank(list->pdata[i], wanted);
        if (its > best)
            g_ptr_array_set_size(found, 0);
        if (its >= best)
            g_ptr_array_add(found, list->pdata[i]);
        best = MAX(best, its);
    }
    return found;
}

static const Entry *ambiguous(const char *selector, const GPtrArray *found, GError **error)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    for (guint i = 0; i < found->len; i++) {
        const Entry *entry = found->pdata[i];
        g_autofree char *name = text_clean(facts_string(entry->speaker, "Name"));
        g_string_append_printf(lines, "\n%s  %s", facts_string(entry->speaker, "Address"), name);
    }
    g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_AMBIGUOUS,
                "'%s' may be any of %u speakers:%s", selector, found->len, lines->str);
    return NULL;
}

static const Entry *find_by_name(const Catalogue *catalogue, const char *word, GError **error)
{
    g_autoptr(GPtrArray) found = find_named(catalogue, word);
    if (found->len == 0)
        return not_found(word, error);
    return found->len == 1 ? found->pdata[0] : ambiguous(word, found, error);
}

static const Entry *find_default(const Catalogue *catalogue, bool active_first, GError **error)
{
    const Entry *entry = NULL;
    if (active_first)
        entry = catalogue_get(catalogue, facts_string(catalogue->manager, "ActiveSpeaker"));
    if (!entry)
        entry = catalogue_get(catalogue, facts_string(catalogue->manager, "DefaultSpeaker"));
    if (!entry)
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_NOT_FOUND, "No speaker is %sthe default.",
                    active_first ? "active, and none is " : "");
    return entry;
}

const Entry *catalogue_find(const Catalogue *catalogue, const char *selector, GError **error)
{
    Address address;
    const Entry *entry = NULL;
    if (!*selector || strcmp(selector, "default") == 0)
        return find_default(catalogue, !*selector, error);
    if (*selector == '/')
        entry = catalogue_get(catalogue, selector);
    else if (address_parse(selector, &address))
        entry = find_address(catalogue, &address);
    else
        return find_by_name(catalogue, selector, error);
    return entry ? entry : not_found(selector, error);
}
