/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "capture-fake.h"

#include "audio/capture.h"
#include "audio/clock.h"
#include "base/fd.h"
#include "clock-fake.h"

#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>

#define SECOND_NS 1000000000U
/* Behind the end of a player's sound snd-aloop leaves what the ring held one round before. */
#define LEFT_AS_IT_WAS 350

/* What the test sets. */
static struct {
    pthread_mutex_t lock;
    int bell;
    unsigned rate_hz;
    uint64_t begin_ns;
    CaptureState state;
    char detail[CAPTURE_DETAIL_SIZE];
    bool player;
    bool broken;
    const int16_t *pcm;
    uint64_t pcm_begin;
    uint64_t pcm_end;
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER, .bell = -1};

/* What the audio thread has seen of it. */
struct Capture {
    CaptureState state;
    char detail[CAPTURE_DETAIL_SIZE];
    bool player;
    uint64_t filled;
    int16_t ring[2 * CAPTURE_RING_PCM_FRAMES];
};

static void ring(void)
{
    const uint64_t one = 1;

    g_assert_cmpint(write(fake.bell, &one, sizeof(one)), ==, sizeof(one));
}

static uint64_t position_at(uint64_t time_ns)
{
    uint64_t elapsed_ns = time_ns - fake.begin_ns;

    elapsed_ns -= elapsed_ns % CLOCK_FAKE_TICK_NS;
    return elapsed_ns / SECOND_NS * fake.rate_hz +
           elapsed_ns % SECOND_NS * fake.rate_hz / SECOND_NS;
}

void capture_fake_reset(unsigned rate_hz)
{
    if (fake.bell >= 0)
        close(fake.bell);
    fake.bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    fake.rate_hz = rate_hz;
    fake.begin_ns = clock_fake_now();
    fake.state = CAPTURE_MISSING;
    fake.detail[0] = '\0';
    fake.player = fake.broken = false;
    fake.pcm_begin = fake.pcm_end = 0;
}

void capture_fake_set_state(CaptureState state, const char *detail)
{
    pthread_mutex_lock(&fake.lock);
    fake.state = state;
    g_strlcpy(fake.detail, detail, sizeof(fake.detail));
    pthread_mutex_unlock(&fake.lock);
    ring();
}

uint64_t capture_fake_play(const int16_t *pcm, uint64_t pcm_frames, uint64_t ago_ns)
{
    uint64_t begin = position_at(clock_fake_now() - ago_ns);

    pthread_mutex_lock(&fake.lock);
    fake.player = true;
    fake.pcm = pcm;
    fake.pcm_begin = begin;
    fake.pcm_end = begin + pcm_frames;
    pthread_mutex_unlock(&fake.lock);
    ring();
    return begin;
}

void capture_fake_stop(void)
{
    pthread_mutex_lock(&fake.lock);
    fake.player = false;
    pthread_mutex_unlock(&fake.lock);
    ring();
}

void capture_fake_break(void)
{
    pthread_mutex_lock(&fake.lock);
    fake.broken = true;
    pthread_mutex_unlock(&fake.lock);
}

uint64_t capture_fake_position(void)
{
    return position_at(clock_fake_now());
}

/* --- audio/capture.h --- */

/* Made before the thread starts, and not counted as the thread's. */
Capture *capture_new(const char *card, unsigned rate_hz)
{
    g_assert_cmpuint(rate_hz, ==, fake.rate_hz);
    return g_new0(Capture, 1);
}

void capture_free(Capture *capture)
{
    g_free(capture);
}

unsigned capture_poll(const Capture *capture, struct pollfd *fds)
{
    fds[0] = (struct pollfd){.fd = fake.bell, .events = POLLIN};
    return 1;
}

void capture_check(Capture *capture)
{
    uint64_t rings;
    ssize_t size = read(fake.bell, &rings, sizeof(rings));

    (void)size;
    pthread_mutex_lock(&fake.lock);
    capture->state = fake.state;
    capture->player = fake.state == CAPTURE_OPEN && fake.player;
    g_strlcpy(capture->detail, fake.detail, sizeof(capture->detail));
    pthread_mutex_unlock(&fake.lock);
}

uint64_t capture_retry_ns(const Capture *capture)
{
    return CLOCK_NEVER;
}

CaptureState capture_state(const Capture *capture)
{
    return capture->state;
}

const char *capture_detail(const Capture *capture)
{
    return capture->detail;
}

bool capture_player_is_active(const Capture *capture)
{
    return capture->player;
}

static void fill_ring(Capture *capture, uint64_t position)
{
    if (position - capture->filled > CAPTURE_RING_PCM_FRAMES)
        capture->filled = position - CAPTURE_RING_PCM_FRAMES;
    for (; capture->filled < position; capture->filled++) {
        int16_t *slot = capture->ring + 2 * (capture->filled % CAPTURE_RING_PCM_FRAMES);
        bool sounds = capture->filled >= fake.pcm_begin && capture->filled < fake.pcm_end;
        bool left =
            capture->filled >= fake.pcm_end && capture->filled < fake.pcm_end + LEFT_AS_IT_WAS;
        const int16_t *from = sounds ? fake.pcm + 2 * (capture->filled - fake.pcm_begin) : NULL;

        if (left)
            continue;
        slot[0] = sounds ? from[0] : 0;
        slot[1] = sounds ? from[1] : 0;
    }
}

bool capture_read_position(Capture *capture, uint64_t *position, uint64_t *now_ns)
{
    bool broken;

    *now_ns = clock_now_ns();
    pthread_mutex_lock(&fake.lock);
    broken = fake.broken;
    fake.broken = false;
    if (broken) {
        capture->state = fake.state = CAPTURE_MISSING;
        capture->player = false;
    }
    *position = position_at(*now_ns);
    if (capture->state == CAPTURE_OPEN)
        fill_ring(capture, *position);
    pthread_mutex_unlock(&fake.lock);
    return capture->state == CAPTURE_OPEN;
}

const int16_t *capture_block(const Capture *capture, uint64_t position)
{
    return capture->ring + 2 * (position % CAPTURE_RING_PCM_FRAMES);
}

void capture_forget(Capture *capture, uint64_t position)
{
    memset(capture->ring + 2 * (position % CAPTURE_RING_PCM_FRAMES), 0,
           2 * CAPTURE_BLOCK_PCM_FRAMES * sizeof(int16_t));
}
