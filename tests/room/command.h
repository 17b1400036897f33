/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * command: the speaker's orders. One a line on standard input, each answered by one line on
 * standard output: {"reply":command,"ok":bool,…}, "error" if it is not ok.
 */
#pragma once

#include "speaker.h"

/* A LinesFunc whose data is the Speaker. */
void command_line(const char *line, void *speaker);
/* Answers a command that was carried out. */
void command_reply_ok(const char *command);
