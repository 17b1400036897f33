/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/config.h"

#include "base/error.h"
#include "service/keylines.h"

#include <stddef.h>
#include <string.h>

#define SPEAKER_GROUP "Speaker "
#define ALIAS_MAX     248 /* bytes; Core specification, vol 4 part E 7.3.11: Local_Name */

typedef enum {
    KIND_TEXT,
    KIND_NAME, /* what a Bluetooth device may call itself; %h is the host's name */
    KIND_PATH,
    KIND_ADAPTER,
    KIND_BOOL,
    KIND_NUMBER,
    KIND_RATE,
} Kind;

typedef struct {
    const char *group;
    const char *name;
    Kind kind;
    unsigned min; /* of numbers */
    unsigned max;
    const char *fallback;
    size_t offset;
} Row;

#define FIELD(name) offsetof(Config, name)

static const Row ROWS[] = {
    {"General", "state_directory", KIND_PATH, 0, 0, "/var/lib/echocast", FIELD(state_directory)},
    {"General", "max_saved_speakers", KIND_NUMBER, 0, 1000, "8", FIELD(max_saved_speakers)},
    {"Bluetooth", "adapter", KIND_ADAPTER, 0, 0, "auto", FIELD(adapter)},
    {"Bluetooth", "alias", KIND_NAME, 0, 0, "Echocast-%h", FIELD(alias)},
    {"Bluetooth", "pairing_timeout_s", KIND_NUMBER, 10, 180, "60", FIELD(pairing_timeout_s)},
    {"Bluetooth", "endpoints", KIND_NUMBER, 1, 7, "2", FIELD(endpoints)},
    {"Bluetooth", "autoconnect", KIND_BOOL, 0, 0, "true", FIELD(autoconnect)},
    {"Audio", "card", KIND_TEXT, 0, 0, "Echocast", FIELD(card)},
    {"Audio", "rate_hz", KIND_RATE, 0, 0, "44100", FIELD(rate_hz)},
    {"Audio", "bitpool_max", KIND_NUMBER, 2, 53, "53", FIELD(bitpool_max)},
    {"Audio", "rt_priority", KIND_NUMBER, 0, 99, "20", FIELD(rt_priority)},
    {"Audio", "tone_after_pairing", KIND_BOOL, 0, 0, "true", FIELD(tone_after_pairing)},
};

G_GNUC_PRINTF(2, 3)
static bool fail(GError **error, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (error)
        *error =
            g_error_new_valist(ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS, format, arguments);
    va_end(arguments);
    return false;
}

static void replace(char **field, char *value)
{
    g_free(*field);
    *field = value;
}

static bool set_text(char **field, const char *text, GError **error)
{
    if (text[0] == '\0')
        return fail(error, "must not be empty");
    replace(field, g_strdup(text));
    return true;
}

static bool set_path(char **field, const char *text, GError **error)
{
    if (!g_path_is_absolute(text))
        return fail(error, "must be an absolute path, not '%s'", text);
    replace(field, g_strdup(text));
    return true;
}

static bool set_adapter(char **field, const char *text, GError **error)
{
    char printed[ADDRESS_STRING_SIZE];
    Address address;

    if (strcmp(text, "auto") == 0) {
        replace(field, g_strdup(text));
        return true;
    }
    if (!address_parse(text, &address))
        return fail(error, "must be an address like 00:11:22:33:44:55 or auto, not '%s'", text);
    address_format(&address, printed);
    replace(field, g_strdup(printed));
    return true;
}

static char *expand(const char *text)
{
    g_autoptr(GString) name = g_string_new(NULL);

    for (; *text; text++) {
        if (text[0] == '%' && text[1] == 'h') {
            g_string_append(name, g_get_host_name());
            text++;
        } else {
            g_string_append_c(name, *text);
        }
    }
    return g_strdup(name->str);
}

static bool set_name(char **field, const char *text, GError **error)
{
    g_autofree char *name = expand(text);

    if (strlen(name) > ALIAS_MAX)
        return fail(error, "must have at most %d bytes", ALIAS_MAX);
    for (const char *c = name; *c; c = g_utf8_next_char(c)) {
        if (g_unichar_iscntrl(g_utf8_get_char(c)))
            return fail(error, "must not have control characters in it");
    }
    replace(field, g_steal_pointer(&name));
    return true;
}

static bool set_bool(bool *field, const char *text, GError **error)
{
    static const char *const YES[] = {"true", "yes", "on", "1", NULL};
    static const char *const NO[] = {"false", "no", "off", "0", NULL};

    *field = g_strv_contains(YES, text);
    return *field || g_strv_contains(NO, text) ||
           fail(error, "must be true or false, not '%s'", text);
}

static bool set_number(unsigned *field, const Row *row, const char *text, GError **error)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(text, 10, row->min, row->max, &number, NULL))
        return fail(error, "must be a number from %u to %u, not '%s'", row->min, row->max, text);
    *field = (unsigned)number;
    return true;
}

static bool set_rate(unsigned *field, const char *text, GError **error)
{
    if (strcmp(text, "44100") == 0)
        *field = 44100;
    else if (strcmp(text, "48000") == 0)
        *field = 48000;
    else
        return fail(error, "must be 44100 or 48000, not '%s'", text);
    return true;
}

static bool set_value(Config *config, const Row *row, const char *text, GError **error)
{
    void *field = (char *)config + row->offset;

    switch (row->kind) {
    case KIND_TEXT:
        return set_text(field, text, error);
    case KIND_NAME:
        return set_name(field, text, error);
    case KIND_PATH:
        return set_path(field, text, error);
    case KIND_ADAPTER:
        return set_adapter(field, text, error);
    case KIND_BOOL:
        return set_bool(field, text, error);
    case KIND_NUMBER: /* an int too: within 0 to INT_MAX it is stored alike */
        return set_number(field, row, text, error);
    case KIND_RATE:
        return set_rate(field, text, error);
    }
    g_assert_not_reached();
}

static bool fail_unknown_key(const Keyline *line, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        if (strcmp(ROWS[i].group, line->group) == 0)
            g_string_append_printf(known, "%s%s", known->len ? ", " : "", ROWS[i].name);
    }
    return fail(error, "unknown key '%s' in [%s]; known: %s", line->key, line->group,
                known->len ? known->str : "alias");
}

static bool is_group(const char *group)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        if (strcmp(ROWS[i].group, group) == 0)
            return true;
    }
    return false;
}

static bool apply_group(const char *group, GError **error)
{
    Address address;

    if (is_group(group))
        return true;
    if (!g_str_has_prefix(group, SPEAKER_GROUP))
        return fail(error,
                    "unknown group [%s]; known: General, Bluetooth, Audio, Speaker "
                    "AA:BB:CC:DD:EE:FF",
                    group);
    if (!address_parse(group + strlen(SPEAKER_GROUP), &address))
        return fail(error, "'%s' in [%s] is no Bluetooth address", group + strlen(SPEAKER_GROUP),
                    group);
    return true;
}

static char *read_value(GKeyFile *file, const Keyline *line, GError **error)
{
    char *value = g_key_file_get_string(file, line->group, line->key, error);

    /* GKeyFile leaves what stands behind the value's last word. */
    return value ? g_strchomp(value) : NULL;
}

static bool apply_alias(Config *config, GKeyFile *file, const Keyline *line, GError **error)
{
    g_autofree char *value = read_value(file, line, error);
    g_autofree char *alias = NULL;
    Address address;

    if (!value)
        return false;
    if (!set_name(&alias, value, error)) {
        g_prefix_error(error, "alias ");
        return false;
    }
    if (address_parse(line->group + strlen(SPEAKER_GROUP), &address))
        g_hash_table_insert(config->speaker_aliases, g_memdup2(&address, sizeof(address)),
                            g_steal_pointer(&alias));
    return true;
}

static const Row *find_row(const Keyline *line)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        if (strcmp(ROWS[i].group, line->group) == 0 && strcmp(ROWS[i].name, line->key) == 0)
            return &ROWS[i];
    }
    return NULL;
}

static bool apply_row(Config *config, GKeyFile *file, const Row *row, const Keyline *line,
                      GError **error)
{
    g_autofree char *value = read_value(file, line, error);

    if (!value)
        return false;
    if (set_value(config, row, value, error))
        return true;
    g_prefix_error(error, "%s ", row->name);
    return false;
}

static bool apply_line(Config *config, GKeyFile *file, const Keyline *line, GError **error)
{
    const Row *row;

    if (!line->key)
        return apply_group(line->group, error);
    if (g_str_has_prefix(line->group, SPEAKER_GROUP) && strcmp(line->key, "alias") == 0)
        return apply_alias(config, file, line, error);
    row = find_row(line);
    return row ? apply_row(config, file, row, line, error) : fail_unknown_key(line, error);
}

static bool apply(Config *config, const char *text, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GPtrArray) lines = keylines_scan(text, error);

    if (!lines)
        return false;
    if (!g_key_file_load_from_data(file, text, (gsize)-1, G_KEY_FILE_NONE, error)) {
        g_prefix_error(error, "1: ");
        return false;
    }
    for (guint i = 0; i < lines->len; i++) {
        const Keyline *line = g_ptr_array_index(lines, i);

        if (!apply_line(config, file, line, error)) {
            g_prefix_error(error, "%u: ", line->number);
            return false;
        }
    }
    return true;
}

Config *config_new_defaults(void)
{
    Config *config = g_new0(Config, 1);

    config->speaker_aliases =
        g_hash_table_new_full(address_hash_key, address_equal_key, g_free, g_free);
    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        bool is_set = set_value(config, &ROWS[i], ROWS[i].fallback, NULL);

        g_assert(is_set);
    }
    return config;
}

Config *config_load(const char *path, GError **error)
{
    g_autoptr(Config) config = config_new_defaults();
    g_autofree char *text = NULL;
    gsize length;

    if (!g_file_get_contents(path, &text, &length, error))
        return NULL;
    if (strlen(text) != length) {
        fail(error, "%s:1: has a NUL byte in it: this is no text file", path);
        return NULL;
    }
    if (!apply(config, text, error)) {
        g_prefix_error(error, "%s:", path);
        return NULL;
    }
    return g_steal_pointer(&config);
}

void config_free(Config *config)
{
    if (!config)
        return;
    g_free(config->state_directory);
    g_free(config->adapter);
    g_free(config->alias);
    g_free(config->card);
    g_hash_table_unref(config->speaker_aliases);
    g_free(config);
}

const char *config_speaker_alias(const Config *config, const Address *address)
{
    return g_hash_table_lookup(config->speaker_aliases, address);
}

bool config_key(unsigned i, ConfigKey *key)
{
    if (i >= G_N_ELEMENTS(ROWS))
        return false;
    *key = (ConfigKey){ROWS[i].group, ROWS[i].name, ROWS[i].fallback};
    return true;
}
