/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "base/error.h"
#include "service/config.h"

#include <glib/gstdio.h>
#include <string.h>

/* A file with that text; its path, "…/echocast.conf". */
static char *file_with(const char *text, gssize length)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *directory = g_dir_make_tmp("echocast-XXXXXX", &error);
    char *path = g_build_filename(directory, "echocast.conf", NULL);

    g_assert_no_error(error);
    g_assert_true(g_file_set_contents(path, text, length, &error));
    return path;
}

static void remove_file(const char *path)
{
    g_autofree char *directory = g_path_get_dirname(path);

    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(directory), ==, 0);
}

static Config *load_text(const char *text, gssize length, GError **error)
{
    g_autofree char *path = file_with(text, length);
    Config *config = config_load(path, error);

    /* The path of the file differs from run to run: only what stands behind it is compared. */
    if (!config && error && g_str_has_prefix((*error)->message, path)) {
        g_autofree char *rest = g_strdup((*error)->message + strlen(path));

        g_free((*error)->message);
        (*error)->message = g_steal_pointer(&rest);
    }
    remove_file(path);
    return config;
}

static void assert_defaults(const Config *config)
{
    g_autofree char *alias = g_strdup_printf("Echocast-%s", g_get_host_name());

    g_assert_cmpstr(config->state_directory, ==, "/var/lib/echocast");
    g_assert_cmpuint(config->max_saved_speakers, ==, 8);
    g_assert_cmpstr(config->adapter, ==, "auto");
    g_assert_cmpstr(config->alias, ==, alias);
    g_assert_cmpuint(config->pairing_timeout_s, ==, 60);
    g_assert_cmpuint(config->endpoints, ==, 2);
    g_assert_true(config->autoconnect);
    g_assert_cmpstr(config->card, ==, "Echocast");
    g_assert_cmpuint(config->rate_hz, ==, 44100);
    g_assert_cmpuint(config->bitpool_max, ==, 53);
    g_assert_cmpint(config->rt_priority, ==, 20);
    g_assert_true(config->tone_after_pairing);
    g_assert_cmpuint(g_hash_table_size(config->speaker_aliases), ==, 0);
}

static void test_defaults(void)
{
    g_autoptr(Config) config = config_new_defaults();

    assert_defaults(config);
}

static void test_empty(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = load_text("", 0, &error);

    g_assert_no_error(error);
    assert_defaults(config);
}

static void test_missing(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(config_load("/nonexistent/echocast.conf", &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

static const char ALL[] = "[General]\n"
                          "state_directory = /tmp/state\n"
                          "max_saved_speakers=0\n"
                          "\n"
                          "[Bluetooth]\n"
                          "adapter = 00:aa:01:00:00:0f\n"
                          "alias = Küche %h 100%\n"
                          "pairing_timeout_s = 180\n"
                          "endpoints = 7\n"
                          "autoconnect = no\n"
                          "# comment\n"
                          "  [Audio]  \r\n"
                          "card = Loopback  \r\n"
                          "rate_hz = 48000\n"
                          "bitpool_max = 2\n"
                          "rt_priority = 0\n"
                          "tone_after_pairing = off\n"
                          "[Speaker AA:BB:CC:DD:EE:FF]\n"
                          "alias = Kitchen\n";

static void test_all_keys(void)
{
    g_autofree char *alias = g_strdup_printf("Küche %s 100%%", g_get_host_name());
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = load_text(ALL, -1, &error);
    Address address;

    g_assert_no_error(error);
    g_assert_cmpstr(config->state_directory, ==, "/tmp/state");
    g_assert_cmpuint(config->max_saved_speakers, ==, 0);
    g_assert_cmpstr(config->adapter, ==, "00:AA:01:00:00:0F");
    g_assert_cmpstr(config->alias, ==, alias);
    g_assert_cmpuint(config->pairing_timeout_s, ==, 180);
    g_assert_cmpuint(config->endpoints, ==, 7);
    g_assert_false(config->autoconnect);
    g_assert_cmpstr(config->card, ==, "Loopback");
    g_assert_cmpuint(config->rate_hz, ==, 48000);
    g_assert_cmpuint(config->bitpool_max, ==, 2);
    g_assert_cmpint(config->rt_priority, ==, 0);
    g_assert_false(config->tone_after_pairing);
    g_assert_true(address_parse("AA:BB:CC:DD:EE:FF", &address));
    g_assert_cmpstr(config_speaker_alias(config, &address), ==, "Kitchen");
    address.octet[5] = 0;
    g_assert_null(config_speaker_alias(config, &address));
}

typedef struct {
    const char *text;
    const char *message;
} Mistake;

static const Mistake MISTAKES[] = {
    {"[Audio]\n\nfoo = 1\n",
     ":3: unknown key 'foo' in [Audio]; known: card, rate_hz, bitpool_max, rt_priority, "
     "tone_after_pairing"},
    {"# a\n[Sound]\n",
     ":2: unknown group [Sound]; known: General, Bluetooth, Audio, Speaker AA:BB:CC:DD:EE:FF"},
    {"[audio]\n",
     ":1: unknown group [audio]; known: General, Bluetooth, Audio, Speaker AA:BB:CC:DD:EE:FF"},
    {"[Audio]\nrate_hz = 44100\n[General]\n[Audio]\n",
     ":4: group [Audio] begins in line 1 already"},
    {"[Audio]\nrate_hz = 44100\n# x\nrate_hz=48000\n",
     ":4: key 'rate_hz' in [Audio] stands in line 2 already"},
    {"rate_hz = 44100\n", ":1: key 'rate_hz' stands before any [Group]"},
    {"[Audio]\nrate_hz\n",
     ":2: 'rate_hz' is no 'key = value' (a comment begins with # in a line of its own)"},
    {"[Audio]\n= 3\n",
     ":2: '= 3' is no 'key = value' (a comment begins with # in a line of its own)"},
    {"[Audio\n", ":1: '[Audio' begins like a group but is not of the form [Name]"},
    {"[]\n", ":1: '[]' begins like a group but is not of the form [Name]"},
    {"[Audio]\nrate_hz = 22050\n", ":2: rate_hz must be 44100 or 48000, not '22050'"},
    {"[Audio]\nrate_hz = 44100 # CD\n", ":2: rate_hz must be 44100 or 48000, not '44100 # CD'"},
    {"[Audio]\nrate_hz =\n", ":2: rate_hz must be 44100 or 48000, not ''"},
    {"[Audio]\nbitpool_max = 54\n", ":2: bitpool_max must be a number from 2 to 53, not '54'"},
    {"[Audio]\nbitpool_max = 1\n", ":2: bitpool_max must be a number from 2 to 53, not '1'"},
    {"[Audio]\nrt_priority = -1\n", ":2: rt_priority must be a number from 0 to 99, not '-1'"},
    {"[Audio]\nrt_priority = 1e1\n", ":2: rt_priority must be a number from 0 to 99, not '1e1'"},
    {"[Audio]\ncard =\n", ":2: card must not be empty"},
    {"[Audio]\ntone_after_pairing = maybe\n",
     ":2: tone_after_pairing must be true or false, not 'maybe'"},
    {"[Bluetooth]\npairing_timeout_s = 9\n",
     ":2: pairing_timeout_s must be a number from 10 to 180, not '9'"},
    {"[Bluetooth]\nendpoints = 8\n", ":2: endpoints must be a number from 1 to 7, not '8'"},
    {"[Bluetooth]\nadapter = hci0\n",
     ":2: adapter must be an address like 00:11:22:33:44:55 or auto, not 'hci0'"},
    {"[Bluetooth]\nalias = a\\tb\n", ":2: alias must not have control characters in it"},
    {"[Bluetooth]\nalias[de] = x\n",
     ":2: unknown key 'alias[de]' in [Bluetooth]; known: adapter, alias, pairing_timeout_s, "
     "endpoints, autoconnect"},
    {"[General]\nstate_directory = here\n",
     ":2: state_directory must be an absolute path, not 'here'"},
    {"[General]\nmax_saved_speakers = 99999999999999999999\n",
     ":2: max_saved_speakers must be a number from 0 to 1000, not '99999999999999999999'"},
    {"[Speaker kitchen]\n", ":1: 'kitchen' in [Speaker kitchen] is no Bluetooth address"},
    {"[Speaker AA:BB:CC:DD:EE:FF]\nvolume = 3\n",
     ":2: unknown key 'volume' in [Speaker AA:BB:CC:DD:EE:FF]; known: alias"},
    {"[Audio]\ncard = \xff\n", ":2: is not UTF-8"},
};

static void test_mistakes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(MISTAKES); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(load_text(MISTAKES[i].text, -1, &error));
        g_assert_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INVALID_ARGUMENTS);
        g_assert_cmpstr(error->message, ==, MISTAKES[i].message);
    }
}

static void test_nul(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(load_text("[Audio]\n\0foo", 12, &error));
    g_assert_cmpstr(error->message, ==, ":1: has a NUL byte in it: this is no text file");
}

static void test_long_alias(void)
{
    g_autofree char *name = g_strnfill(249, 'x');
    g_autofree char *too_long = g_strdup_printf("[Bluetooth]\nalias = %s\n", name);
    g_autofree char *longest = g_strdup_printf("[Bluetooth]\nalias = %s\n", name + 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = load_text(longest, -1, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(strlen(config->alias), ==, 248);
    g_assert_null(load_text(too_long, -1, &error));
    g_assert_cmpstr(error->message, ==, ":2: alias must have at most 248 bytes");
}

static void test_empty_alias(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = load_text("[Bluetooth]\nalias =\n", -1, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(config->alias, ==, "");
}

static void test_shipped(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = config_load(SHIPPED_CONFIG, &error);

    g_assert_no_error(error);
    assert_defaults(config);
}

/* "#key = value" of a line of the shipped file, in its group, without the #. */
static char *uncommented(const char *text)
{
    g_autoptr(GRegex) regex =
        g_regex_new("^#(?=[a-z_]+ = |\\[)", G_REGEX_MULTILINE, G_REGEX_MATCH_DEFAULT, NULL);

    return g_regex_replace_literal(regex, text, -1, 0, "", G_REGEX_MATCH_DEFAULT, NULL);
}

/* Each key stands in the shipped file with the default that it really has, and the file parses with
 * all of them taken in. */
static void test_shipped_keys(void)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = NULL;
    g_autofree char *text = NULL;
    g_autofree char *all = NULL;
    ConfigKey key;
    Address example;

    g_assert_true(g_file_get_contents(SHIPPED_CONFIG, &text, NULL, &error));
    all = uncommented(text);
    g_assert_true(g_key_file_load_from_data(file, all, (gsize)-1, G_KEY_FILE_NONE, &error));
    for (unsigned i = 0; config_key(i, &key); i++) {
        g_autofree char *value = g_key_file_get_string(file, key.group, key.name, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(value, ==, key.fallback);
    }
    config = load_text(all, -1, &error);
    g_assert_no_error(error);
    g_assert_true(address_parse("AA:BB:CC:DD:EE:FF", &example));
    g_assert_cmpstr(config_speaker_alias(config, &example), ==, "Kitchen");
    g_hash_table_remove_all(config->speaker_aliases);
    assert_defaults(config);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/defaults", test_defaults);
    g_test_add_func("/config/empty", test_empty);
    g_test_add_func("/config/missing", test_missing);
    g_test_add_func("/config/all-keys", test_all_keys);
    g_test_add_func("/config/mistakes", test_mistakes);
    g_test_add_func("/config/nul", test_nul);
    g_test_add_func("/config/long-alias", test_long_alias);
    g_test_add_func("/config/empty-alias", test_empty_alias);
    g_test_add_func("/config/shipped", test_shipped);
    g_test_add_func("/config/shipped-keys", test_shipped_keys);
    return g_test_run();
}
