/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/text.h"

#include <stdbool.h>

#define ELLIPSIS "\u2026"

/* More marks than any living script puts on one letter are there to draw over the neighbour lines.
 */
#define MARKS_MAX 3

typedef enum { SHOW_AS_IS, SHOW_AS_MARK, SHOW_AS_QUESTION, SHOW_AS_SPACE, SHOW_NOT } Show;

static Show show_of(gunichar c)
{
    if (c == '\t' || c == '\n' || c == '\r')
        return SHOW_AS_SPACE;
    switch ((int)g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SURROGATE:
        return SHOW_AS_QUESTION;
    case G_UNICODE_FORMAT: /* direction overrides, zero width joiners, byte order marks */
        return SHOW_NOT;
    case G_UNICODE_NON_SPACING_MARK:
    case G_UNICODE_ENCLOSING_MARK:
        return SHOW_AS_MARK;
    default: /* GLib's enum, not ours */
        return SHOW_AS_IS;
    }
}

static void append_shown(GString *clean, gunichar c, unsigned *marks)
{
    Show show = show_of(c);
    *marks = show == SHOW_AS_MARK ? *marks + 1 : 0;
    switch (show) {
    case SHOW_AS_IS:
        g_string_append_unichar(clean, c);
        break;
    case SHOW_AS_MARK:
        if (*marks <= MARKS_MAX)
            g_string_append_unichar(clean, c);
        break;
    case SHOW_AS_QUESTION:
        g_string_append_c(clean, '?');
        break;
    case SHOW_AS_SPACE:
        g_string_append_c(clean, ' ');
        break;
    case SHOW_NOT:
        break;
    }
}

static char *clean_text(const char *raw, bool keep_lines)
{
    g_autofree char *valid = g_utf8_make_valid(raw ? raw : "", -1);
    GString *clean = g_string_new(NULL);
    unsigned marks = 0;
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == '\n' && keep_lines)
            g_string_append_c(clean, '\n');
        else
            append_shown(clean, c, &marks);
    }
    return g_string_free(clean, FALSE);
}

char *text_clean(const char *raw)
{
    return clean_text(raw, false);
}

char *text_clean_lines(const char *raw)
{
    return clean_text(raw, true);
}

static size_t character_width(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

size_t text_width(const char *text)
{
    size_t width = 0;
    for (const char *at = text; *at; at = g_utf8_next_char(at))
        width += character_width(g_utf8_get_char(at));
    return width;
}

/* The bytes of the longest beginning that takes at most so many columns. */
static size_t bytes_within(const char *text, size_t columns)
{
    const char *at = text;
    for (size_t width = 0; *at; at = g_utf8_next_char(at)) {
        width += character_width(g_utf8_get_char(at));
        if (width > columns)
            break;
    }
    return (size_t)(at - text);
}

char *text_cut(const char *raw, size_t columns)
{
    g_autofree char *clean = text_clean(raw);
    if (text_width(clean) <= columns)
        return g_steal_pointer(&clean);
    if (columns == 0)
        return g_strdup("");
    clean[bytes_within(clean, columns - 1)] = '\0';
    return g_strconcat(clean, ELLIPSIS, NULL);
}

char *text_fit(const char *raw, size_t columns)
{
    g_autofree char *cut = text_cut(raw, columns);
    size_t missing = columns - text_width(cut);
    return g_strdup_printf("%s%*s", cut, (int)missing, "");
}

static void break_line(GString *wrapped, size_t indent)
{
    g_string_append_printf(wrapped, "\n%*s", (int)indent, "");
}

static void wrap_line(GString *wrapped, const char *line, size_t columns, size_t indent)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    size_t used = wrapped->len == 0 ? 0 : indent;
    for (char **word = words; *word; word++) {
        size_t width = text_width(*word);
        if (word != words && used + 1 + width > columns) {
            break_line(wrapped, indent);
            used = indent;
        } else if (word != words) {
            g_string_append_c(wrapped, ' ');
            used++;
        }
        g_string_append(wrapped, *word);
        used += width;
    }
}

char *text_wrap(const char *text, size_t columns, size_t indent)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *wrapped = g_string_new(NULL);
    for (char **line = lines; *line; line++) {
        if (line != lines)
            break_line(wrapped, indent);
        wrap_line(wrapped, *line, columns, indent);
    }
    return g_string_free(wrapped, FALSE);
}
