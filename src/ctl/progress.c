/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/progress.h"

#include "ctl/terminal.h"
#include "ctl/text.h"
#include "echocast/names.h"

#include <stdio.h>
#include <string.h>

#define TURN_MS    100
#define ERASE_LINE "\r\033[K"

struct Progress {
    FILE *stream; /* NULL: nowhere */
    bool live;
    int64_t began_us;
    int64_t deadline_us;
    int64_t stage_us; /* when the stage that runs began */
    char *stage;      /* NULL: none yet */
    char *text;
    unsigned turn;
    guint timer;
};

static double seconds_since(int64_t from_us, int64_t to_us)
{
    return (double)(to_us - from_us) / G_USEC_PER_SEC;
}

/* The deadline is that of the search. */
static char *time_left(const Progress *progress)
{
    int64_t left_us = progress->deadline_us - g_get_monotonic_time();
    if (progress->deadline_us == 0 || left_us <= 0 || strcmp(progress->stage, "scanning") != 0)
        return g_strdup("");
    return g_strdup_printf(" (%d s left)", (int)((left_us + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC));
}

/* The line that is written anew ten times a second: it must never wrap. */
static void draw_live(const Progress *progress)
{
    static const char turning[] = "|/-\\";
    g_autofree char *left = time_left(progress);
    g_autofree char *line =
        g_strdup_printf("%c %5.1f s  %-11s %s%s", turning[progress->turn % 4],
                        seconds_since(progress->began_us, g_get_monotonic_time()), progress->stage,
                        progress->text, left);
    g_autofree char *cut = text_cut(line, terminal_columns(progress->stream) - 1);
    fprintf(progress->stream, ERASE_LINE "%s", cut);
    fflush(progress->stream);
}

static gboolean on_turn(gpointer data)
{
    Progress *progress = data;
    progress->turn++;
    draw_live(progress);
    return G_SOURCE_CONTINUE;
}

static void print_stage(const Progress *progress)
{
    fprintf(progress->stream, "%s  %5.1f s  %-11s %s\n", progress->live ? ERASE_LINE : "",
            seconds_since(progress->began_us, progress->stage_us), progress->stage, progress->text);
    fflush(progress->stream);
}

static FILE *stream_of(const Options *options)
{
    if (options->json)
        return options->verbose ? stderr : NULL;
    return options->quiet ? NULL : stdout;
}

Progress *progress_new(const Options *options)
{
    Progress *progress = g_new0(Progress, 1);
    progress->stream = stream_of(options);
    progress->live = progress->stream && terminal_is_live(progress->stream);
    progress->began_us = g_get_monotonic_time();
    return progress;
}

void progress_free(Progress *progress)
{
    if (!progress)
        return;
    if (progress->timer)
        g_source_remove(progress->timer);
    if (progress->live && progress->stage)
        print_stage(progress);
    g_free(progress->stage);
    g_free(progress->text);
    g_free(progress);
}

static void replace_stage(Progress *progress, const char *stage, const char *text)
{
    g_free(progress->stage);
    g_free(progress->text);
    progress->stage = text_clean(stage);
    progress->text = text_clean(text);
    progress->stage_us = g_get_monotonic_time();
}

void progress_stage(Progress *progress, const char *stage, const char *text)
{
    if (!progress->stream)
        return;
    if (progress->live && progress->stage)
        print_stage(progress);
    replace_stage(progress, stage, text);
    if (!progress->live) {
        print_stage(progress);
        return;
    }
    draw_live(progress);
    if (!progress->timer)
        progress->timer = g_timeout_add(TURN_MS, on_turn, progress);
}

static void on_progress(const char *speaker, const char *stage, const char *text, void *data)
{
    progress_stage(data, stage, text);
}

/* PairingDeadline: CLOCK_MONOTONIC in microseconds, 0 for none. */
static void on_changed(const char *path, const char *interface, GVariant *changed, void *data)
{
    Progress *progress = data;
    uint64_t deadline_us;
    if (strcmp(interface, ECHOCAST_MANAGER_INTERFACE) == 0 &&
        g_variant_lookup(changed, "PairingDeadline", "t", &deadline_us))
        progress->deadline_us = (int64_t)deadline_us;
}

const ClientEvents progress_events = {.progress = on_progress, .changed = on_changed};
