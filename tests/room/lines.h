/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * lines: reads a file descriptor line by line from the main loop.
 */
#pragma once

/* `line` is NULL once, at the end of the input. */
typedef void (*LinesFunc)(const char *line, void *data);

/* Watches fd as long as the program runs. */
void lines_watch(int fd, LinesFunc func, void *data);
