/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "base/address.h"

static const Address example = {{0x00, 0xaa, 0x01, 0x9f, 0xfe, 0x01}};

static void test_parse(void)
{
    static const char *const good[] = {"00:AA:01:9F:FE:01", "00:aa:01:9f:fe:01",
                                       "00:aA:01:9f:Fe:01"};

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        Address address = {{0}};

        g_assert_true(address_parse(good[i], &address));
        g_assert_true(address_equal(&address, &example));
    }
}

static void test_parse_refuses(void)
{
    static const char *const bad[] = {
        NULL,
        "",
        "00:AA:01:9F:FE:0",
        "00:AA:01:9F:FE:011",
        " 00:AA:01:9F:FE:01",
        "00:AA:01:9F:FE:01 ",
        "00:AA:01:9F:FE:01\n",
        "00_AA_01_9F_FE_01",
        "00:AA:01:9F:FE_01",
        "00:AA:01:9F:FE:0G",
        "00:AA:01:9F:FE:G0",
        "0:0AA:01:9F:FE:01",
        "00AA019FFE01",
        "+0:AA:01:9F:FE:01",
        "default",
        "00:AA:01:9F:FE",
        "00:AA:01:9F:FE:01:02",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        Address address = example;

        g_assert_false(address_parse(bad[i], &address));
        g_assert_true(address_equal(&address, &example)); /* left alone */
    }
}

static void test_parse_path(void)
{
    static const struct {
        const char *path;
        bool good;
    } cases[] = {
        {"/org/bluez/hci0/dev_00_AA_01_9F_FE_01", true},
        {"/org/bluez/hci0/dev_00_AA_01_9F_FE_01/sep1/fd0", true},
        {"/org/bluez/hci0/dev_00_AA_01_9F_FE_01/fd12", true},
        {"/org/echocast/speaker/00_AA_01_9F_FE_01", true},
        {"/org/echocast/speaker/00_aa_01_9f_fe_01", true},
        {"00_AA_01_9F_FE_01", true},
        {NULL, false},
        {"", false},
        {"/", false},
        {"/org/bluez/hci0", false},
        {"/org/bluez/hci0/dev_", false},
        {"/org/bluez/hci0/dev_00_AA_01_9F_FE", false},
        {"/org/bluez/hci0/dev_00_AA_01_9F_FE_0", false},
        {"/org/bluez/hci0/dev_00_AA_01_9F_FE_011", false},
        {"/org/bluez/hci0/dev_00:AA:01:9F:FE:01", false},
        {"/org/bluez/hci0/xdev_00_AA_01_9F_FE_01", false},
        {"/org/bluez/hci0/dev_dev_00_AA_01_9F_FE_01", false},
        {"/dev_00_AA_01/9F_FE_01", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Address address = {{0}};

        g_assert_cmpint(address_parse_path(cases[i].path, &address), ==, cases[i].good);
        g_assert_cmpint(address_equal(&address, &example), ==, cases[i].good);
    }
}

static void test_format(void)
{
    char text[ADDRESS_STRING_SIZE];

    address_format(&example, text);
    g_assert_cmpstr(text, ==, "00:AA:01:9F:FE:01");
    address_format_path(&example, text);
    g_assert_cmpstr(text, ==, "00_AA_01_9F_FE_01");
}

static void test_round_trip(void)
{
    for (unsigned i = 0; i < 1000; i++) {
        char text[ADDRESS_STRING_SIZE];
        Address address;
        Address back = {{0}};

        for (size_t octet = 0; octet < G_N_ELEMENTS(address.octet); octet++)
            address.octet[octet] = (uint8_t)g_test_rand_int();
        address_format(&address, text);
        g_assert_true(address_parse(text, &back));
        g_assert_cmpmem(&back, sizeof(back), &address, sizeof(address));
        address_format_path(&address, text);
        g_assert_true(address_parse_path(text, &back));
        g_assert_cmpmem(&back, sizeof(back), &address, sizeof(address));
    }
}

static void test_zero(void)
{
    for (size_t octet = 0; octet < G_N_ELEMENTS(example.octet); octet++) {
        Address address = {{0}};

        g_assert_true(address_is_zero(&address));
        address.octet[octet] = 1;
        g_assert_false(address_is_zero(&address));
    }
}

static void test_hash_table(void)
{
    g_autoptr(GHashTable) table = g_hash_table_new(address_hash_key, address_equal_key);
    Address first = example;
    Address same = example;
    Address other = example;

    other.octet[0] ^= 1;
    g_hash_table_insert(table, &first, (gpointer) "first");
    g_assert_cmpuint(address_hash_key(&first), ==, address_hash_key(&same));
    g_assert_cmpstr(g_hash_table_lookup(table, &same), ==, "first");
    g_assert_null(g_hash_table_lookup(table, &other)); /* the same hash even: equality decides */
    g_assert_cmpuint(address_hash_key(&first), ==, address_hash_key(&other));
    other.octet[5] ^= 1;
    g_assert_cmpuint(address_hash_key(&first), !=, address_hash_key(&other));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/address/parse", test_parse);
    g_test_add_func("/address/parse-refuses", test_parse_refuses);
    g_test_add_func("/address/parse-path", test_parse_path);
    g_test_add_func("/address/format", test_format);
    g_test_add_func("/address/round-trip", test_round_trip);
    g_test_add_func("/address/zero", test_zero);
    g_test_add_func("/address/hash-table", test_hash_table);
    return g_test_run();
}
