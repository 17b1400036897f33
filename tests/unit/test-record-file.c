/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/record_file.h"

#include <string.h>

static const char WHOLE[] = "# Ours\n"
                            "\n"
                            "[Speaker 00:00:00:00:00:01]\n"
                            "name=One\n"
                            "alias=Küche\n"
                            "last_used=1700000000\n"
                            "default=true\n"
                            "wanted=true\n"
                            "volume=40\n"
                            "\n"
                            "[Settings of a later version]\n"
                            "key=value\n"
                            "\n"
                            "[Speaker 00:00:00:00:00:02]\n"
                            "name=Two\n";

static GKeyFile *parse(const char *text, gsize length, bool expect_damaged)
{
    bool damaged = !expect_damaged;
    GKeyFile *file = record_file_parse(text, length, &damaged);

    g_assert_true(damaged == expect_damaged);
    return file;
}

static char *printed(GKeyFile *file)
{
    gsize length;
    char *text = record_file_print(file, &length);

    g_assert_cmpuint(length, ==, strlen(text));
    return text;
}

static void test_whole(void)
{
    g_autoptr(GKeyFile) file = parse(WHOLE, strlen(WHOLE), false);
    g_autoptr(GPtrArray) records = record_file_records(file);
    const Record *one = g_ptr_array_index(records, 0);
    const Record *two = g_ptr_array_index(records, 1);

    g_assert_cmpuint(records->len, ==, 2);
    g_assert_cmpint(one->address.octet[5], ==, 1);
    g_assert_cmpstr(one->name, ==, "One");
    g_assert_cmpstr(one->alias, ==, "Küche");
    g_assert_cmpuint(one->last_used, ==, 1700000000);
    g_assert_true(one->is_default);
    g_assert_true(one->wanted);
    g_assert_cmpint(two->address.octet[5], ==, 2);
    g_assert_cmpstr(two->name, ==, "Two");
    g_assert_null(two->alias);
    g_assert_cmpuint(two->last_used, ==, 0);
    g_assert_false(two->is_default);
    g_assert_false(two->wanted);
}

/* What this version does not know comes through, at its place. */
static void test_unknown_is_kept(void)
{
    g_autoptr(GKeyFile) file = parse(WHOLE, strlen(WHOLE), false);
    g_autoptr(GPtrArray) records = record_file_records(file);
    g_autofree char *text = NULL;
    g_autofree char *again = NULL;

    record_file_put(file, g_ptr_array_index(records, 0));
    text = printed(file);
    g_assert_nonnull(strstr(text, "volume=40\n"));
    g_assert_nonnull(strstr(text, "[Settings of a later version]\nkey=value\n"));
    g_assert_nonnull(strstr(text, "# Ours\n"));
    g_clear_pointer(&file, g_key_file_unref);
    file = parse(text, strlen(text), false);
    again = printed(file);
    g_assert_cmpstr(again, ==, text);
}

static void test_round_trip(void)
{
    static const char *const NAMES[] = {"",       "plain",       " leading and trailing ",
                                        "a\nb\\", "[Speaker x]", "# = ;\t\x01 Ünï 🔊"};
    const Address address = {{1, 2, 3, 4, 5, 0xff}};
    g_autoptr(GKeyFile) file = g_key_file_new();

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        g_autoptr(Record) record = record_new(&address);
        g_autoptr(GKeyFile) reread = NULL;
        g_autoptr(GPtrArray) records = NULL;
        g_autofree char *text = NULL;

        g_free(record->name);
        record->name = g_strdup(NAMES[i]);
        record->alias = i % 2 ? g_strdup(NAMES[i]) : NULL;
        record->last_used = G_MAXUINT64;
        record->wanted = i % 2;
        record->is_default = i % 3;
        record_file_put(file, record);
        text = printed(file);
        reread = parse(text, strlen(text), false);
        records = record_file_records(reread);
        g_assert_cmpuint(records->len, ==, 1);
        g_assert_true(record_equal(g_ptr_array_index(records, 0), record));
    }
}

static void test_remove(void)
{
    g_autoptr(GKeyFile) file = parse(WHOLE, strlen(WHOLE), false);
    const Address one = {{0, 0, 0, 0, 0, 1}};
    g_autoptr(GPtrArray) records = NULL;

    record_file_remove(file, &one);
    record_file_remove(file, &one);
    records = record_file_records(file);
    g_assert_cmpuint(records->len, ==, 1);
    g_assert_cmpstr(((const Record *)g_ptr_array_index(records, 0))->name, ==, "Two");
}

static void test_new_is_not_empty(void)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *text = printed(file);
    g_autoptr(GKeyFile) reread = parse(text, strlen(text), false);
    g_autofree char *again = printed(reread);

    g_assert_cmpuint(strlen(text), >, 0);
    g_assert_cmpstr(again, ==, text);
}

#define ONE "[Speaker 00:00:00:00:00:01]\nname=One\n"
#define TWO "[Speaker 00:00:00:00:00:02]\nname=Two\n"

typedef struct {
    const char *text;
    gsize length;      /* 0: strlen */
    const char *names; /* that can be read */
} Damage;

static const Damage DAMAGES[] = {
    {"", 0, ""},
    {"\0\0\0\0", 4, ""},
    {"no key file at all", 0, ""},
    {ONE "\0\0\0", sizeof(ONE) + 2, "One"},
    {ONE "[Speaker 00:00:00:00:00:0", 0, "One"},
    {ONE "[Speaker 00:00:00:00:00:02]\nna", 0, "One,"},
    {ONE "garbage\n" TWO, 0, "One,Two"},
    {"garbage\n" ONE TWO, 0, "One,Two"},
    {ONE "name\xff=x\n" TWO, 0, "One,Two"},
    {ONE "alias=\xff\xfe\n" TWO, 0, "One,Two"},
    {ONE "last_used=yesterday\n" TWO, 0, "One,Two"},
    {ONE "wanted=perhaps\n" TWO, 0, "One,Two"},
    {ONE "[Speaker 00:00:00:00:00]\nname=Nobody\n" TWO, 0, "One,Two"},
    /* what stands under a broken group line must not fall to the group above it */
    {ONE "[Speaker 00:00:00:00:\nname=Nobody\nwanted=true\n" TWO, 0, "One,Two"},
};

static char *names_of(GKeyFile *file)
{
    g_autoptr(GPtrArray) records = record_file_records(file);
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < records->len; i++) {
        const Record *record = g_ptr_array_index(records, i);

        g_assert_false(record->wanted);
        g_string_append_printf(names, "%s%s", i ? "," : "", record->name);
    }
    return g_strdup(names->str);
}

static void test_damages(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(DAMAGES); i++) {
        const Damage *damage = &DAMAGES[i];
        gsize length = damage->length ? damage->length : strlen(damage->text);
        g_autoptr(GKeyFile) file = parse(damage->text, length, true);
        g_autofree char *names = names_of(file);
        g_autofree char *text = printed(file);
        g_autoptr(GKeyFile) reread = NULL;

        g_assert_cmpstr(names, ==, damage->names);
        /* what is written afterwards is whole again */
        reread = parse(text, strlen(text), false);
    }
}

/* Cut anywhere, it is read as far as it goes: a speaker whose group line and name were whole is
 * there, and nothing crashes. */
static void test_truncated_anywhere(void)
{
    const char *end_of_one = strstr(WHOLE, "alias=");

    for (size_t length = 0; length <= strlen(WHOLE); length++) {
        g_autofree char *text = g_strndup(WHOLE, length);
        bool damaged;
        g_autoptr(GKeyFile) file = record_file_parse(text, length, &damaged);
        g_autoptr(GPtrArray) records = record_file_records(file);

        if (length >= (size_t)(end_of_one - WHOLE)) {
            g_assert_cmpuint(records->len, >=, 1);
            g_assert_cmpstr(((const Record *)g_ptr_array_index(records, 0))->name, ==, "One");
        }
    }
}

/* Any byte turned into any other: never a crash, and what is then printed is whole. */
static void test_flipped_bytes(void)
{
    gsize length = strlen(WHOLE);

    for (gsize i = 0; i < length; i++) {
        g_autofree char *text = g_strndup(WHOLE, length);
        g_autofree char *after = NULL;
        bool damaged;

        text[i] = (char)g_test_rand_int_range(0, 256);
        {
            g_autoptr(GKeyFile) file = record_file_parse(text, length, &damaged);

            after = printed(file);
        }
        g_key_file_unref(parse(after, strlen(after), false));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record-file/whole", test_whole);
    g_test_add_func("/record-file/unknown-is-kept", test_unknown_is_kept);
    g_test_add_func("/record-file/round-trip", test_round_trip);
    g_test_add_func("/record-file/remove", test_remove);
    g_test_add_func("/record-file/new-is-not-empty", test_new_is_not_empty);
    g_test_add_func("/record-file/damages", test_damages);
    g_test_add_func("/record-file/truncated-anywhere", test_truncated_anywhere);
    g_test_add_func("/record-file/flipped-bytes", test_flipped_bytes);
    return g_test_run();
}
