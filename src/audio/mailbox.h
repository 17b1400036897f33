/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Mailbox: a ring of messages from one thread to one other, with an eventfd that wakes the reader.
 * Neither end ever waits, locks or allocates. Single producer, single consumer; C11 atomics. */
#pragma once

#include "audio/engine.h"

typedef struct Stream Stream;

typedef enum {
    /* main loop -> audio thread */
    MAIL_ADD,    /* object: the stream now belongs to the thread */
    MAIL_REMOVE, /* stream */
    MAIL_TONE,   /* stream, tone */
    MAIL_QUIT,
    /* audio thread -> main loop */
    MAIL_CAPTURE,   /* value: a CaptureState; text */
    MAIL_PLAYER,    /* value: 1 plays, 0 does not */
    MAIL_FLOWS,     /* stream */
    MAIL_SILENT,    /* stream */
    MAIL_LOST,      /* stream, value: errno; the stream belongs to the main loop again */
    MAIL_REMOVED,   /* stream; the same */
    MAIL_TONE_DONE, /* stream, value: packets */
} MailKind;

#define MAIL_TEXT_SIZE 160

typedef struct {
    MailKind kind;
    EngineStream stream;
    uint64_t value;
    Stream *object;
    Tone tone;
    char text[MAIL_TEXT_SIZE];
} Mail;

typedef struct Mailbox Mailbox;

Mailbox *mailbox_new(GError **error);
void mailbox_free(Mailbox *mailbox);
/* Readable when there is mail, or when the writer rang without any. */
int mailbox_fd(const Mailbox *mailbox);

/* The writer's end. False: full, nothing was posted; the reader then tells by mailbox_was_full. */
bool mailbox_post(Mailbox *mailbox, const Mail *mail);
/* Wakes the reader without a message. */
void mailbox_ring(Mailbox *mailbox);

/* The reader's end: silence the bell first, then take until nothing is left. */
void mailbox_hush(Mailbox *mailbox);
bool mailbox_take(Mailbox *mailbox, Mail *mail);
bool mailbox_is_empty(const Mailbox *mailbox);
/* True once after the writer found the mailbox full: tell it that there is room again. */
bool mailbox_was_full(Mailbox *mailbox);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Mailbox, mailbox_free)
