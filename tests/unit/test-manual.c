/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* The manual pages against what they describe. */

#include "base/error.h"
#include "child.h"

#include <string.h>

static char *load(const char *path)
{
    g_autofree char *full = g_build_filename(SOURCE_TREE, path, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GMappedFile) file = g_mapped_file_new(full, false, &error);
    g_assert_no_error(error);
    return g_strndup(g_mapped_file_get_contents(file), g_mapped_file_get_length(file));
}

static void check_contains(const char *text, const char *piece)
{
    if (!strstr(text, piece))
        g_error("'%s' does not stand in the manual", piece);
}

/* From an item of a list to the next. */
static char *paragraph(const char *text, const char *item)
{
    const char *from = strstr(text, item);
    if (!from)
        g_error("'%s' does not stand in the manual", item);
    const char *to = strstr(from + strlen(item), "\n.It ");
    if (!to)
        to = strstr(from, "\n.El");
    g_assert_nonnull(to);
    return g_strndup(from, (gsize)(to - from));
}

static char *help_of(const char *command)
{
    const char *words[] = {CTL_BINARY, "help", command, NULL};
    g_autoptr(Child) child = child_new(words, NULL, false);
    g_assert_cmpint(child_join(child), ==, 0);
    return g_strdup(child_output(child));
}

/* Every "--option" of a help page; in mdoc it is "Fl -option". */
static void check_options(const char *page, const char *help)
{
    g_auto(GStrv) lines = g_strsplit(help, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *option = g_str_has_prefix(*line, "  ") ? strstr(*line, " --") : NULL;
        if (!option)
            continue;
        g_autofree char *name = g_strndup(option + 2, strcspn(option + 2, " "));
        g_autofree char *macro = g_strdup_printf(" %s", name);
        check_contains(page, macro);
    }
}

static void test_commands(void)
{
    g_autofree char *page = load("docs/man/echocastctl.1");
    g_autofree char *help = help_of(NULL);
    const char *table = strstr(help, "Commands:\n") + strlen("Commands:\n");
    g_autofree char *commands = g_strndup(table, (gsize)(strstr(table, "\n\n") - table));
    g_auto(GStrv) lines = g_strsplit(commands, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 11);
    for (char **line = lines; *line; line++) {
        g_autofree char *name = g_strndup(*line + 2, strcspn(*line + 2, " "));
        g_autofree char *item = g_strdup_printf("\n.It Cm %s", name);
        g_autofree char *its_help = help_of(name);
        check_contains(page, item);
        check_options(page, its_help);
    }
}

/* Every word stands in the paragraph of its exit code. */
static void test_exit_codes(void)
{
    g_autofree char *page = load("docs/man/echocastctl.1");
    const char *section = strstr(page, ".Sh EXIT STATUS");
    g_assert_nonnull(section);
    for (int code = 0; code < ECHOCAST_ERROR_COUNT; code++) {
        g_autofree char *item = g_strdup_printf("\n.It %d\n", error_exit_code(code));
        g_autofree char *word = g_strdup_printf(" %s ", error_word(code));
        g_autofree char *words = paragraph(section, item);
        check_contains(words, word);
    }
}

/* Every key of the shipped file, "#key = value", with its default. */
static void test_configuration(void)
{
    g_autofree char *page = load("docs/man/echocast.conf.5");
    g_autofree char *shipped = load("conf/echocast.conf");
    g_auto(GStrv) lines = g_strsplit(shipped, "\n", -1);
    unsigned keys = 0;
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) parts = g_strsplit(*line, " = ", 2);
        if ((*line)[0] != '#' || !g_ascii_isalpha((*line)[1]) || !parts[1])
            continue;
        g_autofree char *item = g_strdup_printf("\n.It Cm %s\n", parts[0] + 1);
        g_autofree char *value = g_strdup_printf(".Li %s .", parts[1]);
        g_autofree char *words = paragraph(page, item);
        if (strcmp(parts[1], "Kitchen") != 0) /* the example of a speaker's group */
            check_contains(words, value);
        keys++;
    }
    g_assert_cmpuint(keys, >=, 12);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/manual/commands", test_commands);
    g_test_add_func("/manual/exit-codes", test_exit_codes);
    g_test_add_func("/manual/configuration", test_configuration);
    return g_test_run();
}
