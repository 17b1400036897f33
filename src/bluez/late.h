/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Late: answers that are known at once and given from the main loop all the same, since nobody is
 * called back from inside his own call. In order. Main loop only; owned by Bluez. */
#pragma once

#include "base/address.h"

typedef struct Late Late;

typedef void (*LateAnswer)(const Address *address, const GError *error, void *data);

Late *late_new(void);
/* What is still owed is dropped. */
void late_free(Late *late);
/* Takes the error, which may be NULL. */
void late_answer(Late *late, LateAnswer answer, const Address *address, GError *error, void *data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Late, late_free)
