/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/spelling.h"

#include <string.h>

#define WORD_MAX 32
/* Three slips of the finger are another word. */
#define DISTANCE_MAX 2u

/* Edit distance in which two swapped neighbours count as one slip. Words here are short: a full
 * table is simplest. */
static unsigned distance(const char *a, const char *b)
{
    size_t rows = strlen(a);
    size_t columns = strlen(b);
    unsigned cost[WORD_MAX + 1][WORD_MAX + 1];
    if (rows > WORD_MAX || columns > WORD_MAX)
        return G_MAXUINT;
    for (size_t i = 0; i <= rows; i++) {
        for (size_t j = 0; j <= columns; j++) {
            if (i == 0 || j == 0) {
                cost[i][j] = (unsigned)(i + j);
                continue;
            }
            unsigned replace = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            cost[i][j] = MIN(replace, MIN(cost[i - 1][j], cost[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                cost[i][j] = MIN(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[rows][columns];
}

const char *spelling_nearest(const char *word, const char *const *known)
{
    const char *nearest = NULL;
    unsigned best = DISTANCE_MAX + 1;
    for (; *known; known++) {
        unsigned far = distance(word, *known);
        /* A beginning of three letters or more is as good as one slip. */
        if (strlen(word) >= 3 && g_str_has_prefix(*known, word))
            far = MIN(far, 1);
        if (far < best && far < strlen(*known)) {
            best = far;
            nearest = *known;
        }
    }
    return nearest;
}
