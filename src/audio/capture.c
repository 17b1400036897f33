/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/capture.h"

#include "audio/card_config.h"
#include "audio/card_watch.h"
#include "audio/clock.h"
#include "audio/player_watch.h"

#include <alsa/asoundlib.h>
#include <stdio.h>
#include <unistd.h>

#define CHANNELS 2
/* Half the ring: the kernel's own timer goes off five times a second, and seldom enough. */
#define PERIOD_PCM_FRAMES (CAPTURE_RING_PCM_FRAMES / 2)
#define RETRY_NS          UINT64_C(2000000000)
/* inotify tells of a close just before the kernel does it. */
#define AFTER_CLOSE_NS UINT64_C(50000000)

struct Capture {
    char *card;
    unsigned rate_hz;
    CaptureState state;
    char detail[CAPTURE_DETAIL_SIZE];
    uint64_t retry_ns;
    uint64_t lost_ns; /* the last time; 0: never */
    CardWatch card_watch;
    PlayerWatch player;
    snd_pcm_t *pcm;
    int16_t *ring;
    snd_pcm_uframes_t boundary;
    uint64_t position;         /* counts on where the kernel's wraps */
    snd_pcm_uframes_t counted; /* the kernel's, when position was last updated */
};

/* What goes wrong is told by our own detail: libasound is not to write to stderr. */
static void say_nothing(const char *file, int line, const char *function, int error_number,
                        const char *format, ...)
{
}

Capture *capture_new(const char *card, unsigned rate_hz)
{
    Capture *capture = g_new0(Capture, 1);

    snd_lib_error_set_handler(say_nothing);
    capture->card = g_strdup(card);
    capture->rate_hz = rate_hz;
    capture->state = CAPTURE_MISSING;
    capture->retry_ns = CLOCK_NEVER;
    card_watch_init(&capture->card_watch);
    return capture;
}

static void close_card(Capture *capture)
{
    player_watch_close(&capture->player);
    if (capture->pcm != NULL)
        snd_pcm_close(capture->pcm);
    capture->pcm = NULL;
    capture->ring = NULL;
}

void capture_free(Capture *capture)
{
    if (capture == NULL)
        return;
    close_card(capture);
    card_watch_clear(&capture->card_watch);
    g_free(capture->card);
    g_free(capture);
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
    return capture->player.active;
}

uint64_t capture_retry_ns(const Capture *capture)
{
    return capture->retry_ns;
}

unsigned capture_poll(const Capture *capture, struct pollfd *fds)
{
    unsigned count = 0;

    if (player_watch_poll(&capture->player, fds + count))
        count++;
    fds[count++] = (struct pollfd){.fd = capture->card_watch.fd, .events = POLLIN};
    return count;
}

static int set_hardware(Capture *capture)
{
    snd_pcm_t *pcm = capture->pcm;
    snd_pcm_uframes_t period = PERIOD_PCM_FRAMES;
    snd_pcm_hw_params_t *params;
    int error;

    snd_pcm_hw_params_alloca(&params);
    error = snd_pcm_hw_params_any(pcm, params);
    if (error >= 0)
        error = snd_pcm_hw_params_set_access(pcm, params, SND_PCM_ACCESS_MMAP_INTERLEAVED);
    if (error >= 0)
        error = snd_pcm_hw_params_set_format(pcm, params, SND_PCM_FORMAT_S16);
    if (error >= 0)
        error = snd_pcm_hw_params_set_channels(pcm, params, CHANNELS);
    if (error >= 0)
        error = snd_pcm_hw_params_set_rate(pcm, params, capture->rate_hz, 0);
    if (error >= 0)
        error = snd_pcm_hw_params_set_buffer_size(pcm, params, CAPTURE_RING_PCM_FRAMES);
    if (error >= 0)
        error = snd_pcm_hw_params_set_period_size_near(pcm, params, &period, NULL);
    return error < 0 ? error : snd_pcm_hw_params(pcm, params);
}

/* Never stopped for being full: the capture runs on for ever and nobody commits what was read. The
 * status is stamped with the time, which saves asking for it. */
static int set_software(Capture *capture)
{
    snd_pcm_t *pcm = capture->pcm;
    snd_pcm_sw_params_t *params;
    int error;

    snd_pcm_sw_params_alloca(&params);
    error = snd_pcm_sw_params_current(pcm, params);
    if (error >= 0)
        error = snd_pcm_sw_params_get_boundary(params, &capture->boundary);
    if (error >= 0)
        error = snd_pcm_sw_params_set_stop_threshold(pcm, params, capture->boundary);
    if (error >= 0)
        error = snd_pcm_sw_params_set_tstamp_mode(pcm, params, SND_PCM_TSTAMP_ENABLE);
    if (error >= 0)
        error = snd_pcm_sw_params_set_tstamp_type(pcm, params, SND_PCM_TSTAMP_TYPE_MONOTONIC);
    return error < 0 ? error : snd_pcm_sw_params(pcm, params);
}

static int map_ring(Capture *capture)
{
    const snd_pcm_channel_area_t *areas;
    snd_pcm_uframes_t offset;
    snd_pcm_uframes_t pcm_frames = CAPTURE_RING_PCM_FRAMES;
    int error = snd_pcm_mmap_begin(capture->pcm, &areas, &offset, &pcm_frames);

    if (error < 0)
        return error;
    capture->ring = (int16_t *)areas[0].addr + areas[0].first / (8 * sizeof(int16_t));
    capture->position = 0;
    capture->counted = 0;
    return 0;
}

static int open_card(Capture *capture, int card)
{
    int error = card_config_open_pcm(card, &capture->pcm);

    if (error >= 0)
        error = set_hardware(capture);
    if (error >= 0)
        error = set_software(capture);
    if (error >= 0)
        error = snd_pcm_start(capture->pcm);
    if (error >= 0)
        error = map_ring(capture);
    if (error >= 0)
        error = player_watch_open(&capture->player, card);
    if (error < 0)
        close_card(capture);
    return error;
}

static void set_state(Capture *capture, CaptureState state, uint64_t retry_ns)
{
    capture->state = state;
    capture->retry_ns = retry_ns;
}

static void set_missing(Capture *capture)
{
    char path[64];

    set_state(capture, CAPTURE_MISSING, CLOCK_NEVER);
    snprintf(path, sizeof(path), "/proc/asound/%s", capture->card);
    if (access(path, F_OK) == 0)
        snprintf(capture->detail, sizeof(capture->detail),
                 "no permission to open the sound card '%s': it wants group audio", capture->card);
    else
        snprintf(capture->detail, sizeof(capture->detail),
                 "no sound card '%s': is snd-aloop loaded?", capture->card);
}

/* The application that opened first has fixed the format: "rate: 48000 (48000/1)" and the like. */
static void describe_player(Capture *capture, int card)
{
    char path[64];
    char text[512];
    const char *format = NULL;
    const char *rate = NULL;
    FILE *file;
    size_t size = 0;

    snprintf(path, sizeof(path), "/proc/asound/card%d/pcm0p/sub0/hw_params", card);
    file = fopen(path, "re");
    if (file != NULL) {
        size = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
    }
    text[size] = '\0';
    format = strstr(text, "format: ");
    rate = strstr(text, "rate: ");
    if (format == NULL || rate == NULL)
        return;
    snprintf(capture->detail, sizeof(capture->detail),
             "an application plays %.*s at %.*s Hz straight into the card and fixed that format",
             (int)strcspn(format + 8, " \n"), format + 8, (int)strcspn(rate + 6, " \n"), rate + 6);
}

static void set_busy(Capture *capture, int card, int error)
{
    char node[32];
    bool held = error == -EBUSY || error == -EAGAIN;

    set_state(capture, CAPTURE_BUSY, clock_now_ns() + RETRY_NS);
    if (held) {
        snprintf(capture->detail, sizeof(capture->detail),
                 "another program holds the capture side of '%s'", capture->card);
    } else {
        snprintf(capture->detail, sizeof(capture->detail), "cannot open '%s': %s", capture->card,
                 snd_strerror(error));
        describe_player(capture, card);
    }
    /* Our own attempts close the capture node only where it was not that which was held. */
    snprintf(node, sizeof(node), "/dev/snd/pcmC%dD%s", card, held ? "1c" : "0p");
    card_watch_close(&capture->card_watch, node);
}

static void set_open(Capture *capture)
{
    set_state(capture, CAPTURE_OPEN, CLOCK_NEVER);
    snprintf(capture->detail, sizeof(capture->detail), "hw:%s,1,0 at %u Hz", capture->card,
             capture->rate_hz);
}

static void try_open(Capture *capture)
{
    int card = snd_card_get_index(capture->card);
    int error;

    if (card < 0) {
        set_missing(capture);
        return;
    }
    error = open_card(capture, card);
    if (error >= 0)
        set_open(capture);
    else if (error == -ENOENT || error == -ENODEV || error == -ENXIO)
        set_missing(capture);
    else
        set_busy(capture, card, error);
}

/* A watch is set before the last look, so that nothing falls between the two. */
static void open_or_wait(Capture *capture)
{
    try_open(capture);
    if (capture->state == CAPTURE_MISSING) {
        card_watch_nodes(&capture->card_watch);
        try_open(capture);
    } else if (capture->state == CAPTURE_BUSY) {
        try_open(capture);
    }
    if (capture->state == CAPTURE_OPEN)
        card_watch_stop(&capture->card_watch);
}

/* Opened again at once, but not over and over. */
static void lose(Capture *capture, int error)
{
    uint64_t now_ns = clock_now_ns();
    bool again = capture->lost_ns != 0 && now_ns - capture->lost_ns < RETRY_NS;

    close_card(capture);
    capture->lost_ns = now_ns;
    if (!again || error == -ENODEV) {
        open_or_wait(capture);
        return;
    }
    set_state(capture, CAPTURE_BUSY, now_ns + RETRY_NS);
    snprintf(capture->detail, sizeof(capture->detail), "the capture stopped: %s",
             snd_strerror(error));
}

void capture_check(Capture *capture)
{
    int error;

    if (capture->state != CAPTURE_OPEN) {
        bool told = card_watch_drain(&capture->card_watch);

        if (told && capture->state == CAPTURE_BUSY)
            capture->retry_ns = MIN(capture->retry_ns, clock_now_ns() + AFTER_CLOSE_NS);
        else
            open_or_wait(capture);
        return;
    }
    error = player_watch_update(&capture->player);
    /* Where `PCM Notify` is on, a player of another format stops the capture as it begins. */
    if (error >= 0 && snd_pcm_state(capture->pcm) != SND_PCM_STATE_RUNNING)
        error = -EPIPE;
    if (error < 0)
        lose(capture, error);
}

static uint64_t stamp_ns(const snd_pcm_status_t *status)
{
    snd_htimestamp_t stamp;

    snd_pcm_status_get_htstamp(status, &stamp);
    if (stamp.tv_sec == 0 && stamp.tv_nsec == 0)
        return clock_now_ns();
    return (uint64_t)stamp.tv_sec * 1000000000U + (uint64_t)stamp.tv_nsec;
}

/* Since nothing is ever committed, what is available is all that was ever captured, modulo the
 * boundary (6.7 hours on a 32-bit machine), which is a multiple of the ring. */
bool capture_read_position(Capture *capture, uint64_t *position, uint64_t *now_ns)
{
    snd_pcm_status_t *status;
    snd_pcm_uframes_t count;
    int error;

    if (capture->state != CAPTURE_OPEN)
        return false;
    snd_pcm_status_alloca(&status);
    error = snd_pcm_status(capture->pcm, status);
    if (error >= 0 && snd_pcm_status_get_state(status) != SND_PCM_STATE_RUNNING)
        error = -EPIPE;
    if (error < 0) {
        lose(capture, error);
        return false;
    }
    count = snd_pcm_status_get_avail(status);
    capture->position += (count + capture->boundary - capture->counted) % capture->boundary;
    capture->counted = count;
    *position = capture->position;
    *now_ns = stamp_ns(status);
    return true;
}

const int16_t *capture_block(const Capture *capture, uint64_t position)
{
    return capture->ring + CHANNELS * (position % CAPTURE_RING_PCM_FRAMES);
}

/* Its copy_play_buf() clears the beginning of what it copies last from a draining player in place
 * of what comes behind: the beginning is lost for good, this is for the rest. Nobody else writes
 * there for nearly a whole round. */
void capture_forget(Capture *capture, uint64_t position)
{
    memset(capture->ring + CHANNELS * (position % CAPTURE_RING_PCM_FRAMES), 0,
           CAPTURE_BLOCK_PCM_FRAMES * CHANNELS * sizeof(int16_t));
}
