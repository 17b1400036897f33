/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/document.h"
#include "ctl/spelling.h"
#include "ctl/text.h"

#include <string.h>

static void test_clean(void)
{
    static const struct {
        const char *raw;
        const char *clean;
    } rows[] = {
        {"Kitchen", "Kitchen"},
        {"K\u00fcche \u5927", "K\u00fcche \u5927"},
        {"a\nb\tc\rd", "a b c d"},
        {"\033[2J", "?[2J"},
        {"\xc2\x9b"
         "31m",
         "?31m"},
        {"\x7f\x01", "??"},
        {"\u202Eright\u2066", "right"},
        {"a\u2028b", "a?b"},
        {"e\u0301", "e\u0301"},
        {"e\u0301\u0301\u0301\u0301\u0301!", "e\u0301\u0301\u0301!"},
        {"bad\xff", "bad\uFFFD"},
        {NULL, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *clean = text_clean(rows[i].raw);
        g_assert_cmpstr(clean, ==, rows[i].clean);
    }
    g_autofree char *lines = text_clean_lines("a\n\033b");
    g_assert_cmpstr(lines, ==, "a\n?b");
}

static void test_fit(void)
{
    static const struct {
        const char *raw;
        size_t columns;
        const char *fit;
    } rows[] = {
        {"Bath", 6, "Bath  "},
        {"Bath", 4, "Bath"},
        {"Bathroom", 5, "Bath\u2026"},
        {"\u5927\u5927\u5927", 6, "\u5927\u5927\u5927"},
        {"\u5927\u5927\u5927", 5, "\u5927\u5927\u2026"},
        {"\u5927\u5927\u5927", 4, "\u5927\u2026 "},
        {"e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"},
        {"Bath", 0, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *fit = text_fit(rows[i].raw, rows[i].columns);
        g_assert_cmpstr(fit, ==, rows[i].fit);
        g_assert_cmpuint(text_width(fit), ==, rows[i].columns);
    }
}

static void test_wrap(void)
{
    static const struct {
        const char *text;
        size_t columns;
        size_t indent;
        const char *wrapped;
    } rows[] = {
        {"one two three", 80, 0, "one two three"},   {"one two three", 7, 0, "one two\nthree"},
        {"one two three", 7, 2, "one two\n  three"}, {"enormous a", 4, 0, "enormous\na"},
        {"one\ntwo three", 5, 0, "one\ntwo\nthree"}, {"", 5, 0, ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *wrapped = text_wrap(rows[i].text, rows[i].columns, rows[i].indent);
        g_assert_cmpstr(wrapped, ==, rows[i].wrapped);
    }
}

static void test_nearest(void)
{
    static const char *const known[] = {"status", "list", "pair", "info", "monitor", NULL};
    g_assert_cmpstr(spelling_nearest("pari", known), ==, "pair");
    g_assert_cmpstr(spelling_nearest("stauts", known), ==, "status");
    g_assert_cmpstr(spelling_nearest("mon", known), ==, "monitor");
    g_assert_null(spelling_nearest("teleport", known));
    g_assert_null(spelling_nearest("", known));
    g_autofree char *endless = g_strnfill(500, 'x');
    g_assert_null(spelling_nearest(endless, known));
}

/* What terminals obey is escaped, and reads back as what it was. */
static void test_document(void)
{
    const char *name = "\033[2J\xc2\x9b"
                       "\u202E\U000E0001\"\\\u00fc";
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(GError) error = NULL;
    json_object_set_string_member(object, "name", name);
    g_autofree char *text = document_text(object);
    g_assert_nonnull(strstr(text, "\\u009b\\u202e\\udb40\\udc01\\\"\\\\\u00fc"));
    g_autofree char *clean = text_clean(text);
    g_assert_cmpstr(text, ==, clean);
    g_autoptr(JsonNode) root = json_from_string(text, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(json_object_get_string_member(json_node_get_object(root), "name"), ==, name);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/clean", test_clean);
    g_test_add_func("/text/fit", test_fit);
    g_test_add_func("/text/wrap", test_wrap);
    g_test_add_func("/spelling/nearest", test_nearest);
    g_test_add_func("/document/text", test_document);
    return g_test_run();
}
