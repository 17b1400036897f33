/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * engine-loopback [--card ID] [--rate HZ] [--mtu BYTES] [--rt PRIORITY] OUT: the audio engine alone
 * on the real loopback, with a socketpair for a speaker. What arrives goes to the file OUT: for each
 * packet its arrival (CLOCK_MONOTONIC, ns, 8 bytes), its size (4 bytes), its bytes; little endian.
 * Commands on stdin, one a line: add, remove, tone HZ MS, stop and go (reading), stats, quit.
 * Everything that happens is one line on stdout, a time in ns before it.
 */
#include "audio/engine.h"

#include <glib-unix.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    GMainLoop *loop;
    Engine *engine;
    FILE *out;
    EngineStream stream;
    size_t mtu;
    unsigned rate_hz;
    int speaker;
    pthread_t reader;
    pthread_mutex_t reading; /* held while the speaker is not to read */
} Probe;

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static G_GNUC_PRINTF(1, 2) void say(const char *format, ...)
{
    va_list arguments;

    printf("%" G_GUINT64_FORMAT " ", now_ns());
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

static void *read_packets(void *data)
{
    Probe *probe = data;
    uint8_t packet[4096];
    ssize_t size;

    while ((size = recv(probe->speaker, packet, sizeof(packet), 0)) > 0) {
        uint64_t arrival = now_ns();
        uint32_t length = (uint32_t)size;

        fwrite(&arrival, sizeof(arrival), 1, probe->out);
        fwrite(&length, sizeof(length), 1, probe->out);
        fwrite(packet, 1, length, probe->out);
        pthread_mutex_lock(&probe->reading);
        pthread_mutex_unlock(&probe->reading);
    }
    fflush(probe->out);
    return NULL;
}

static void add_stream(Probe *probe)
{
    const SbcConfig config = {
        .rate_hz = probe->rate_hz,
        .channels = SBC_CHANNELS_JOINT,
        .blocks = 16,
        .subbands = 8,
        .allocation = SBC_ALLOCATION_LOUDNESS,
        .bitpool_min = 2,
        .bitpool_max = 53,
    };
    g_autoptr(GError) error = NULL;
    int pair[2];

    if (probe->stream != 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return;
    probe->speaker = pair[1];
    probe->stream = engine_add_stream(probe->engine, pair[0], probe->mtu, &config, &error);
    if (probe->stream == 0)
        g_error("%s", error->message);
    pthread_create(&probe->reader, NULL, read_packets, probe);
    pthread_setname_np(probe->reader, "speaker");
    say("added %u", probe->stream);
}

static void forget_stream(Probe *probe)
{
    if (probe->stream == 0)
        return;
    shutdown(probe->speaker, SHUT_RDWR);
    pthread_join(probe->reader, NULL);
    close(probe->speaker);
    probe->stream = 0;
}

static void print_stats(Probe *probe)
{
    StreamCounters counters;

    if (!engine_read_counters(probe->engine, probe->stream, &counters))
        return;
    printf("%" G_GUINT64_FORMAT " stats", now_ns());
#define X(name) printf(" " #name "=%" G_GUINT64_FORMAT, counters.name);
    STREAM_STATS(X)
#undef X
    putchar('\n');
    fflush(stdout);
}

static void capture_changed(CaptureState state, const char *detail, void *data)
{
    static const char *const words[] = {"missing", "busy", "open"};

    say("capture %s: %s", words[state], detail);
}

static void player_changed(bool active, void *data)
{
    say("player %s", active ? "began" : "stopped");
}

static void stream_flows(EngineStream stream, void *data)
{
    say("flows %u", stream);
}

static void stream_silent(EngineStream stream, void *data)
{
    say("silent %u", stream);
}

static void stream_lost(EngineStream stream, int error_number, void *data)
{
    say("lost %u: %s", stream, g_strerror(error_number));
    forget_stream(data);
}

static void stream_removed(EngineStream stream, void *data)
{
    say("removed %u", stream);
    forget_stream(data);
}

static void tone_done(EngineStream stream, uint64_t packets, void *data)
{
    say("tone done %u: %" G_GUINT64_FORMAT " packets", stream, packets);
}

static const EngineEvents events = {
    .capture_changed = capture_changed,
    .player_changed = player_changed,
    .stream_flows = stream_flows,
    .stream_silent = stream_silent,
    .stream_lost = stream_lost,
    .stream_removed = stream_removed,
    .tone_done = tone_done,
};

static void obey(Probe *probe, const char *line)
{
    Tone tone = {.channels = TONE_BOTH};

    if (strcmp(line, "add") == 0)
        add_stream(probe);
    else if (strcmp(line, "remove") == 0)
        engine_remove_stream(probe->engine, probe->stream);
    else if (sscanf(line, "tone %u %u", &tone.frequency_hz, &tone.duration_ms) == 2)
        engine_play_tone(probe->engine, probe->stream, &tone);
    else if (strcmp(line, "stop") == 0)
        pthread_mutex_lock(&probe->reading);
    else if (strcmp(line, "go") == 0)
        pthread_mutex_unlock(&probe->reading);
    else if (strcmp(line, "stats") == 0)
        print_stats(probe);
    else if (strcmp(line, "quit") == 0)
        g_main_loop_quit(probe->loop);
    else
        say("unknown command %s", line);
}

static gboolean read_command(GIOChannel *channel, GIOCondition condition, gpointer data)
{
    Probe *probe = data;
    g_autofree char *line = NULL;
    gsize end = 0;

    if (g_io_channel_read_line(channel, &line, NULL, &end, NULL) != G_IO_STATUS_NORMAL) {
        g_main_loop_quit(probe->loop);
        return G_SOURCE_REMOVE;
    }
    line[end] = '\0';
    obey(probe, line);
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    Probe probe = {.mtu = 672, .rate_hz = 44100, .reading = PTHREAD_MUTEX_INITIALIZER};
    g_autofree char *card = g_strdup("Echocast");
    int mtu = 672, rate = 44100, rt = 0;
    const GOptionEntry entries[] = {
        {"card", 0, 0, G_OPTION_ARG_STRING, &card, NULL, NULL},
        {"rate", 0, 0, G_OPTION_ARG_INT, &rate, NULL, NULL},
        {"mtu", 0, 0, G_OPTION_ARG_INT, &mtu, NULL, NULL},
        {"rt", 0, 0, G_OPTION_ARG_INT, &rt, NULL, NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("OUT");
    g_autoptr(GError) error = NULL;
    g_autoptr(GIOChannel) channel = g_io_channel_unix_new(STDIN_FILENO);
    EngineOptions options;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || argc != 2)
        g_error("%s", error == NULL ? "usage: engine-loopback OUT" : error->message);
    probe.mtu = (size_t)mtu;
    probe.rate_hz = (unsigned)rate;
    probe.out = fopen(argv[1], "w");
    probe.loop = g_main_loop_new(NULL, FALSE);
    options = (EngineOptions){.card = card, .rate_hz = probe.rate_hz, .rt_priority = rt};
    probe.engine = engine_new(&options, &events, &probe, &error);
    if (probe.out == NULL || probe.engine == NULL)
        g_error("cannot start: %s", error == NULL ? argv[1] : error->message);
    g_io_add_watch(channel, G_IO_IN | G_IO_HUP, read_command, &probe);
    g_main_loop_run(probe.loop);
    print_stats(&probe);
    engine_free(probe.engine);
    forget_stream(&probe);
    fclose(probe.out);
    g_main_loop_unref(probe.loop);
    return 0;
}
