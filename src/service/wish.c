/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/wish.h"

#include "base/error.h"

#include <string.h>

#define PIN_MAX 16 /* Core specification, vol 2 part C 4.2: a PIN has 1 to 16 bytes */

typedef struct {
    const char *key;
    const char *type;
    unsigned min; /* of numbers */
    unsigned max;
} Option;

static const Option SCAN_OPTIONS[] = {{"all", "b", 0, 0}, {"timeout", "u", 1, 600}, {0}};
static const Option PAIR_OPTIONS[] = {
    {"timeout", "u", 10, 180}, {"pin", "s", 0, 0}, {"tone", "b", 0, 0}, {0}};
static const Option TONE_OPTIONS[] = {
    {"frequency", "u", 20, 20000}, {"duration", "u", 50, 60000}, {"channels", "s", 0, 0}, {0}};

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

static const Option *find(const Option *known, const char *key)
{
    for (; known->key; known++) {
        if (strcmp(known->key, key) == 0)
            return known;
    }
    return NULL;
}

static bool fail_unknown(const Option *known, const char *key, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (; known->key; known++)
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", known->key);
    return fail(error, "unknown option '%s'; known: %s", key, names->str);
}

static bool check_value(const Option *option, GVariant *value, GError **error)
{
    const char *type = g_variant_get_type_string(value);
    guint32 number;

    if (strcmp(type, option->type) != 0)
        return fail(error, "option '%s' must be of type '%s', not '%s'", option->key, option->type,
                    type);
    if (option->type[0] != 'u')
        return true;
    number = g_variant_get_uint32(value);
    if (number < option->min || number > option->max)
        return fail(error, "option '%s' must be %u to %u, not %u", option->key, option->min,
                    option->max, number);
    return true;
}

static bool check(GVariant *options, const Option *known, GError **error)
{
    GVariantIter iter;
    const char *key;
    GVariant *child;

    g_variant_iter_init(&iter, options);
    while (g_variant_iter_next(&iter, "{&sv}", &key, &child)) {
        g_autoptr(GVariant) value = child;
        const Option *option = find(known, key);

        if (!option)
            return fail_unknown(known, key, error);
        if (!check_value(option, value, error))
            return false;
    }
    return true;
}

static bool get_bool(GVariant *options, const char *key, bool fallback)
{
    gboolean value;

    return g_variant_lookup(options, key, "b", &value) ? value : fallback;
}

static unsigned get_unsigned(GVariant *options, const char *key, unsigned fallback)
{
    guint32 value;

    return g_variant_lookup(options, key, "u", &value) ? value : fallback;
}

static const char *get_string(GVariant *options, const char *key)
{
    const char *value;

    return g_variant_lookup(options, key, "&s", &value) ? value : NULL;
}

bool wish_parse_scan(GVariant *options, ScanWish *wish, GError **error)
{
    if (!check(options, SCAN_OPTIONS, error))
        return false;
    wish->all = get_bool(options, "all", false);
    wish->timeout_s = get_unsigned(options, "timeout", 30);
    return true;
}

bool wish_parse_pair(GVariant *options, PairWish *wish, GError **error)
{
    if (!check(options, PAIR_OPTIONS, error))
        return false;
    wish->timeout_s = get_unsigned(options, "timeout", 0);
    wish->pin = get_string(options, "pin");
    wish->tone = get_bool(options, "tone", true);
    if (wish->pin && (wish->pin[0] == '\0' || strlen(wish->pin) > PIN_MAX))
        return fail(error, "option 'pin' must have 1 to %d characters", PIN_MAX);
    return true;
}

bool wish_parse_tone(GVariant *options, ToneWish *wish, GError **error)
{
    static const char *const WORDS[] = {"left", "right", "both"}; /* 1, 2, 3 */
    const char *word;

    if (!check(options, TONE_OPTIONS, error))
        return false;
    wish->frequency_hz = get_unsigned(options, "frequency", 440);
    wish->duration_ms = get_unsigned(options, "duration", 1000);
    word = get_string(options, "channels");
    if (!word)
        word = "both";
    for (unsigned i = 0; i < G_N_ELEMENTS(WORDS); i++) {
        if (strcmp(word, WORDS[i]) == 0) {
            wish->channels = i + 1;
            return true;
        }
    }
    return fail(error, "option 'channels' must be left, right or both, not '%s'", word);
}
