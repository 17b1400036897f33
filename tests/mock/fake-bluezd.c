/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* fake-bluezd: the fake BlueZ as a program, for tests that are scripts. Commands come in on stdin,
 * one a line, words as a shell would split them; every command is answered by one JSON object on
 * stdout
 * ({"ok":true,...} or {"ok":false,"error":"..."}), and every line of the fake's log is one as well
 * ({"log":"..."}). README.md lists the commands. The end of stdin is the end of the program. */
#include "fake-bluez.h"
#include "listener.h"

#include <gio/gunixinputstream.h>
#include <json-glib/json-glib.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    GMainLoop *loop;
    FakeBluez *bluez;
    GDataInputStream *input;
    GHashTable *listeners; /* FakeSpeaker -> Listener */
    JsonBuilder *answer;   /* of the command that runs */
    GError *error;
} Program;

typedef struct {
    const char *name;
    int words; /* at least, besides the name */
    void (*run)(Program *program, char **words, int count);
} Command;

static void complain(Program *program, const char *what, const char *word)
{
    if (!program->error)
        g_set_error(&program->error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: %s", what, word);
}

/* --- output --- */

static void print(JsonBuilder *builder)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree char *text = NULL;

    json_generator_set_root(generator, root);
    text = json_generator_to_data(generator, NULL);
    printf("%s\n", text);
    fflush(stdout);
}

static void on_logged(const char *line, void *data)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "log");
    json_builder_add_string_value(builder, line);
    json_builder_end_object(builder);
    print(builder);
}

static void say_number(Program *program, const char *name, gint64 value)
{
    json_builder_set_member_name(program->answer, name);
    json_builder_add_int_value(program->answer, value);
}

static void say_bool(Program *program, const char *name, bool value)
{
    json_builder_set_member_name(program->answer, name);
    json_builder_add_boolean_value(program->answer, value);
}

static void say_text(Program *program, const char *name, const char *value)
{
    json_builder_set_member_name(program->answer, name);
    json_builder_add_string_value(program->answer, value);
}

/* --- words --- */

static FakeSpeaker *speaker_of(Program *program, const char *address)
{
    FakeSpeaker *speaker = fake_bluez_find_speaker(program->bluez, address);

    if (!speaker)
        complain(program, "no such speaker", address);
    return speaker;
}

static unsigned number_of(Program *program, const char *word)
{
    char *end = NULL;
    unsigned long number = strtoul(word, &end, 0);

    if (!*word || *end)
        complain(program, "no number", word);
    return (unsigned)number;
}

static bool switch_of(Program *program, const char *word)
{
    if (!g_str_equal(word, "on") && !g_str_equal(word, "off"))
        complain(program, "neither on nor off", word);
    return g_str_equal(word, "on");
}

static int choice_of(Program *program, const char *word, const char *const *choices)
{
    for (int i = 0; choices[i]; i++)
        if (g_str_equal(choices[i], word))
            return i;
    complain(program, "no such choice", word);
    return 0;
}

static bool bytes_of(Program *program, const char *hex, uint8_t bytes[4])
{
    char *end = NULL;
    guint64 number = g_ascii_strtoull(hex, &end, 16);

    if (strlen(hex) != 8 || *end) {
        complain(program, "not four bytes in hexadecimal", hex);
        return false;
    }
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    return true;
}

/* --- bluetoothd and adapters --- */

static void run_start(Program *program, char **words, int count)
{
    fake_bluez_start(program->bluez);
}

static void run_stop(Program *program, char **words, int count)
{
    fake_bluez_stop(program->bluez);
}

static void run_quit(Program *program, char **words, int count)
{
    g_main_loop_quit(program->loop);
}

static void run_plug(Program *program, char **words, int count)
{
    fake_bluez_plug(program->bluez, words[1], words[2]);
}

static void run_unplug(Program *program, char **words, int count)
{
    fake_bluez_unplug(program->bluez, words[1]);
}

static void run_block(Program *program, char **words, int count)
{
    fake_bluez_block(program->bluez, words[1], switch_of(program, words[2]));
}

static void run_power(Program *program, char **words, int count)
{
    fake_bluez_power(program->bluez, words[1], switch_of(program, words[2]));
}

static void run_auto_enable(Program *program, char **words, int count)
{
    fake_bluez_auto_enable(program->bluez, switch_of(program, words[1]));
}

#define TIME(member)                                                                               \
    {                                                                                              \
#member, offsetof(FakeTimes, member)                                                       \
    }

static void run_time(Program *program, char **words, int count)
{
    static const struct {
        const char *name;
        size_t offset;
    } times[] = {TIME(page_timeout), TIME(inquiry), TIME(pairing),    TIME(bonding_timeout),
                 TIME(connecting),   TIME(silence), TIME(disconnect), TIME(idle_link),
                 TIME(temporary),    TIME(start),   TIME(endpoint),   TIME(policy)};
    char *base = (char *)fake_bluez_times(program->bluez);

    for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
        if (g_str_equal(times[i].name, words[1])) {
            *(unsigned *)(void *)(base + times[i].offset) = number_of(program, words[2]);
            return;
        }
    complain(program, "no such time", words[1]);
}

/* --- faults --- */

static void run_fail(Program *program, char **words, int count)
{
    fake_bluez_fail(program->bluez, words[1], number_of(program, words[2]), words[3], words[4]);
}

static void run_swallow(Program *program, char **words, int count)
{
    fake_bluez_swallow(program->bluez, words[1], number_of(program, words[2]));
}

static void run_delay(Program *program, char **words, int count)
{
    fake_bluez_delay(program->bluez, words[1], number_of(program, words[2]),
                     number_of(program, words[3]));
}

static void run_crash(Program *program, char **words, int count)
{
    fake_bluez_crash(program->bluez, words[1]);
}

static void run_clear(Program *program, char **words, int count)
{
    fake_bluez_clear_faults(program->bluez);
}

/* --- speakers --- */

/* Names come from the air, so a test may want anything in them: backslashes escape as in C. */
static void run_speaker(Program *program, char **words, int count)
{
    g_autofree char *name = g_strcompress(words[2]);

    fake_bluez_add_speaker(program->bluez, words[1], name);
}

static void run_phone(Program *program, char **words, int count)
{
    g_autofree char *name = g_strcompress(words[2]);

    fake_bluez_add_phone(program->bluez, words[1], name);
}

static void set_capabilities(Program *program, FakeSpeaker *speaker, const char *hex)
{
    uint8_t bytes[4];

    if (!bytes_of(program, hex, bytes))
        return;
    g_bytes_unref(speaker->capabilities);
    speaker->capabilities = g_bytes_new(bytes, sizeof(bytes));
}

static void set_uuids(FakeSpeaker *speaker, const char *list)
{
    g_strfreev(speaker->uuids);
    speaker->uuids = g_strsplit(list, ",", -1);
}

static void set_text(char **slot, const char *value)
{
    g_free(*slot);
    *slot = g_strdup(value);
}

static bool set_number(Program *program, FakeSpeaker *speaker, const char *key, const char *value)
{
    if (g_str_equal(key, "class"))
        speaker->class_of_device = number_of(program, value);
    else if (g_str_equal(key, "rssi"))
        speaker->rssi = (int16_t)atoi(value);
    else if (g_str_equal(key, "connect-times"))
        speaker->connect_times = number_of(program, value);
    else if (g_str_equal(key, "start-times"))
        speaker->start_times = number_of(program, value);
    else if (g_str_equal(key, "delay"))
        fake_speaker_report_delay(speaker, (uint16_t)number_of(program, value));
    else if (g_str_equal(key, "volume"))
        fake_speaker_turn_volume(speaker, (uint8_t)number_of(program, value));
    else
        return false;
    return true;
}

static bool set_flag(Program *program, FakeSpeaker *speaker, const char *key, const char *value)
{
    if (g_str_equal(key, "power"))
        fake_speaker_switch(speaker, switch_of(program, value));
    else if (g_str_equal(key, "pairing-mode"))
        speaker->pairing_mode = switch_of(program, value);
    else if (g_str_equal(key, "displays"))
        speaker->displays = switch_of(program, value);
    else if (g_str_equal(key, "legacy"))
        speaker->legacy = switch_of(program, value);
    else if (g_str_equal(key, "lists-uuids"))
        speaker->lists_uuids = switch_of(program, value);
    else if (g_str_equal(key, "reads"))
        fake_speaker_read(speaker, switch_of(program, value));
    else
        return false;
    return true;
}

static bool set_behaviour(Program *program, FakeSpeaker *speaker, const char *key,
                          const char *value)
{
    static const char *const pairings[] = {"accepts", "refuses", "rejects",
                                           "drops",   "silent",  NULL};
    static const char *const connects[] = {"accepts",
                                           "refuses",
                                           "aborts",
                                           "silent",
                                           "breaks",
                                           "rejects-configuration",
                                           "ignores-configuration",
                                           "rejects-open",
                                           NULL};
    static const char *const starts[] = {"accepts", "rejects", "silent", NULL};

    if (g_str_equal(key, "pairing"))
        speaker->pairing = (FakePairing)choice_of(program, value, pairings);
    else if (g_str_equal(key, "connect"))
        speaker->connect = (FakeConnect)choice_of(program, value, connects);
    else if (g_str_equal(key, "start"))
        speaker->start = (FakeStart)choice_of(program, value, starts);
    else
        return false;
    return true;
}

static void run_set(Program *program, char **words, int count)
{
    FakeSpeaker *speaker = speaker_of(program, words[1]);
    const char *key = words[2], *value = words[3];

    if (!speaker || set_number(program, speaker, key, value) ||
        set_flag(program, speaker, key, value) || set_behaviour(program, speaker, key, value))
        return;
    if (g_str_equal(key, "pin"))
        set_text(&speaker->pin, value);
    else if (g_str_equal(key, "name"))
        set_text(&speaker->name, value);
    else if (g_str_equal(key, "capabilities"))
        set_capabilities(program, speaker, value);
    else if (g_str_equal(key, "uuids"))
        set_uuids(speaker, value);
    else
        complain(program, "no such key", key);
}

static void run_lose_link(Program *program, char **words, int count)
{
    static const char *const reasons[] = {"timeout", "remote", "authentication", NULL};
    FakeSpeaker *speaker = speaker_of(program, words[1]);

    if (speaker)
        fake_speaker_lose_link(speaker, (FakeLinkLoss)choice_of(program, words[2], reasons));
}

static void run_connect_to_us(Program *program, char **words, int count)
{
    static uint8_t blob[4]; /* has to live as long as the connection is being made */
    FakeSpeaker *speaker = speaker_of(program, words[1]);

    if (!speaker || (count > 2 && !bytes_of(program, words[2], blob)))
        return;
    fake_speaker_connect_to_us(speaker, count > 2 ? blob : NULL);
}

static void run_press(Program *program, char **words, int count)
{
    FakeSpeaker *speaker = speaker_of(program, words[1]);

    if (speaker)
        fake_speaker_press(speaker, words[2]);
}

/* Deeds that need no more than the speaker. */
static void run_deed(Program *program, char **words, int count)
{
    static const struct {
        const char *name;
        void (*deed)(FakeSpeaker *speaker);
    } deeds[] = {{"bond", fake_speaker_bond},
                 {"forget-us", fake_speaker_forget_us},
                 {"suspend", fake_speaker_suspend},
                 {"begin", fake_speaker_start},
                 {"close", fake_speaker_close},
                 {"abort", fake_speaker_abort},
                 {"pair-with-us", fake_speaker_pair_with_us}};
    FakeSpeaker *speaker = speaker_of(program, words[1]);

    for (size_t i = 0; speaker && i < G_N_ELEMENTS(deeds); i++)
        if (g_str_equal(deeds[i].name, words[0]))
            deeds[i].deed(speaker);
}

/* --- ears --- */

static Listener *listener_of(Program *program, FakeSpeaker *speaker)
{
    Listener *listener = g_hash_table_lookup(program->listeners, speaker);

    if (!listener) {
        listener = listener_new();
        g_hash_table_insert(program->listeners, speaker, listener);
    }
    return listener;
}

static void on_packet(FakeSpeaker *speaker, const uint8_t *bytes, size_t size, void *data)
{
    listener_take(listener_of(data, speaker), bytes, size);
}

static void run_record(Program *program, char **words, int count)
{
    FakeSpeaker *speaker = speaker_of(program, words[1]);

    if (speaker && !listener_record(listener_of(program, speaker), count > 2 ? words[2] : NULL))
        complain(program, "cannot write", words[2]);
}

static void say_hearing(Program *program, const Hearing *hearing)
{
    say_number(program, "malformed", (gint64)hearing->malformed);
    say_number(program, "sequence_gaps", (gint64)hearing->sequence_gaps);
    say_number(program, "timestamp_gaps", (gint64)hearing->timestamp_gaps);
    say_number(program, "sbc_frames", (gint64)hearing->sbc_frames);
    say_number(program, "pcm_frames", (gint64)hearing->pcm_frames);
    say_number(program, "frames_in_packet_min", hearing->frames_in_packet_min);
    say_number(program, "frames_in_packet_max", hearing->frames_in_packet_max);
    say_number(program, "rate_hz", hearing->rate_hz);
    say_number(program, "channels", hearing->channels);
}

static void run_stats(Program *program, char **words, int count)
{
    FakeSpeaker *speaker = speaker_of(program, words[1]);
    char configuration[9];

    if (!speaker)
        return;
    g_snprintf(configuration, sizeof(configuration), "%02x%02x%02x%02x", speaker->configuration[0],
               speaker->configuration[1], speaker->configuration[2], speaker->configuration[3]);
    say_bool(program, "connected", speaker->connected);
    say_bool(program, "bonded", speaker->bonded);
    say_text(program, "configuration", configuration);
    say_number(program, "packets", (gint64)speaker->packets);
    say_number(program, "bytes", (gint64)speaker->bytes);
    say_number(program, "largest", (gint64)speaker->largest);
    say_number(program, "first_packet_ns", (gint64)speaker->first_packet_ns);
    say_number(program, "last_packet_ns", (gint64)speaker->last_packet_ns);
    say_hearing(program, listener_hearing(listener_of(program, speaker)));
}

static void run_state(Program *program, char **words, int count)
{
    say_bool(program, "running", fake_bluez_is_running(program->bluez));
    say_bool(program, "discovering", fake_bluez_is_discovering(program->bluez));
    say_number(program, "transports", fake_bluez_transports(program->bluez));
}

/* --- the program --- */

static const Command commands[] = {
    {"abort", 1, run_deed},
    {"auto-enable", 1, run_auto_enable},
    {"begin", 1, run_deed},
    {"block", 2, run_block},
    {"bond", 1, run_deed},
    {"clear", 0, run_clear},
    {"close", 1, run_deed},
    {"connect-to-us", 1, run_connect_to_us},
    {"crash", 1, run_crash},
    {"delay", 3, run_delay},
    {"fail", 4, run_fail},
    {"forget-us", 1, run_deed},
    {"lose-link", 2, run_lose_link},
    {"pair-with-us", 1, run_deed},
    {"phone", 2, run_phone},
    {"plug", 2, run_plug},
    {"power", 2, run_power},
    {"press", 2, run_press},
    {"quit", 0, run_quit},
    {"record", 1, run_record},
    {"set", 3, run_set},
    {"speaker", 2, run_speaker},
    {"start", 0, run_start},
    {"state", 0, run_state},
    {"stats", 1, run_stats},
    {"stop", 0, run_stop},
    {"suspend", 1, run_deed},
    {"swallow", 2, run_swallow},
    {"time", 2, run_time},
    {"unplug", 1, run_unplug},
};

static void run_words(Program *program, char **words, int count)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (g_str_equal(commands[i].name, words[0])) {
            if (count - 1 < commands[i].words)
                complain(program, "words are missing", words[0]);
            else
                commands[i].run(program, words, count);
            return;
        }
    complain(program, "no such command", words[0]);
}

static void run_line(Program *program, const char *line)
{
    g_autoptr(JsonBuilder) answer = json_builder_new();
    g_auto(GStrv) words = NULL;
    int count = 0;

    program->answer = answer;
    json_builder_begin_object(answer);
    if (g_shell_parse_argv(line, &count, &words, &program->error))
        run_words(program, words, count);
    say_bool(program, "ok", !program->error);
    if (program->error)
        say_text(program, "error", program->error->message);
    json_builder_end_object(answer);
    g_clear_error(&program->error);
    print(answer);
}

static void read_next(Program *program);

static void on_line(GObject *input, GAsyncResult *result, gpointer data)
{
    Program *program = data;
    g_autofree char *line =
        g_data_input_stream_read_line_finish(G_DATA_INPUT_STREAM(input), result, NULL, NULL);

    if (!line) {
        g_main_loop_quit(program->loop);
        return;
    }
    run_line(program, line);
    read_next(program);
}

static void read_next(Program *program)
{
    g_data_input_stream_read_line_async(program->input, G_PRIORITY_DEFAULT, NULL, on_line, program);
}

static void free_listener(gpointer listener)
{
    listener_free(listener);
}

int main(int argc, char **argv)
{
    static const FakeEvents events = {on_logged, on_packet};
    g_autofree char *address = NULL;
    int version = FAKE_VERSION_DEBIAN_12;
    const GOptionEntry entries[] = {
        {"bus", 'b', 0, G_OPTION_ARG_STRING, &address, "Address of the bus", "ADDRESS"},
        {"bluez", 'B', 0, G_OPTION_ARG_INT, &version, "Version to play: 566 is 5.66", "NUMBER"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) options = g_option_context_new("- org.bluez without Bluetooth");
    g_autoptr(GInputStream) stdin_stream = g_unix_input_stream_new(STDIN_FILENO, FALSE);
    g_autoptr(GError) error = NULL;
    Program program = {0};

    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, &error) || !address) {
        fprintf(stderr, "fake-bluezd: %s\n", error ? error->message : "--bus is missing");
        return 2;
    }
    program.loop = g_main_loop_new(NULL, FALSE);
    program.input = g_data_input_stream_new(stdin_stream);
    program.listeners = g_hash_table_new_full(NULL, NULL, NULL, free_listener);
    program.bluez = fake_bluez_new(address, (unsigned)version);
    fake_bluez_listen(program.bluez, &events, &program);
    read_next(&program);
    g_main_loop_run(program.loop);
    fake_bluez_free(program.bluez);
    g_hash_table_unref(program.listeners);
    g_object_unref(program.input);
    g_main_loop_unref(program.loop);
    return 0;
}
