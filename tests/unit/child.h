/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Child: a program that runs beside the test, which meanwhile goes on answering it: what it prints
 * is collected by the main loop. On pipes, or with its standard output on a terminal of its own. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Child Child;

/* words: program and arguments, NULL-terminated. environment: "NAME=value" or "NAME" to unset, more
 * than the test's own; NULL for none. */
Child *child_new(const char *const *words, const char *const *environment, bool terminal);
void child_free(Child *child);
/* Until that was printed on standard output; fails the test if the child ends before. */
void child_await(Child *child, const char *text);
void child_signal(Child *child, int number);
/* Closes our end of its standard output: nobody reads any more. */
void child_close_output(Child *child);
/* Until it has ended; its exit code, or -1 if a signal ended it. */
int child_join(Child *child);
/* What came so far. */
const char *child_output(const Child *child);
const char *child_errors(const Child *child);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Child, child_free)
