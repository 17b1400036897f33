/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "base/error.h"
#include "ctl/catalogue.h"
#include "echocast/names.h"

#include <string.h>

#define PATH(n) ECHOCAST_SPEAKER_PATH "/AA_BB_CC_DD_EE_0" #n

/* GetManagedObjects of a daemon with four speakers. */
static Catalogue *catalogue_filled(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) objects = g_variant_parse(
        G_VARIANT_TYPE("a{oa{sa{sv}}}"),
        "{'" PATH(1) "': {'org.echocast.Speaker1': {'Name': <'JBL Flip'>, 'Saved': <true>,"
                     "   'Address': <'AA:BB:CC:DD:EE:01'>}},"
                     " '" PATH(
                         2) "': {'org.echocast.Speaker1': {'Name': <'JBL Flip 6'>, 'Saved': <true>,"
                            "   'Address': <'AA:BB:CC:DD:EE:02'>, 'Default': <true>, 'Rssi': "
                            "<int16 -60>},"
                            "  'org.echocast.Stream1': {'RateHz': <uint32 44100>}},"
                            " '" PATH(3) "': {'org.echocast.Speaker1': {'Name': <'JBL Pulse'>, "
                                         "'Saved': <false>,"
                                         "   'Address': <'AA:BB:CC:DD:EE:03'>}},"
                                         " '" PATH(4) "': {'org.echocast.Speaker1': {'Name': "
                                                      "<'\u00dcben'>, 'Saved': <false>,"
                                                      "   'Address': <'AA:BB:CC:DD:EE:04'>}}}",
        NULL, NULL, &error);
    g_assert_no_error(error);
    Catalogue *catalogue = catalogue_new();
    catalogue_load(catalogue, objects);
    return catalogue;
}

static GVariant *properties(const char *text)
{
    g_autoptr(GError) error = NULL;
    GVariant *value = g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);
    g_assert_no_error(error);
    return value;
}

static void test_find(void)
{
    static const struct {
        const char *selector;
        const char *path; /* NULL: code */
        EchocastError code;
    } rows[] = {
        {"AA:BB:CC:DD:EE:03", PATH(3), 0},
        {"aa:bb:cc:dd:ee:03", PATH(3), 0},
        {PATH(4), PATH(4), 0},
        {"default", PATH(2), 0},
        {"", PATH(1), 0}, /* the active one */
        {"JBL Flip", PATH(1), 0},
        {"jbl flip 6", PATH(2), 0},
        {"JBL P", PATH(3), 0},
        {"\u00fcB", PATH(4), 0},
        {"JBL", NULL, ECHOCAST_ERROR_AMBIGUOUS},
        {"Flip", NULL, ECHOCAST_ERROR_NOT_FOUND},
        {"AA:BB:CC:DD:EE:09", NULL, ECHOCAST_ERROR_NOT_FOUND},
        {"/nowhere", NULL, ECHOCAST_ERROR_NOT_FOUND},
    };
    g_autoptr(Catalogue) catalogue = catalogue_filled();
    g_autoptr(GVariant) manager = properties(
        "{'ActiveSpeaker': <objectpath '" PATH(1) "'>,"
                                                  " 'DefaultSpeaker': <objectpath '" PATH(2) "'>}");
    catalogue_change(catalogue, ECHOCAST_OBJECT_PATH, ECHOCAST_MANAGER_INTERFACE, manager);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        const Entry *entry = catalogue_find(catalogue, rows[i].selector, &error);
        g_test_message("'%s'", rows[i].selector);
        if (rows[i].path) {
            g_assert_no_error(error);
            g_assert_cmpstr(entry->path, ==, rows[i].path);
        } else {
            g_assert_null(entry);
            g_assert_error(error, ECHOCAST_ERROR, (int)rows[i].code);
        }
    }
}

/* Those who are named are exactly those who can be meant. */
static void test_candidates(void)
{
    g_autoptr(Catalogue) catalogue = catalogue_filled();
    g_autoptr(GError) error = NULL;
    g_assert_null(catalogue_find(catalogue, "jbl", &error));
    g_assert_nonnull(strstr(error->message, "\nAA:BB:CC:DD:EE:01  JBL Flip"));
    g_assert_nonnull(strstr(error->message, "\nAA:BB:CC:DD:EE:02  JBL Flip 6"));
    g_assert_null(strstr(error->message, "Pulse")); /* saved ones come first */
}

static void test_nobody(void)
{
    g_autoptr(Catalogue) catalogue = catalogue_new();
    g_autoptr(GError) error = NULL;
    g_assert_null(catalogue_find(catalogue, "", &error));
    g_assert_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_NOT_FOUND);
}

static void test_list(void)
{
    static const char *const order[] = {PATH(2), PATH(1), PATH(3), PATH(4)};
    g_autoptr(Catalogue) catalogue = catalogue_filled();
    g_autoptr(GPtrArray) list = catalogue_list(catalogue);
    g_assert_cmpuint(list->len, ==, G_N_ELEMENTS(order));
    for (guint i = 0; i < list->len; i++)
        g_assert_cmpstr(((const Entry *)list->pdata[i])->path, ==, order[i]);
}

static void test_changes(void)
{
    static const char *const stream[] = {ECHOCAST_STREAM_INTERFACE, NULL};
    static const char *const both[] = {ECHOCAST_STREAM_INTERFACE, ECHOCAST_SPEAKER_INTERFACE, NULL};
    g_autoptr(Catalogue) catalogue = catalogue_filled();
    g_autoptr(GVariant) changed = properties("{'Rssi': <int16 -80>, 'State': <'waiting'>}");
    const Entry *entry = catalogue_get(catalogue, PATH(2));
    catalogue_change(catalogue, PATH(2), ECHOCAST_SPEAKER_INTERFACE, changed);
    g_assert_cmpint(facts_number(entry->speaker, "Rssi"), ==, -80);
    g_assert_cmpstr(facts_string(entry->speaker, "Name"), ==, "JBL Flip 6");
    g_assert_cmpint(facts_number(entry->stream, "RateHz"), ==, 44100);
    catalogue_remove(catalogue, PATH(2), stream);
    g_assert_null(catalogue_get(catalogue, PATH(2))->stream);
    catalogue_remove(catalogue, PATH(2), both);
    g_assert_null(catalogue_get(catalogue, PATH(2)));
    /* Late news of one that is gone does not bring it back. */
    catalogue_change(catalogue, PATH(2), ECHOCAST_SPEAKER_INTERFACE, changed);
    g_assert_null(catalogue_get(catalogue, PATH(2)));
    catalogue_remove(catalogue, PATH(2), both);
}

/* A daemon of another version may send anything. */
static void test_facts_types(void)
{
    g_autoptr(Facts) facts = facts_new();
    g_autoptr(GVariant) odd = properties("{'Name': <5>, 'Saved': <'yes'>, 'LastUsed': <'now'>,"
                                         " 'Big': <uint64 18446744073709551615>}");
    facts_apply(facts, odd);
    g_assert_cmpstr(facts_string(facts, "Name"), ==, "");
    g_assert_false(facts_flag(facts, "Saved"));
    g_assert_cmpint(facts_number(facts, "LastUsed"), ==, 0);
    g_assert_cmpint(facts_number(facts, "Big"), ==, G_MAXINT64);
    g_assert_cmpstr(facts_string(NULL, "Name"), ==, "");
}

static void test_keys(void)
{
    static const char *const rows[][2] = {{"RateHz", "rate_hz"},
                                          {"State", "state"},
                                          {"PairingDeadline", "pairing_deadline"},
                                          {"own_latency_us", "own_latency_us"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *key = facts_key(rows[i][0]);
        g_assert_cmpstr(key, ==, rows[i][1]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalogue/find", test_find);
    g_test_add_func("/catalogue/candidates", test_candidates);
    g_test_add_func("/catalogue/nobody", test_nobody);
    g_test_add_func("/catalogue/list", test_list);
    g_test_add_func("/catalogue/changes", test_changes);
    g_test_add_func("/facts/types", test_facts_types);
    g_test_add_func("/facts/keys", test_keys);
    return g_test_run();
}
