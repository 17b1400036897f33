/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/media_clock.h"

#include "capture-fake.h"
#include "clock-fake.h"

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)
#define RATE   44100
#define BLOCK  CAPTURE_BLOCK_PCM_FRAMES

typedef struct {
    Capture *capture;
    MediaClock clock;
    int16_t sound[2 * RATE];
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    for (unsigned i = 0; i < 2 * RATE; i++)
        fixture->sound[i] = 1;
    clock_fake_reset(1000 * SECOND);
    capture_fake_reset(RATE);
    fixture->capture = capture_new("Echocast", RATE);
    media_clock_init(&fixture->clock, fixture->capture, RATE);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    capture_free(fixture->capture);
}

static void open_capture(Fixture *fixture)
{
    capture_fake_set_state(CAPTURE_OPEN, "");
    capture_check(fixture->capture);
}

/* No thread here: the time is set. */
static void pass(uint64_t duration_ns)
{
    clock_fake_reset(clock_fake_now() + duration_ns);
}

static void test_without_capture(Fixture *fixture, gconstpointer data)
{
    MediaClock *clock = &fixture->clock;

    g_assert_false(media_clock_look(clock));
    g_assert_cmpuint(clock->written, ==, 1000 * RATE);
    g_assert_false(media_clock_has_block(clock));
    media_clock_wake(clock, true);
    g_assert_cmpuint(clock->read % BLOCK, ==, 0);
    g_assert_cmpuint(media_clock_unread(clock), <, BLOCK);
    pass(SECOND);
    g_assert_false(media_clock_look(clock));
    g_assert_cmpuint(clock->written, ==, 1001 * RATE);
    g_assert_true(media_clock_has_block(clock));
    media_clock_sleep(clock);
    g_assert_false(media_clock_has_block(clock));
    g_assert_cmpuint(media_clock_unread(clock), ==, 0);
}

static void test_change(Fixture *fixture, gconstpointer data)
{
    MediaClock *clock = &fixture->clock;

    media_clock_look(clock);
    media_clock_wake(clock, false);
    open_capture(fixture);
    g_assert_true(media_clock_look(clock));
    g_assert_false(clock->awake);
    g_assert_cmpuint(clock->written, ==, 0);
    media_clock_wake(clock, false);
    g_assert_false(media_clock_look(clock));
    capture_fake_break();
    g_assert_true(media_clock_look(clock));
    g_assert_false(clock->awake);
}

typedef struct {
    uint64_t ago_ns;
    bool look_back;
    bool found;
} LookBack;

static void test_look_back(Fixture *fixture, gconstpointer data)
{
    const LookBack *expected = data;
    MediaClock *clock = &fixture->clock;
    uint64_t first;

    open_capture(fixture);
    pass(SECOND);
    first = capture_fake_play(fixture->sound, RATE, expected->ago_ns);
    media_clock_look(clock);
    media_clock_wake(clock, expected->look_back);
    g_assert_cmpuint(clock->read % BLOCK, ==, 0);
    g_assert_true((clock->read == first / BLOCK * BLOCK) == expected->found);
    g_assert_cmpuint(clock->written - clock->read, <=, 50 * RATE / 1000 + BLOCK);
}

static void test_times(Fixture *fixture, gconstpointer data)
{
    MediaClock *clock = &fixture->clock;

    open_capture(fixture);
    media_clock_look(clock);
    media_clock_wake(clock, false);
    pass(20 * MS); /* 882 PCM frames */
    media_clock_look(clock);
    g_assert_cmpuint(clock->written, ==, 882);
    g_assert_cmpuint((clock->now_ns - media_clock_read_ns(clock)) / 1000, ==, 20000);
    g_assert_cmpuint((clock->now_ns - media_clock_block_ns(clock)) / 1000, ==, 17097);
    media_clock_next_block(clock);
    g_assert_cmpuint(media_clock_unread(clock), ==, 882 - BLOCK);
    g_assert_cmpuint((clock->now_ns - media_clock_block_ns(clock)) / 1000, ==, 14195);
}

static void test_overrun(Fixture *fixture, gconstpointer data)
{
    MediaClock *clock = &fixture->clock;

    open_capture(fixture);
    media_clock_look(clock);
    media_clock_wake(clock, false);
    pass(300 * MS);
    media_clock_look(clock);
    g_assert_false(media_clock_is_overrun(clock));
    pass(70 * MS);
    media_clock_look(clock);
    g_assert_true(media_clock_is_overrun(clock));
    media_clock_skip(clock, 60 * MS);
    g_assert_false(media_clock_is_overrun(clock));
    g_assert_cmpuint(clock->read % BLOCK, ==, 0);
    g_assert_cmpuint(media_clock_unread(clock), <=, 60 * RATE / 1000);
    g_assert_cmpuint(media_clock_unread(clock), >, 50 * RATE / 1000);
}

#define add(path, data, function)                                                                  \
    g_test_add("/media-clock/" path, Fixture, data, set_up, function, tear_down)

int main(int argc, char **argv)
{
    static const LookBack just_now = {.ago_ns = 8 * MS, .look_back = true, .found = true};
    static const LookBack late = {.ago_ns = 48 * MS, .look_back = true, .found = true};
    static const LookBack too_late = {.ago_ns = 80 * MS, .look_back = true, .found = false};
    static const LookBack not_asked = {.ago_ns = 48 * MS, .look_back = false, .found = false};

    g_test_init(&argc, &argv, NULL);
    add("without-capture", NULL, test_without_capture);
    add("change", NULL, test_change);
    add("look-back/just-now", &just_now, test_look_back);
    add("look-back/late", &late, test_look_back);
    add("look-back/too-late", &too_late, test_look_back);
    add("look-back/not-asked", &not_asked, test_look_back);
    add("times", NULL, test_times);
    add("overrun", NULL, test_overrun);
    return g_test_run();
}
