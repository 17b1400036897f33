/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* The real echocastctl against a scripted daemon on a private bus: exit codes, shapes, widths. */

#include "base/error.h"
#include "child.h"
#include "ctl/text.h"
#include "echocast/names.h"
#include "fake-daemon.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>

#define KITCHEN "AA:BB:CC:DD:EE:01"
#define BATH    "AA:BB:CC:DD:EE:02"
#define HOSTILE "AA:BB:CC:DD:EE:03"

/* What a neighbour's speaker may be called: clears the screen, turns the line round, breaks it. */
#define HOSTILE_NAME                                                                               \
    "\033[2J\u202Eevil\xc2\x9b"                                                                    \
    "31m\nName"

typedef struct {
    GTestDBus *bus;
    char *activated; /* a file that would be there if the bus had started a daemon */
    char *directory;
    FakeDaemon *fake;
} Fixture;

/* The bus knows how to start org.echocast, as on a real machine: nobody may ask it to. */
static void write_activation(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    fixture->directory = g_dir_make_tmp("echocast-ctl-XXXXXX", &error);
    g_assert_no_error(error);
    fixture->activated = g_build_filename(fixture->directory, "activated", NULL);
    g_autofree char *file = g_build_filename(fixture->directory, "org.echocast.service", NULL);
    g_autofree char *text = g_strdup_printf(
        "[D-BUS Service]\nName=org.echocast\nExec=/usr/bin/touch %s\n", fixture->activated);
    g_file_set_contents(file, text, -1, &error);
    g_assert_no_error(error);
}

static void set_up_bus(Fixture *fixture, gconstpointer data)
{
    write_activation(fixture);
    fixture->bus = g_test_dbus_new(G_TEST_DBUS_NONE);
    g_test_dbus_add_service_dir(fixture->bus, fixture->directory);
    g_test_dbus_up(fixture->bus);
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    set_up_bus(fixture, data);
    fixture->fake = fake_daemon_new(g_test_dbus_get_bus_address(fixture->bus));
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    g_assert_false(g_file_test(fixture->activated, G_FILE_TEST_EXISTS));
    g_clear_pointer(&fixture->fake, fake_daemon_free);
    g_test_dbus_down(fixture->bus);
    g_object_unref(fixture->bus);
    g_autofree char *file = g_build_filename(fixture->directory, "org.echocast.service", NULL);
    g_remove(file);
    g_rmdir(fixture->directory);
    g_free(fixture->activated);
    g_free(fixture->directory);
}

/* arguments: as one would type them, quotes and all. */
static Child *start_with(const Fixture *fixture, const char *arguments, bool terminal,
                         const char *first, const char *second)
{
    g_autofree char *line = g_strdup_printf("%s %s", CTL_BINARY, arguments);
    g_autofree char *bus =
        g_strdup_printf("DBUS_SYSTEM_BUS_ADDRESS=%s", g_test_dbus_get_bus_address(fixture->bus));
    const char *environment[] = {bus, "LC_ALL=C.UTF-8", first ? first : "NO_COLOR",
                                 second ? second : "TERM=xterm", NULL};
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) error = NULL;
    g_shell_parse_argv(line, NULL, &words, &error);
    g_assert_no_error(error);
    return child_new((const char *const *)words, environment, terminal);
}

static Child *start(const Fixture *fixture, const char *arguments)
{
    return start_with(fixture, arguments, false, NULL, NULL);
}

/* Nothing that a terminal would obey, and nothing wider than 80 columns. */
static void check_text(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *clean = text_clean(*line);
        g_assert_cmpstr(*line, ==, clean);
        g_assert_cmpuint(text_width(*line), <=, 80);
    }
}

static void check_contains(const char *text, const char *piece)
{
    if (!strstr(text, piece))
        g_error("'%s' does not stand in:\n%s", piece, text);
}

/* Runs it to its end; the exit code and a piece of what it prints must be these. */
static void expect(const Fixture *fixture, const char *arguments, int code, const char *output,
                   const char *errors)
{
    g_autoptr(Child) child = start(fixture, arguments);
    int ended = child_join(child);
    g_test_message("echocastctl %s\n%s%s", arguments, child_output(child), child_errors(child));
    g_assert_cmpint(ended, ==, code);
    check_contains(child_output(child), output);
    check_contains(child_errors(child), errors);
    check_text(child_output(child));
}

/* The one object that it prints. */
static JsonObject *expect_json(const Fixture *fixture, const char *arguments, int code)
{
    g_autoptr(Child) child = start(fixture, arguments);
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(child_join(child), ==, code);
    g_test_message("echocastctl %s\n%s", arguments, child_output(child));
    g_assert_cmpstr(child_errors(child), ==, "");
    const char *line_end = strchr(child_output(child), '\n');
    g_assert_nonnull(line_end);
    g_assert_cmpstr(line_end, ==, "\n");
    g_autoptr(JsonNode) root = json_from_string(child_output(child), &error);
    g_assert_no_error(error);
    g_assert_true(JSON_NODE_HOLDS_OBJECT(root));
    return json_object_ref(json_node_get_object(root));
}

static void test_no_daemon(Fixture *fixture, gconstpointer data)
{
    static const char *const commands[] = {
        "",        "status",     "list",           "scan",      "pair",    "cancel",
        "connect", "disconnect", "forget Kitchen", "test-tone", "monitor", "info"};
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        expect(fixture, commands[i], 5, "", "systemctl start echocastd");
    g_autoptr(JsonObject) object = expect_json(fixture, "--json", 5);
    g_assert_cmpstr(json_object_get_string_member(object, "code"), ==, "DaemonNotRunning");
    g_assert_cmpstr(json_object_get_string_member(object, "error"), ==,
                    "echocastd is not running.");
}

static void test_no_bus(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Child) child = start_with(fixture, "status", false,
                                        "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent", NULL);
    g_assert_cmpint(child_join(child), ==, 5);
    check_contains(child_errors(child), "  next: ");
}

static void test_usage(Fixture *fixture, gconstpointer data)
{
    expect(fixture, "pari", 2, "", "Did you mean 'pair'?");
    expect(fixture, "teleport", 2, "", "--help lists them");
    expect(fixture, "pair --pni 1", 2, "", "Did you mean '--pin'?");
    expect(fixture, "status --freq 3", 2, "", "Unknown option --freq");
    expect(fixture, "list x", 2, "", "next: echocastctl list --help");
    expect(fixture, "forget", 2, "", "SPEAKER");
    expect(fixture, "-t soon status", 2, "", "soon");
    expect(fixture, "-t -3 status", 2, "", "--timeout");
    expect(fixture, "pair --timeout 181", 2, "", "180 s at most");
    expect(fixture, "pair --pin 12345678901234567", 2, "", "PIN");
    expect(fixture, "test-tone --freq 19", 2, "", "--freq");
    expect(fixture, "test-tone --ms 60001", 2, "", "--ms");
    expect(fixture, "test-tone --channel up", 2, "", "--channel");
    expect(fixture,
           "info 'K\xfc"
           "che'",
           2, "", "UTF-8");
    g_assert_cmpstr(fake_daemon_calls(fixture->fake), ==, "");
    g_autoptr(JsonObject) object = expect_json(fixture, "-j pari", 2);
    g_assert_cmpstr(json_object_get_string_member(object, "code"), ==, "InvalidArguments");
}

static void test_help(Fixture *fixture, gconstpointer data)
{
    static const char *const commands[] = {"status",    "list",    "scan",      "pair",
                                           "cancel",    "connect", "info",      "forget",
                                           "test-tone", "monitor", "disconnect"};
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *behind = g_strdup_printf("%s --help", commands[i]);
        g_autofree char *before = g_strdup_printf("help %s", commands[i]);
        g_autofree char *usage = g_strdup_printf("Usage: echocastctl [OPTION...] %s", commands[i]);
        g_autofree char *listed = g_strdup_printf("\n  %s ", commands[i]);
        expect(fixture, behind, 0, usage, "");
        expect(fixture, before, 0, usage, "");
        expect(fixture, "--help", 0, listed, "");
    }
    expect(fixture, "-V", 0, "echocastctl " ECHOCAST_VERSION "\n", "");
}

/* Every word of the closed set, as the daemon sends it. */
static void test_error_codes(Fixture *fixture, gconstpointer data)
{
    for (int code = 0; code < ECHOCAST_ERROR_COUNT; code++) {
        g_autofree char *line = g_strdup_printf("next: %s", error_advice(code));
        fake_daemon_behave(fixture->fake, FAKE_FAILS, error_dbus_name(code), "the reason for it");
        g_autoptr(Child) child = start(fixture, "connect Kitchen");
        g_assert_cmpint(child_join(child), ==, error_exit_code(code));
        check_contains(child_errors(child), "echocastctl: The reason for it.\n");
        check_contains(child_errors(child), line);
        g_autoptr(JsonObject) object =
            expect_json(fixture, "connect Kitchen --json", error_exit_code(code));
        g_assert_cmpstr(json_object_get_string_member(object, "code"), ==, error_word(code));
        g_assert_cmpstr(json_object_get_string_member(object, "error"), ==, "the reason for it");
    }
}

static void test_bus_errors(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *name;
        int exit_code;
        const char *errors;
    } rows[] = {
        {"org.freedesktop.DBus.Error.AccessDenied", 6, "group " ECHOCAST_CONTROL_GROUP},
        {"org.freedesktop.DBus.Error.ServiceUnknown", 5, "systemctl start echocastd"},
        {"org.freedesktop.DBus.Error.NoReply", 5, "went away"},
        {"org.freedesktop.DBus.Error.InvalidArgs", 2, "Raw words."},
        {"org.freedesktop.DBus.Error.UnknownMethod", 1, "Raw words."},
        {"com.example.Nonsense", 1, "Raw words."},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        fake_daemon_behave(fixture->fake, FAKE_FAILS, rows[i].name, "raw words");
        expect(fixture, "disconnect", rows[i].exit_code, "", rows[i].errors);
    }
    /* The daemon quotes a name from the air. */
    fake_daemon_behave(fixture->fake, FAKE_FAILS, ECHOCAST_ERROR_PREFIX "Ambiguous",
                       "one of:\n\033[31mRed\nnext: say which.");
    expect(fixture, "disconnect", 3, "", "  ?[31mRed\n  next: say which.\n");
}

static void test_status(Fixture *fixture, gconstpointer data)
{
    fake_daemon_add(fixture->fake, KITCHEN, "Kitchen");
    expect(fixture, "", 0, "none active", "");
    fake_daemon_stream(fixture->fake, KITCHEN);
    expect(fixture, "", 0, "SBC, 44100 Hz, joint stereo, bitpool 53, 328 kbit/s", "");
    expect(fixture, "status", 0, "4711 packets, 3 dropped", "");
    expect(fixture, "status", 0, "own 23.4 ms", "");
    expect(fixture, "status -q", 0, "role: a2dp-source", "");
    g_object_set(fake_daemon_manager(fixture->fake), "adapter", "", "adapter-state", "missing",
                 "loopback-state", "busy", NULL);
    expect(fixture, "status", 0, "Adapter    none on this machine\nLoopback   busy: another", "");
    g_object_set(fake_daemon_manager(fixture->fake), "headline", "No sound.", "reason", "LinkLost",
                 "detail", "The link broke.", "advice", "Go closer.", NULL);
    expect(fixture, "status", 0, "No sound.\n  why      The link broke.\n  code     LinkLost\n",
           "");
    expect(fixture, "status", 0, "  next     Go closer.\n", "");
}

static void test_status_json(Fixture *fixture, gconstpointer data)
{
    fake_daemon_add(fixture->fake, KITCHEN, "Kitchen");
    g_autoptr(JsonObject) before = expect_json(fixture, "--json status", 0);
    g_assert_true(json_object_get_null_member(before, "speaker"));
    fake_daemon_stream(fixture->fake, KITCHEN);
    g_autoptr(JsonObject) object = expect_json(fixture, "status -j", 0);
    g_assert_cmpstr(json_object_get_string_member(object, "adapter_state"), ==, "ready");
    g_assert_true(json_object_get_boolean_member(object, "player_active"));
    g_assert_cmpint(json_object_get_int_member(object, "pairing_deadline"), ==, 0);
    JsonObject *speaker = json_object_get_object_member(object, "speaker");
    g_assert_cmpstr(json_object_get_string_member(speaker, "address"), ==, KITCHEN);
    JsonObject *stream = json_object_get_object_member(speaker, "stream");
    g_assert_cmpint(json_object_get_int_member(stream, "rate_hz"), ==, 44100);
    JsonObject *counters = json_object_get_object_member(stream, "counters");
    g_assert_cmpint(json_object_get_int_member(counters, "packets"), ==, 4711);
    g_assert_false(json_object_has_member(object, "error"));
}

static void test_list(Fixture *fixture, gconstpointer data)
{
    expect(fixture, "list", 0, "next: put one into pairing mode", "");
    EchocastSpeaker1 *kitchen = fake_daemon_add(
        fixture->fake, KITCHEN, "K\u00fcche \u5927\u5927\u5927 and much more of it");
    fake_daemon_add(fixture->fake, BATH, "Bath");
    g_object_set(kitchen, "default", TRUE, "last-used", (guint64)1700000000, NULL);
    EchocastSpeaker1 *stranger = fake_daemon_add(fixture->fake, HOSTILE, HOSTILE_NAME);
    expect(fixture, "list", 0, "?[2Jevil?31m Name ", "");
    g_object_set(stranger, "saved", FALSE, NULL);
    expect(fixture, "list", 0,
           "* K\u00fcche \u5927\u5927\u5927 and much more \u2026  " KITCHEN
           "  saved       2023-11-1",
           "");
    expect(fixture, "list", 0, "  Bath                          " BATH "  saved       never\n", "");
    g_autoptr(JsonObject) object = expect_json(fixture, "list --json", 0);
    JsonArray *speakers = json_object_get_array_member(object, "speakers");
    g_assert_cmpuint(json_array_get_length(speakers), ==, 2);
    JsonObject *first = json_array_get_object_element(speakers, 0);
    g_assert_true(json_object_get_boolean_member(first, "default"));
    g_assert_cmpint(json_object_get_int_member(first, "last_used"), ==, 1700000000);
}

/* JSON keeps the name as it is, but no byte of it that a terminal obeys. */
static void test_hostile_json(Fixture *fixture, gconstpointer data)
{
    fake_daemon_add(fixture->fake, HOSTILE, HOSTILE_NAME);
    g_autoptr(Child) child = start(fixture, "info --json " HOSTILE);
    g_assert_cmpint(child_join(child), ==, 0);
    check_contains(child_output(child), "\\u202eevil\\u009b31m\\nName");
    g_assert_null(strchr(child_output(child), '\033'));
    g_assert_null(strstr(child_output(child), "\u202e"));
    g_autoptr(JsonObject) object = expect_json(fixture, "info -j " HOSTILE, 0);
    g_assert_cmpstr(json_object_get_string_member(object, "name"), ==, HOSTILE_NAME);
}

static void test_info(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = fake_daemon_path(KITCHEN);
    EchocastSpeaker1 *kitchen = fake_daemon_add(fixture->fake, KITCHEN, "JBL Flip 6");
    fake_daemon_add(fixture->fake, BATH, "JBL Flip 6-7A2F");
    g_object_set(kitchen, "rssi", -54, "class", 0x240414u, NULL);
    expect(fixture, "info 'jbl flip 6'", 0, "Address    " KITCHEN "\n", "");
    expect(fixture, "info aa:bb:cc:dd:ee:02", 0, "JBL Flip 6-7A2F", "");
    expect(fixture, "info JBL", 3, "", "  " KITCHEN "  JBL Flip 6\n");
    expect(fixture, "info Sonos", 3, "", "'Sonos'");
    expect(fixture, "info 00:00:00:00:00:09", 3, "", "next: ");
    expect(fixture, "info", 3, "", "No speaker is active");
    g_object_set(fake_daemon_manager(fixture->fake), "default-speaker", path, NULL);
    expect(fixture, "info default", 0, "-54 dBm", "");
    expect(fixture, "info", 0, "0x240414", "");
    g_autoptr(JsonObject) object = expect_json(fixture, "info JBL --json", 3);
    g_assert_cmpstr(json_object_get_string_member(object, "code"), ==, "Ambiguous");
    g_assert_cmpstr(fake_daemon_calls(fixture->fake), ==, "");
}

static void test_pair(Fixture *fixture, gconstpointer data)
{
    fake_daemon_add(fixture->fake, KITCHEN, "Kitchen");
    expect(fixture, "pair", 0, "scanning    looking for a speaker in pairing mode\n", "");
    expect(fixture, "pair", 0, "Paired with Kitchen (" KITCHEN ").\nSound flows to it: you should",
           "");
    check_contains(fake_daemon_calls(fixture->fake), "Pair();");
    fake_daemon_forget_calls(fixture->fake);
    expect(fixture, "--timeout 20.5 pair --pin 0000 --no-tone Kit", 0, "Paired with", "");
    g_assert_cmpstr(fake_daemon_calls(fixture->fake), ==,
                    "Pair(Kit) timeout=uint32 21 pin='0000' tone=false;");
    g_autoptr(JsonObject) object = expect_json(fixture, "pair --json", 0);
    g_assert_cmpstr(json_object_get_string_member(object, "address"), ==, KITCHEN);
    g_autoptr(Child) quiet = start(fixture, "pair -q");
    g_assert_cmpint(child_join(quiet), ==, 0);
    g_assert_true(g_str_has_prefix(child_output(quiet), "Paired with"));
    g_autoptr(Child) verbose = start(fixture, "pair --json --verbose");
    g_assert_cmpint(child_join(verbose), ==, 0);
    check_contains(child_errors(verbose), "scanning");
}

static void pair_interrupted(Fixture *fixture, const char *arguments, int signal, int code,
                             const char *says)
{
    fake_daemon_behave(fixture->fake, FAKE_HANGS, NULL, NULL);
    fake_daemon_forget_calls(fixture->fake);
    g_autoptr(Child) child = start(fixture, arguments);
    fake_daemon_await_call(fixture->fake, "Pair()");
    if (signal)
        child_signal(child, signal);
    fake_daemon_await_call(fixture->fake, "CancelPairing();");
    g_assert_cmpint(child_join(child), ==, code);
    check_contains(child_errors(child), says);
}

static void test_pair_interrupted(Fixture *fixture, gconstpointer data)
{
    pair_interrupted(fixture, "pair", SIGINT, 1, "The pairing was cancelled.");
    pair_interrupted(fixture, "pair", SIGTERM, 1, "The pairing was cancelled.");
    pair_interrupted(fixture, "pair -t 0.2", 0, 4, "did not end in time");
}

/* A daemon that does not even answer that: a second Ctrl-C ends the patience. */
static void test_pair_interrupted_twice(Fixture *fixture, gconstpointer data)
{
    fake_daemon_behave(fixture->fake, FAKE_HANGS, NULL, NULL);
    fake_daemon_ignore_cancel(fixture->fake);
    g_autoptr(Child) child = start(fixture, "pair");
    fake_daemon_await_call(fixture->fake, "Pair()");
    child_signal(child, SIGINT);
    fake_daemon_await_call(fixture->fake, "CancelPairing();");
    child_signal(child, SIGINT);
    gint64 began_us = g_get_monotonic_time();
    g_assert_cmpint(child_join(child), ==, 1);
    g_assert_cmpint(g_get_monotonic_time() - began_us, <, 4 * G_USEC_PER_SEC);
    check_contains(child_errors(child), "did not confirm");
}

static void test_daemon_dies(Fixture *fixture, gconstpointer data)
{
    fake_daemon_behave(fixture->fake, FAKE_HANGS, NULL, NULL);
    g_autoptr(Child) child = start(fixture, "pair");
    fake_daemon_await_call(fixture->fake, "Pair()");
    g_clear_pointer(&fixture->fake, fake_daemon_free);
    g_assert_cmpint(child_join(child), ==, 5);
    check_contains(child_errors(child), "went away");
}

static void test_connect(Fixture *fixture, gconstpointer data)
{
    fake_daemon_add(fixture->fake, KITCHEN, "Kitchen");
    expect(fixture, "connect Kitchen", 0, "Connected to Kitchen (" KITCHEN ")", "");
    expect(fixture, "connect", 0, "connecting  opening the link", "");
    expect(fixture, "disconnect Kitchen", 0, "Disconnected from Kitchen (" KITCHEN ").\n", "");
    expect(fixture, "cancel", 0, "cancelled", "");
    expect(fixture, "forget kit", 0, "Forgot Kitchen (" KITCHEN ").\n", "");
    g_assert_cmpstr(fake_daemon_calls(fixture->fake), ==,
                    "Connect(Kitchen);Connect();Disconnect(Kitchen);CancelPairing();Forget(kit);");
    g_autoptr(JsonObject) connected = expect_json(fixture, "connect --json", 0);
    g_assert_cmpstr(json_object_get_string_member(connected, "name"), ==, "Kitchen");
    g_autoptr(JsonObject) forgotten = expect_json(fixture, "forget --json Kitchen", 0);
    g_assert_cmpstr(json_object_get_string_member(forgotten, "name"), ==, "Kitchen");
    g_autoptr(JsonObject) cancelled = expect_json(fixture, "cancel --json", 0);
    g_assert_false(json_object_get_boolean_member(cancelled, "pairing"));
    fake_daemon_behave(fixture->fake, FAKE_HANGS, NULL, NULL);
    expect(fixture, "connect -t 0.2", 4, "", "may go on trying");
}

static void test_connect_interrupted(Fixture *fixture, gconstpointer data)
{
    fake_daemon_behave(fixture->fake, FAKE_HANGS, NULL, NULL);
    g_autoptr(Child) child = start(fixture, "connect");
    fake_daemon_await_call(fixture->fake, "Connect()");
    child_signal(child, SIGINT);
    g_assert_cmpint(child_join(child), ==, 1);
    check_contains(child_errors(child), "echocastctl disconnect");
}

static EchocastSpeaker1 *find(Fixture *fixture, const char *address, const char *name, int rssi)
{
    EchocastSpeaker1 *speaker = fake_daemon_add(fixture->fake, address, name);
    g_object_set(speaker, "saved", FALSE, "state", "discovered", "rssi", rssi, NULL);
    return speaker;
}

static void test_scan(Fixture *fixture, gconstpointer data)
{
    fake_daemon_add(fixture->fake, BATH, "Bath"); /* saved, not in reach */
    g_autoptr(Child) child = start(fixture, "scan");
    fake_daemon_await_call(fixture->fake, "StartScan() timeout=uint32 15 all=false;");
    child_await(child, "NAME\n");
    find(fixture, KITCHEN, "Kitchen", -54);
    child_await(child, KITCHEN "   -54 dBm  new         Kitchen\n");
    find(fixture, HOSTILE, HOSTILE_NAME, -88);
    child_await(child, "?[2Jevil?31m Name  move closer\n");
    child_signal(child, SIGINT);
    g_assert_cmpint(child_join(child), ==, 0);
    check_contains(fake_daemon_calls(fixture->fake), "StopScan();");
    check_contains(child_output(child), "2 found");
    g_assert_null(strstr(child_output(child), "Bath"));
    check_text(child_output(child));
}

/* What is remembered from an earlier search is not in reach; what is found without a signal is.
 * When a search ends the signal is taken back, which is no news. */
static void test_scan_signal(Fixture *fixture, gconstpointer data)
{
    EchocastSpeaker1 *kitchen = find(fixture, KITCHEN, "Kitchen", 0);
    g_autoptr(Child) child = start(fixture, "scan");
    child_await(child, "NAME\n");
    find(fixture, BATH, "Bath", 0);
    child_await(child, BATH "         ?  new         Bath\n");
    g_object_set(kitchen, "rssi", -54, NULL);
    child_await(child, KITCHEN "   -54 dBm  new         Kitchen\n");
    g_object_set(kitchen, "rssi", 0, NULL);
    g_object_set(kitchen, "rssi", -74, "name", "Kitchen 2", NULL);
    child_await(child, KITCHEN "   -74 dBm  new         Kitchen 2\n");
    child_signal(child, SIGTERM);
    g_assert_cmpint(child_join(child), ==, 0);
    g_auto(GStrv) lines = g_strsplit(child_output(child), "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 2 + 3 + 1 + 1);
}

static void test_scan_ends(Fixture *fixture, gconstpointer data)
{
    expect(fixture, "scan -t 0.2", 0, "None found.", "");
    g_assert_cmpstr(fake_daemon_calls(fixture->fake), ==,
                    "StartScan() timeout=uint32 1 all=false;StopScan();");
    find(fixture, KITCHEN, "Kitchen", -54);
    g_autoptr(JsonObject) object = expect_json(fixture, "scan -t 0.2 --json --all", 0);
    JsonArray *speakers = json_object_get_array_member(object, "speakers");
    g_assert_cmpuint(json_array_get_length(speakers), ==, 1);
    g_assert_cmpint(json_object_get_int_member(json_array_get_object_element(speakers, 0), "rssi"),
                    ==, -54);
    fake_daemon_behave(fixture->fake, FAKE_FAILS, ECHOCAST_ERROR_PREFIX "AdapterOff", "it is off");
    expect(fixture, "scan", 1, "", "It is off.");
}

static void test_scan_loses_adapter(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Child) child = start(fixture, "scan");
    child_await(child, "NAME\n");
    g_object_set(fake_daemon_manager(fixture->fake), "adapter-state", "missing", NULL);
    g_assert_cmpint(child_join(child), ==, 1);
    check_contains(child_errors(child), error_meaning(ECHOCAST_ERROR_NO_ADAPTER));
}

static void test_scan_loses_daemon(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Child) child = start(fixture, "scan");
    child_await(child, "NAME\n");
    fake_daemon_vanish(fixture->fake);
    g_assert_cmpint(child_join(child), ==, 5);
}

static void test_test_tone(Fixture *fixture, gconstpointer data)
{
    expect(fixture, "test-tone", 0, "Sent       69 packets\n", "");
    fake_daemon_forget_calls(fixture->fake);
    expect(fixture, "test-tone Kit --freq 1000 --ms 250 --channel l", 0, "left channel only", "");
    g_assert_cmpstr(fake_daemon_calls(fixture->fake), ==,
                    "TestTone(Kit) frequency=uint32 1000 duration=uint32 250 channels='left';");
    g_autoptr(JsonObject) object = expect_json(fixture, "test-tone --json", 0);
    g_assert_cmpint(json_object_get_int_member(object, "packets"), ==, 69);
    fake_daemon_no_packets(fixture->fake);
    expect(fixture, "test-tone", 1, "", "No packet");
}

static void test_monitor(Fixture *fixture, gconstpointer data)
{
    fake_daemon_add(fixture->fake, KITCHEN, "Kitchen");
    g_autoptr(Child) child = start(fixture, "monitor");
    child_await(child, "is here: version 0.1.0");
    fake_daemon_progress(fixture->fake, "healing", "once more");
    child_await(child, "progress healing: once more\n");
    fake_daemon_stream(fixture->fake, KITCHEN);
    child_await(child, "added Stream1: ");
    child_await(child, "Kitchen (" KITCHEN ")  changed Speaker1: ");
    child_await(child, "state=\"streaming\"");
    fake_daemon_vanish(fixture->fake);
    child_await(child, "went away");
    fake_daemon_appear(fixture->fake);
    child_await(child, "is back: version 0.1.0");
    fake_daemon_remove(fixture->fake, KITCHEN);
    child_await(child, "Kitchen (" KITCHEN ")  removed Speaker1\n");
    child_signal(child, SIGINT);
    g_assert_cmpint(child_join(child), ==, 0);
    g_assert_cmpstr(child_errors(child), ==, "");
}

static void test_monitor_json(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Child) child = start(fixture, "monitor --json");
    child_await(child, "\"event\":\"here\"");
    fake_daemon_progress(fixture->fake, "done", HOSTILE_NAME);
    child_await(child, "\"stage\":\"done\"");
    fake_daemon_add(fixture->fake, KITCHEN, "Kitchen");
    child_await(child, "\"event\":\"added\"");
    child_signal(child, SIGTERM);
    g_assert_cmpint(child_join(child), ==, 0);
    g_auto(GStrv) lines = g_strsplit(g_strchomp((char *)child_output(child)), "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), >=, 3);
    for (char **line = lines; *line; line++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) root = json_from_string(*line, &error);
        g_assert_no_error(error);
        g_assert_true(json_object_has_member(json_node_get_object(root), "time"));
    }
}

/* echocastctl monitor | head -1 */
static void test_monitor_unread(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Child) child = start(fixture, "monitor");
    child_await(child, "is here");
    child_close_output(child);
    fake_daemon_progress(fixture->fake, "scanning", "nobody reads this");
    g_assert_cmpint(child_join(child), ==, 0);
}

static char *on_terminal(Fixture *fixture, const char *arguments, const char *first,
                         const char *second)
{
    g_autoptr(Child) child = start_with(fixture, arguments, true, first, second);
    g_assert_cmpint(child_join(child), ==, 0);
    return g_strdup(child_output(child));
}

static void test_terminal(Fixture *fixture, gconstpointer data)
{
    fake_daemon_add(fixture->fake, KITCHEN, "Kitchen");
    g_object_set(fake_daemon_manager(fixture->fake), "reason", "LinkLost", NULL);
    g_autofree char *live = on_terminal(fixture, "pair", NULL, NULL);
    check_contains(live, "\r\033[K");
    g_autofree char *dumb = on_terminal(fixture, "pair", "TERM=dumb", "NO_COLOR");
    g_assert_null(strchr(dumb, '\033'));
    g_autofree char *coloured = on_terminal(fixture, "status", NULL, NULL);
    check_contains(coloured, "\033[31m");
    g_autofree char *plain = on_terminal(fixture, "status", "NO_COLOR=1", NULL);
    g_assert_null(strchr(plain, '\033'));
}

/* The live line counts down to the deadline that the daemon sets. */
static void test_countdown(Fixture *fixture, gconstpointer data)
{
    fake_daemon_behave(fixture->fake, FAKE_HANGS, NULL, NULL);
    g_autoptr(Child) child = start_with(fixture, "pair", true, NULL, NULL);
    child_await(child, "looking for");
    g_object_set(fake_daemon_manager(fixture->fake), "pairing-deadline",
                 (guint64)(g_get_monotonic_time() + 60 * G_USEC_PER_SEC), NULL);
    child_await(child, "(60 s left)");
    child_signal(child, SIGINT);
    g_assert_cmpint(child_join(child), ==, 1);
}

static void test_names(Fixture *fixture, gconstpointer data)
{
    fake_daemon_add(fixture->fake, KITCHEN, "Kitchen");
    expect(fixture, "names", 0, "Kitchen\n" KITCHEN "\ndefault\n", "");
}

/* What the shell completes is what there is. */
static void test_completion(Fixture *fixture, gconstpointer data)
{
    g_autofree char *script = NULL;
    g_autoptr(Child) help = start(fixture, "--help");
    g_assert_cmpint(child_join(help), ==, 0);
    g_assert_true(g_file_get_contents(CTL_COMPLETION, &script, NULL, NULL));
    g_autofree char *list = g_strndup(strstr(script, "commands=\""), 200);
    strchr(strchr(list, '"') + 1, '"')[0] = '\0';
    g_auto(GStrv) words = g_strsplit(strchr(list, '"') + 1, " ", -1);
    g_assert_cmpuint(g_strv_length(words), ==, 11);
    for (char **word = words; *word; word++) {
        g_autofree char *line = g_strdup_printf("\n  %s ", *word);
        check_contains(child_output(help), line);
    }
}

typedef void (*Case)(Fixture *, gconstpointer);

static void add(const char *name, Case run)
{
    g_autofree char *path = g_strconcat("/ctl/", name, NULL);
    g_test_add(path, Fixture, NULL, set_up, run, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/ctl/no-daemon", Fixture, NULL, set_up_bus, test_no_daemon, tear_down);
    add("no-bus", test_no_bus);
    add("usage", test_usage);
    add("help", test_help);
    add("error-codes", test_error_codes);
    add("bus-errors", test_bus_errors);
    add("status", test_status);
    add("status-json", test_status_json);
    add("list", test_list);
    add("hostile-json", test_hostile_json);
    add("info", test_info);
    add("pair", test_pair);
    add("pair-interrupted", test_pair_interrupted);
    add("pair-interrupted-twice", test_pair_interrupted_twice);
    add("daemon-dies", test_daemon_dies);
    add("connect", test_connect);
    add("connect-interrupted", test_connect_interrupted);
    add("scan", test_scan);
    add("scan-signal", test_scan_signal);
    add("scan-ends", test_scan_ends);
    add("scan-loses-adapter", test_scan_loses_adapter);
    add("scan-loses-daemon", test_scan_loses_daemon);
    add("test-tone", test_test_tone);
    add("monitor", test_monitor);
    add("monitor-json", test_monitor_json);
    add("monitor-unread", test_monitor_unread);
    add("terminal", test_terminal);
    add("countdown", test_countdown);
    add("names", test_names);
    add("completion", test_completion);
    return g_test_run();
}
