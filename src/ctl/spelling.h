/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Spelling: which known word somebody probably meant. Pure. */
#pragma once

#include <glib.h>

/* The nearest of the words (NULL-terminated), NULL if none is near. */
const char *spelling_nearest(const char *word, const char *const *known);
