/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Calls: the method calls to bluetoothd that one module has under way. Freeing or forgetting them
 * drops their answers: a late one touches nobody. Main loop only; owned by the module that makes
 * them. */
#pragma once

#include "objects.h"

#include <gio/gunixfdlist.h>

typedef struct Calls Calls;

/* Exactly one of reply and error is set; fds may be NULL. All three are the caller's to look at
 * only. */
typedef void (*CallDone)(GVariant *reply, GUnixFDList *fds, const GError *error, void *data);

/* For calls without a time of their own. GDBus's default of 25 s is too short for most of BlueZ. */
#define CALL_TIMEOUT_MS 30000

/* Before a registration is tried again that failed so many times: soon at first, for ever slowly.
 */
unsigned calls_retry_pause_s(unsigned failures);

Calls *calls_new(const Objects *objects);
void calls_free(Calls *calls);
/* What is under way will not be answered; new calls may be made. */
void calls_forget(Calls *calls);

/* arguments: a tuple, floating or NULL. done may be NULL: then only a failure is logged. */
void calls_make(Calls *calls, const char *path, const char *interface, const char *method,
                GVariant *arguments, int timeout_ms, CallDone done, void *data);
/* Sets a property. */
void calls_set(Calls *calls, const char *path, const char *interface, const char *property,
               GVariant *value, CallDone done, void *data);
/* Last words: nobody will be there to hear the answer. */
void calls_say(Calls *calls, const char *path, const char *interface, const char *method,
               GVariant *arguments);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Calls, calls_free)
