/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Fuzz: one entry a parser of what comes from the air, from disk or from a user. libFuzzer drives it
 * where it is built with; else driver.c does, with the corpus and seeded random inputs. */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
