/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* The audio thread never allocates nor frees once it runs. This program's own malloc, calloc,
 * realloc and free go before glibc's; called on the audio thread while armed, they end it. */

#include "audio/engine.h"

#include "capture-fake.h"
#include "clock-fake.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)
#define RATE   44100

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void __libc_free(void *memory);

static _Atomic bool armed;
static _Atomic unsigned checked;

static void check(const char *what)
{
    atomic_fetch_add_explicit(&checked, 1, memory_order_relaxed);
    if (!atomic_load(&armed) || !clock_fake_is_audio_thread())
        return;
    /* No assertion of GLib's: that would allocate itself. */
    if (write(STDERR_FILENO, what, strlen(what)) >= 0)
        _exit(1);
}

void *malloc(size_t size)
{
    check("malloc on the audio thread\n");
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    check("calloc on the audio thread\n");
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    check("realloc on the audio thread\n");
    return __libc_realloc(memory, size);
}

void free(void *memory)
{
    if (memory != NULL)
        check("free on the audio thread\n");
    __libc_free(memory);
}

static void capture_changed(CaptureState state, const char *detail, void *data)
{
}

static void player_changed(bool active, void *data)
{
}

static void count_event(EngineStream stream, void *data)
{
    ++*(unsigned *)data;
}

static void stream_lost(EngineStream stream, int error_number, void *data)
{
    count_event(stream, data);
}

static void tone_done(EngineStream stream, uint64_t packets_sent, void *data)
{
    count_event(stream, data);
}

static const EngineEvents events = {
    .capture_changed = capture_changed,
    .player_changed = player_changed,
    .stream_flows = count_event,
    .stream_silent = count_event,
    .stream_lost = stream_lost,
    .stream_removed = count_event,
    .tone_done = tone_done,
};

static void run(uint64_t duration_ns, int fd)
{
    uint64_t end_ns = clock_fake_now() + duration_ns;
    uint8_t packet[2048];

    while (clock_fake_now() < end_ns) {
        clock_fake_run(5 * MS);
        while (fd >= 0 && recv(fd, packet, sizeof(packet), MSG_DONTWAIT) > 0)
            continue;
        while (g_main_context_iteration(NULL, FALSE))
            continue;
    }
}

/* Everything that a stream can go through: music, tone, silence, congestion, a stall, its end. */
static void live(Engine *engine, const int16_t *music, bool hang_up)
{
    const Tone tone = {.frequency_hz = 440, .duration_ms = 300, .channels = TONE_BOTH};
    const SbcConfig config = {44100, SBC_CHANNELS_JOINT, 16, 8, SBC_ALLOCATION_LOUDNESS, 2, 53};
    g_autoptr(GError) error = NULL;
    EngineStream stream;
    int pair[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
    stream = engine_add_stream(engine, pair[0], 672, &config, &error);
    g_assert_no_error(error);
    engine_play_tone(engine, stream, &tone);
    run(SECOND, pair[1]);
    capture_fake_play(music, 5 * RATE, 0);
    run(SECOND, pair[1]);
    run(SECOND, -1);
    clock_fake_stall(SECOND);
    run(2 * SECOND, pair[1]);
    capture_fake_stop();
    run(3 * SECOND, pair[1]);
    if (!hang_up)
        engine_remove_stream(engine, stream);
    close(pair[1]);
    run(SECOND, -1);
}

static void test_no_allocation(void)
{
    const EngineOptions options = {.card = "Echocast", .rate_hz = RATE};
    g_autofree int16_t *music = g_new(int16_t, 10 * RATE);
    g_autoptr(GError) error = NULL;
    unsigned seen = 0;
    Engine *engine;

    memset(music, 0x55, 10 * RATE * sizeof(int16_t));
    clock_fake_reset(SECOND);
    capture_fake_reset(RATE);
    engine = engine_new(&options, &events, &seen, &error);
    g_assert_no_error(error);
    clock_fake_run(MS);
    atomic_store(&armed, true);
    capture_fake_set_state(CAPTURE_OPEN, "");
    live(engine, music, false);
    live(engine, music, true);
    engine_free(engine);
    atomic_store(&armed, false);
    /* twice: flows and silent for the tone, tone done, flows and silent for the music, the end */
    g_assert_cmpuint(seen, ==, 12);
    g_assert_cmpuint(checked, >, 100);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/audio/no-allocation", test_no_allocation);
    return g_test_run();
}
