/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/record_file.h"

#include <string.h>

#define SPEAKER_GROUP "Speaker "
#define KEY_NAME      "name"
#define KEY_ALIAS     "alias"
#define KEY_LAST_USED "last_used"
#define KEY_DEFAULT   "default"
#define KEY_WANTED    "wanted"

#define HEADING                                                                                    \
    " Written by echocastd: the speakers that it knows. Edit it only while echocastd is stopped."

static char *group_name(const Address *address)
{
    char text[ADDRESS_STRING_SIZE];

    address_format(address, text);
    return g_strconcat(SPEAKER_GROUP, text, NULL);
}

static bool parse_group_name(const char *group, Address *address)
{
    return g_str_has_prefix(group, SPEAKER_GROUP) &&
           address_parse(group + strlen(SPEAKER_GROUP), address);
}

/* GKeyFile itself is the judge of what is a line of a key file. */
static bool is_readable(const char *group, const char *line)
{
    g_autoptr(GKeyFile) scratch = g_key_file_new();
    g_autofree char *text = group ? g_strdup_printf("%s\n%s\n", group, line) : g_strdup(line);

    return g_utf8_validate(line, -1, NULL) &&
           g_key_file_load_from_data(scratch, text, (gsize)-1, G_KEY_FILE_NONE, NULL);
}

/* What stands behind an unreadable group line belongs to nobody: it goes too. */
static char *readable_part(const char *text)
{
    g_autoptr(GString) part = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *group = NULL;

    for (char **line = lines; *line; line++) {
        bool is_group = (*line)[0] == '[';

        if (is_group)
            group = is_readable(NULL, *line) ? *line : NULL;
        if (group && (is_group || is_readable(group, *line)))
            g_string_append_printf(part, "%s\n", *line);
    }
    return g_strdup(part->str);
}

static bool is_bool(GKeyFile *file, const char *group, const char *key)
{
    g_autoptr(GError) error = NULL;

    return g_key_file_get_boolean(file, group, key, &error) || !error ||
           error->code == G_KEY_FILE_ERROR_KEY_NOT_FOUND;
}

static bool is_number(GKeyFile *file, const char *group, const char *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_key_file_get_value(file, group, key, NULL);

    /* strtoull would take "-1" for the largest of all. */
    if (text && *text == '-')
        return false;
    return g_key_file_get_uint64(file, group, key, &error) || !error ||
           error->code == G_KEY_FILE_ERROR_KEY_NOT_FOUND;
}

/* What we write has \r escaped; a bare one would be taken for the line's end, one a round. */
static bool is_text(GKeyFile *file, const char *group, const char *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_key_file_get_string(file, group, key, &error);
    g_autofree char *raw = g_key_file_get_value(file, group, key, NULL);

    if (raw && strchr(raw, '\r'))
        return false;
    return text || error->code == G_KEY_FILE_ERROR_KEY_NOT_FOUND;
}

static bool remove_unless(bool is_good, GKeyFile *file, const char *group, const char *key)
{
    return is_good || !g_key_file_remove_key(file, group, key, NULL);
}

/* Takes out what has no sense; true if there was nothing of that kind. */
static bool cleanse_group(GKeyFile *file, const char *group)
{
    bool good = true;
    Address address;

    if (!g_str_has_prefix(group, SPEAKER_GROUP))
        return true;
    if (!parse_group_name(group, &address)) {
        g_key_file_remove_group(file, group, NULL);
        return false;
    }
    good &= remove_unless(is_text(file, group, KEY_NAME), file, group, KEY_NAME);
    good &= remove_unless(is_text(file, group, KEY_ALIAS), file, group, KEY_ALIAS);
    good &= remove_unless(is_number(file, group, KEY_LAST_USED), file, group, KEY_LAST_USED);
    good &= remove_unless(is_bool(file, group, KEY_DEFAULT), file, group, KEY_DEFAULT);
    good &= remove_unless(is_bool(file, group, KEY_WANTED), file, group, KEY_WANTED);
    return good;
}

static bool cleanse(GKeyFile *file)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    bool good = true;

    for (char **group = groups; *group; group++)
        good &= cleanse_group(file, *group);
    return good;
}

static bool load(GKeyFile *file, const char *text)
{
    return g_utf8_validate(text, -1, NULL) &&
           g_key_file_load_from_data(file, text, (gsize)-1, G_KEY_FILE_KEEP_COMMENTS, NULL);
}

GKeyFile *record_file_parse(const char *text, gsize length, bool *damaged)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    /* A file of ours is never empty: it has its heading. NULs are what a file system leaves of a
     * file whose length reached the disk and whose content did not. */
    bool whole = length > 0 && strlen(text) == length;

    if (!load(file, text)) {
        g_autofree char *part = readable_part(text);

        whole = false;
        g_key_file_unref(file);
        file = g_key_file_new();
        if (!load(file, part))
            g_message("nothing of the saved speakers could be read");
    }
    *damaged = !whole;
    /* A key that stands twice loses one copy a round. */
    while (!cleanse(file)) {
        g_autofree char *rest = g_key_file_to_data(file, NULL, NULL);

        *damaged = true;
        g_key_file_unref(file);
        file = g_key_file_new();
        if (!load(file, rest))
            break;
    }
    return g_steal_pointer(&file);
}

static Record *read_record(GKeyFile *file, const char *group)
{
    g_autofree char *name = g_key_file_get_string(file, group, KEY_NAME, NULL);
    g_autoptr(Record) record = NULL;
    Address address;

    if (!parse_group_name(group, &address))
        return NULL;
    record = record_new(&address);
    if (name) {
        g_free(record->name);
        record->name = g_steal_pointer(&name);
    }
    record->alias = g_key_file_get_string(file, group, KEY_ALIAS, NULL);
    record->last_used = g_key_file_get_uint64(file, group, KEY_LAST_USED, NULL);
    record->is_default = g_key_file_get_boolean(file, group, KEY_DEFAULT, NULL);
    record->wanted = g_key_file_get_boolean(file, group, KEY_WANTED, NULL);
    return g_steal_pointer(&record);
}

GPtrArray *record_file_records(GKeyFile *file)
{
    GPtrArray *records = g_ptr_array_new_with_free_func((GDestroyNotify)record_free);
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    for (char **group = groups; *group; group++) {
        Record *record = read_record(file, *group);

        if (record)
            g_ptr_array_add(records, record);
    }
    return records;
}

void record_file_put(GKeyFile *file, const Record *record)
{
    g_autofree char *group = group_name(&record->address);

    g_key_file_set_string(file, group, KEY_NAME, record->name ? record->name : "");
    if (record->alias)
        g_key_file_set_string(file, group, KEY_ALIAS, record->alias);
    else
        g_key_file_remove_key(file, group, KEY_ALIAS, NULL);
    g_key_file_set_uint64(file, group, KEY_LAST_USED, record->last_used);
    g_key_file_set_boolean(file, group, KEY_DEFAULT, record->is_default);
    g_key_file_set_boolean(file, group, KEY_WANTED, record->wanted);
}

void record_file_remove(GKeyFile *file, const Address *address)
{
    g_autofree char *group = group_name(address);

    g_key_file_remove_group(file, group, NULL);
}

char *record_file_print(GKeyFile *file, gsize *length)
{
    g_autofree char *body = g_key_file_to_data(file, NULL, NULL);
    char *text;

    text = g_str_has_prefix(body, "#" HEADING) ? g_steal_pointer(&body)
                                               : g_strconcat("#" HEADING "\n\n", body, NULL);
    *length = strlen(text);
    return text;
}
