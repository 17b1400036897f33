/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "late.h"

typedef struct {
    LateAnswer answer;
    Address address;
    GError *error;
    void *data;
} Owed;

struct Late {
    GQueue owed; /* Owed */
    guint idle;
};

static void owed_free(gpointer data)
{
    Owed *owed = data;

    g_clear_error(&owed->error);
    g_free(owed);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Owed, owed_free)

static gboolean on_idle(gpointer data)
{
    Late *late = data;
    g_autoptr(Owed) owed = g_queue_pop_head(&late->owed);
    bool more = !g_queue_is_empty(&late->owed);

    if (!more)
        late->idle = 0;
    owed->answer(&owed->address, owed->error, owed->data);
    return more ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

Late *late_new(void)
{
    Late *late = g_new0(Late, 1);

    g_queue_init(&late->owed);
    return late;
}

void late_free(Late *late)
{
    if (!late)
        return;
    if (late->idle)
        g_source_remove(late->idle);
    g_queue_clear_full(&late->owed, owed_free);
    g_free(late);
}

void late_answer(Late *late, LateAnswer answer, const Address *address, GError *error, void *data)
{
    Owed *owed = g_new0(Owed, 1);

    owed->answer = answer;
    owed->address = *address;
    owed->error = error;
    owed->data = data;
    g_queue_push_tail(&late->owed, owed);
    if (!late->idle)
        late->idle = g_idle_add_full(G_PRIORITY_DEFAULT, on_idle, late, NULL);
}
