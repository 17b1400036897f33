/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/options.h"

#include "base/error.h"
#include "ctl/command.h"
#include "ctl/spelling.h"
#include "ctl/text.h"

#include <string.h>

#define GLOBAL_COUNT   7
#define TIMEOUT_MAX_S  86400.0
#define PAGE_COLUMNS   78
#define OPTION_COLUMNS 22 /* of a help page, left of what an option does */

/* The entries that every command takes. */
static void fill_global(GOptionEntry entries[GLOBAL_COUNT + 1], Options *options)
{
    const GOptionEntry all[GLOBAL_COUNT + 1] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &options->json, "print one JSON object, for programs",
         NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options->quiet, "no progress and no hints", NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose,
         "say more (with --json: on standard error)", NULL},
        {"timeout", 't', 0, G_OPTION_ARG_DOUBLE, &options->timeout_s,
         "give up after so many seconds", "S"},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &options->help, "show this page and leave", NULL},
        {"version", 'V', 0, G_OPTION_ARG_NONE, &options->version, "show the version and leave",
         NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    memcpy(entries, all, sizeof(all));
}

static const GOptionEntry *entry_find(const GOptionEntry *entries, const char *word, size_t length)
{
    for (; entries && entries->long_name; entries++)
        if (strlen(entries->long_name) == length && strncmp(entries->long_name, word, length) == 0)
            return entries;
    return NULL;
}

static const GOptionEntry *entry_find_short(const GOptionEntry *entries, char letter)
{
    for (; entries && entries->long_name; entries++)
        if (entries->short_name == letter)
            return entries;
    return NULL;
}

/* The option that a word like "--pin" or "-qt" leaves waiting for the next word, as entries know
 * it. */
static bool waits_for_value(const GOptionEntry *entries, const char *word)
{
    const GOptionEntry *entry = NULL;
    if (strncmp(word, "--", 2) == 0)
        entry = strchr(word, '=') ? NULL : entry_find(entries, word + 2, strlen(word + 2));
    else
        entry = entry_find_short(entries, word[strlen(word) - 1]);
    return entry && entry->arg != G_OPTION_ARG_NONE;
}

static bool takes_next_word(const Command *const *commands, const GOptionEntry *global,
                            const char *word)
{
    if (waits_for_value(global, word))
        return true;
    for (; *commands; commands++)
        if (waits_for_value((*commands)->entries, word))
            return true;
    return false;
}

/* The nth word that is neither an option nor an option's value; NULL for none. The command must be
 * known before its options can be read, and options may stand before it. */
static const char *plain_word(const Command *const *commands, const char *const *words,
                              unsigned nth)
{
    GOptionEntry global[GLOBAL_COUNT + 1];
    Options unused = {0};
    fill_global(global, &unused);
    bool options_end = false;
    for (words++; *words; words++) {
        if (!options_end && strcmp(*words, "--") == 0) {
            options_end = true;
        } else if (!options_end && (*words)[0] == '-' && (*words)[1]) {
            if (takes_next_word(commands, global, *words) && words[1])
                words++;
        } else if (nth-- == 0) {
            return *words;
        }
    }
    return NULL;
}

static const Command *command_find(const Command *const *commands, const char *name)
{
    for (; *commands; commands++)
        if (strcmp((*commands)->name, name) == 0)
            return *commands;
    return NULL;
}

static bool fail_unknown_command(const Command *const *commands, const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (; *commands; commands++)
        if (!(*commands)->hidden)
            g_ptr_array_add(names, (char *)(*commands)->name);
    g_ptr_array_add(names, NULL);
    const char *nearest = spelling_nearest(name, (const char *const *)names->pdata);
    if (nearest)
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS,
                    "There is no command '%s'. Did you mean '%s'?\nnext: echocastctl %s --help",
                    name, nearest, nearest);
    else
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS,
                    "There is no command '%s'.\nnext: echocastctl --help lists them.", name);
    return false;
}

static bool find_command(Options *options, const Command *const *commands, const char *const *words,
                         GError **error)
{
    const char *name = plain_word(commands, words, 0);
    if (name && strcmp(name, "help") == 0) {
        options->help = true;
        name = plain_word(commands, words, 1);
    }
    if (!name)
        return true;
    options->command = command_find(commands, name);
    return options->command || fail_unknown_command(commands, name, error);
}

static void add_names(GPtrArray *names, const GOptionEntry *entries)
{
    for (; entries && entries->long_name; entries++)
        g_ptr_array_add(names, (char *)entries->long_name);
}

static const char *page_of(const Options *options)
{
    return options->command ? options->command->name : "";
}

/* GOption's own message, and the nearest option that there is. */
static bool fail_option(const Options *options, const GOptionEntry *global,
                        const char *const *words, const GError *cause, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *hint = NULL;
    add_names(names, global);
    add_names(names, options->command ? options->command->entries : NULL);
    g_ptr_array_add(names, NULL);
    for (; cause->code == G_OPTION_ERROR_UNKNOWN_OPTION && *words && !hint; words++) {
        g_autofree char *word = g_strndup(*words, strcspn(*words, "="));
        if (strncmp(word, "--", 2) != 0 || !strstr(cause->message, word))
            continue;
        const char *nearest = spelling_nearest(word + 2, (const char *const *)names->pdata);
        hint = nearest ? g_strdup_printf(". Did you mean '--%s'?", nearest) : NULL;
    }
    g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS,
                "%s%s\nnext: echocastctl %s%s--help", cause->message, hint ? hint : "",
                page_of(options), options->command ? " " : "");
    return false;
}

static bool parse_words(Options *options, const char *const *words, char ***left, GError **error)
{
    GOptionEntry global[GLOBAL_COUNT + 1];
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) cause = NULL;
    fill_global(global, options);
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_add_main_entries(context, global, NULL);
    if (options->command && options->command->entries)
        g_option_context_add_main_entries(context, options->command->entries, NULL);
    *left = g_strdupv((char **)words);
    if (!g_option_context_parse_strv(context, left, &cause))
        return fail_option(options, global, words, cause, error);
    return true;
}

/* What is left without the program, the command (and "help") and the mark "--". */
static char **positional_words(const Options *options, char **left)
{
    GPtrArray *arguments = g_ptr_array_new();
    unsigned skip = options->command ? 1 : 0;
    bool options_end = false;
    for (char **word = left + (*left ? 1 : 0); *word; word++) {
        if (!options_end && strcmp(*word, "--") == 0)
            options_end = true;
        else if (options->help && strcmp(*word, "help") == 0)
            continue;
        else if (skip > 0)
            skip--;
        else
            g_ptr_array_add(arguments, g_strdup(*word));
    }
    g_ptr_array_add(arguments, NULL);
    return (char **)g_ptr_array_free(arguments, FALSE);
}

static bool check_arguments(const Options *options, GError **error)
{
    const Command *command = options->command;
    unsigned count = g_strv_length(options->arguments);
    if (!command || options->help || options->version)
        return true;
    for (char **word = options->arguments; *word; word++) {
        if (g_utf8_validate(*word, -1, NULL))
            continue;
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS,
                    "An argument is not valid UTF-8.");
        return false;
    }
    if (count >= command->arguments_min && count <= command->arguments_max)
        return true;
    g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS,
                "'%s' takes %s, not %u argument%s.\nnext: echocastctl %s --help", command->name,
                *command->arguments ? command->arguments : "no argument", count,
                count == 1 ? "" : "s", command->name);
    return false;
}

static bool check_timeout(const Options *options, GError **error)
{
    if (options->timeout_s >= 0 && options->timeout_s <= TIMEOUT_MAX_S)
        return true;
    g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS,
                "--timeout takes seconds, more than 0 and not more than %.0f.", TIMEOUT_MAX_S);
    return false;
}

/* Whoever asked for JSON gets a wrong command line explained in JSON too. */
static bool wants_json(const char *const *words)
{
    for (; *words && strcmp(*words, "--") != 0; words++)
        if (strcmp(*words, "-j") == 0 || strcmp(*words, "--json") == 0)
            return true;
    return false;
}

bool options_parse(Options *options, const Command *const *commands, const char *const *words,
                   GError **error)
{
    g_auto(GStrv) left = NULL;
    *options = (Options){.json = wants_json(words)};
    if (!find_command(options, commands, words, error))
        return false;
    if (!parse_words(options, words, &left, error))
        return false;
    options->arguments = positional_words(options, left);
    return check_timeout(options, error) && check_arguments(options, error);
}

void options_clear(Options *options)
{
    g_clear_pointer(&options->arguments, g_strfreev);
}

const char *options_selector(const Options *options)
{
    return options->arguments && options->arguments[0] ? options->arguments[0] : "";
}

static void append_entries(GString *page, const GOptionEntry *entries)
{
    for (; entries && entries->long_name; entries++) {
        g_autofree char *name =
            g_strdup_printf("--%s%s%s", entries->long_name, entries->arg_description ? " " : "",
                            entries->arg_description ? entries->arg_description : "");
        if (entries->short_name)
            g_string_append_printf(page, "  -%c, ", entries->short_name);
        else
            g_string_append(page, "      ");
        g_string_append_printf(page, "%-*s %s\n", OPTION_COLUMNS, name, entries->description);
    }
}

static void append_global(GString *page)
{
    GOptionEntry global[GLOBAL_COUNT + 1];
    Options unused = {0};
    fill_global(global, &unused);
    g_string_append(page, "\nOptions of every command:\n");
    append_entries(page, global);
}

static char *help_of_command(const Command *command)
{
    GString *page = g_string_new(NULL);
    g_string_append_printf(page, "Usage: echocastctl [OPTION...] %s%s%s\n\n%s.\n", command->name,
                           *command->arguments ? " " : "", command->arguments, command->summary);
    if (command->about) {
        g_autofree char *about = text_wrap(command->about, PAGE_COLUMNS, 0);
        g_string_append_printf(page, "\n%s\n", about);
    }
    if (command->entries) {
        g_string_append_printf(page, "\nOptions of %s:\n", command->name);
        append_entries(page, command->entries);
    }
    append_global(page);
    return g_string_free(page, FALSE);
}

char *options_help(const Command *const *commands, const Command *command)
{
    if (command)
        return help_of_command(command);
    GString *page = g_string_new(
        "Usage: echocastctl [OPTION...] [COMMAND] [ARGUMENT...]\n\n"
        "Finds, pairs and plays through Bluetooth speakers. Without COMMAND: status.\n\n"
        "Commands:\n");
    for (; *commands; commands++) {
        g_autofree char *usage =
            g_strdup_printf("%s %s", (*commands)->name, (*commands)->arguments);
        if (!(*commands)->hidden)
            g_string_append_printf(page, "  %-22s %s\n", usage, (*commands)->summary);
    }
    append_global(page);
    g_string_append(page,
                    "\nSPEAKER is an address (AA:BB:CC:DD:EE:FF), the beginning of a name that only"
                    "\none speaker has, or 'default'. 'echocastctl COMMAND --help' says more.\n"
                    "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 not found or ambiguous,\n"
                    "4 timed out, 5 echocastd is not running, 6 permission denied, 7 busy.\n");
    return g_string_free(page, FALSE);
}
