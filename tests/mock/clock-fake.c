/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "clock-fake.h"

#include "audio/clock.h"

#include <glib.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define POLL_MAX 64

static struct {
    pthread_mutex_t lock;
    pthread_cond_t parked_or_not;
    uint64_t now_ns;
    uint64_t limit_ns;
    uint64_t stall_ns;
    uint64_t wakeups;
    bool parked;
    int bell; /* the limit has moved */
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER, .parked_or_not = PTHREAD_COND_INITIALIZER, .bell = -1};

static __thread bool is_audio_thread;

void clock_fake_reset(uint64_t now_ns)
{
    uint64_t count;
    ssize_t size;

    if (fake.bell < 0)
        fake.bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    size = read(fake.bell, &count, sizeof(count));
    (void)size;
    pthread_mutex_lock(&fake.lock);
    fake.now_ns = fake.limit_ns = now_ns;
    fake.stall_ns = fake.wakeups = 0;
    fake.parked = false;
    pthread_mutex_unlock(&fake.lock);
}

uint64_t clock_fake_now(void)
{
    uint64_t now_ns;

    pthread_mutex_lock(&fake.lock);
    now_ns = fake.now_ns;
    pthread_mutex_unlock(&fake.lock);
    return now_ns;
}

void clock_fake_run_until(uint64_t time_ns)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&fake.lock);
    fake.limit_ns = MAX(fake.limit_ns, time_ns);
    fake.parked = false;
    g_assert_cmpint(write(fake.bell, &one, sizeof(one)), ==, sizeof(one));
    while (!fake.parked)
        pthread_cond_wait(&fake.parked_or_not, &fake.lock);
    pthread_mutex_unlock(&fake.lock);
}

void clock_fake_run(uint64_t duration_ns)
{
    clock_fake_run_until(clock_fake_now() + duration_ns);
}

void clock_fake_stall(uint64_t duration_ns)
{
    pthread_mutex_lock(&fake.lock);
    fake.stall_ns = duration_ns;
    pthread_mutex_unlock(&fake.lock);
}

uint64_t clock_fake_wakeups(void)
{
    uint64_t wakeups;

    pthread_mutex_lock(&fake.lock);
    wakeups = fake.wakeups;
    pthread_mutex_unlock(&fake.lock);
    return wakeups;
}

bool clock_fake_is_audio_thread(void)
{
    return is_audio_thread;
}

/* --- audio/clock.h --- */

uint64_t clock_now_ns(void)
{
    return clock_fake_now();
}

uint64_t clock_tick_ns(void)
{
    return CLOCK_FAKE_TICK_NS;
}

/* With the lock held, so that no command posted before clock_fake_run_until is overlooked. Whether
 * to come back: a descriptor is ready, or the deadline has come. */
static bool comes_back(struct pollfd *fds, unsigned count, uint64_t deadline_ns, int *ready)
{
    *ready = poll(fds, count, 0);
    if (*ready != 0)
        return true;
    if (deadline_ns > fake.limit_ns) {
        fake.now_ns = MAX(fake.now_ns, fake.limit_ns);
        fake.parked = true;
        pthread_cond_signal(&fake.parked_or_not);
        return false;
    }
    fake.now_ns = MAX(fake.now_ns, deadline_ns) + fake.stall_ns;
    fake.limit_ns = MAX(fake.limit_ns, fake.now_ns);
    fake.stall_ns = 0;
    return true;
}

static void wait_really(const struct pollfd *fds, unsigned count)
{
    struct pollfd all[POLL_MAX];
    uint64_t rings;
    ssize_t size;

    g_assert_cmpuint(count, <, POLL_MAX);
    for (unsigned i = 0; i < count; i++)
        all[i] = fds[i];
    all[count] = (struct pollfd){.fd = fake.bell, .events = POLLIN};
    poll(all, count + 1, -1);
    size = read(fake.bell, &rings, sizeof(rings));
    (void)size;
}

int clock_wait(struct pollfd *fds, unsigned count, uint64_t deadline_ns)
{
    int ready;
    bool back;

    is_audio_thread = true;
    for (;;) {
        pthread_mutex_lock(&fake.lock);
        back = comes_back(fds, count, deadline_ns, &ready);
        if (back)
            fake.wakeups++;
        pthread_mutex_unlock(&fake.lock);
        if (back)
            return ready;
        wait_really(fds, count);
    }
}
