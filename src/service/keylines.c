/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/keylines.h"

#include "base/error.h"

#include <stdbool.h>
#include <string.h>

static void keyline_free(void *pointer)
{
    Keyline *line = pointer;

    g_free(line->group);
    g_free(line->key);
    g_free(line);
}

G_GNUC_PRINTF(3, 4)
static bool fail(GError **error, unsigned number, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS, "%u: %s", number, message);
    return false;
}

static const Keyline *find(const GPtrArray *lines, const char *group, const char *key)
{
    for (guint i = 0; i < lines->len; i++) {
        const Keyline *line = g_ptr_array_index(lines, i);

        if (strcmp(line->group, group) == 0 && g_strcmp0(line->key, key) == 0)
            return line;
    }
    return NULL;
}

static bool add(GPtrArray *lines, unsigned number, const char *group, const char *key,
                GError **error)
{
    const Keyline *first = find(lines, group, key);
    Keyline *line;

    if (first && key)
        return fail(error, number, "key '%s' in [%s] stands in line %u already", key, group,
                    first->number);
    if (first)
        return fail(error, number, "group [%s] begins in line %u already", group, first->number);
    line = g_new(Keyline, 1);
    *line = (Keyline){.number = number, .group = g_strdup(group), .key = g_strdup(key)};
    g_ptr_array_add(lines, line);
    return true;
}

static bool scan_group(GPtrArray *lines, unsigned number, const char *text, GError **error)
{
    size_t length = strlen(text);
    g_autofree char *name = NULL;

    if (length < 3 || text[length - 1] != ']')
        return fail(error, number, "'%s' begins like a group but is not of the form [Name]", text);
    name = g_strndup(text + 1, length - 2);
    return add(lines, number, name, NULL, error);
}

static bool scan_key(GPtrArray *lines, unsigned number, const char *text, GError **error)
{
    const Keyline *last = lines->len ? g_ptr_array_index(lines, lines->len - 1) : NULL;
    const char *sign = strchr(text, '=');
    g_autofree char *name = NULL;

    if (!sign || sign == text)
        return fail(error, number,
                    "'%s' is no 'key = value' (a comment begins with # in a line of its own)",
                    text);
    name = g_strchomp(g_strndup(text, (gsize)(sign - text)));
    if (!last)
        return fail(error, number, "key '%s' stands before any [Group]", name);
    return add(lines, number, last->group, name, error);
}

static bool scan_line(GPtrArray *lines, unsigned number, char *text, GError **error)
{
    g_strstrip(text);
    if (!g_utf8_validate(text, -1, NULL))
        return fail(error, number, "is not UTF-8");
    if (text[0] == '\0' || text[0] == '#')
        return true;
    if (text[0] == '[')
        return scan_group(lines, number, text, error);
    return scan_key(lines, number, text, error);
}

GPtrArray *keylines_scan(const char *text, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(keyline_free);
    g_auto(GStrv) texts = g_strsplit(text, "\n", -1);

    for (unsigned i = 0; texts[i]; i++) {
        if (!scan_line(lines, i + 1, texts[i], error))
            return NULL;
    }
    return g_steal_pointer(&lines);
}
