/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Progress: the stages of something that takes seconds. One line a stage; on a live terminal the
 * last line turns, counts and says how long the search still runs. */
#pragma once

#include "ctl/client.h"
#include "ctl/options.h"

#include <glib.h>
#include <stdint.h>

typedef struct Progress Progress;

/* Where the options want it: standard output, standard error (--json -v), or nowhere. */
Progress *progress_new(const Options *options);
/* Leaves the cursor at the beginning of an empty line. */
void progress_free(Progress *progress);
void progress_stage(Progress *progress, const char *stage, const char *text);
/* For client_watch, with a Progress as data: shows what the daemon announces. */
extern const ClientEvents progress_events;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)
