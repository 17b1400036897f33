/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "audio/engine.h"

#include "audio/mailbox.h"
#include "audio/pump.h"
#include "audio/stream.h"
#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

/* A stream as the main loop sees it: from engine_add_stream until its end was reported. */
typedef struct {
    Stream *stream; /* the thread's while it is there; only its stats are read here */
    bool removing;
} Slot;

struct Engine {
    EngineEvents events;
    void *data;
    unsigned rate_hz;
    Mailbox *to_thread;
    Mailbox *to_main;
    GSource *source;
    Pump *pump;
    pthread_t thread;
    bool has_thread;
    CaptureState capture_state;
    bool player_active;
    EngineStream last_number;
    Slot slots[PUMP_STREAMS_MAX];
};

static Slot *find_slot(Engine *engine, EngineStream number)
{
    for (unsigned i = 0; number != 0 && i < PUMP_STREAMS_MAX; i++) {
        Slot *slot = &engine->slots[i];

        if (slot->stream != NULL && stream_number(slot->stream) == number)
            return slot;
    }
    return NULL;
}

static Slot *free_slot(Engine *engine)
{
    for (unsigned i = 0; i < PUMP_STREAMS_MAX; i++) {
        if (engine->slots[i].stream == NULL)
            return &engine->slots[i];
    }
    return NULL;
}

/* --- mail from the thread --- */

static void handle_end(Engine *engine, const Mail *mail)
{
    Slot *slot = find_slot(engine, mail->stream);
    bool asked_for;

    g_return_if_fail(slot != NULL);
    asked_for = slot->removing;
    g_clear_pointer(&slot->stream, stream_free);
    slot->removing = false;
    /* Each stream ends once: one that died while being removed is removed. */
    if (asked_for)
        engine->events.stream_removed(mail->stream, engine->data);
    else
        engine->events.stream_lost(mail->stream, (int)mail->value, engine->data);
}

static void handle_mail(Engine *engine, const Mail *mail)
{
    const EngineEvents *events = &engine->events;

    switch (mail->kind) {
    case MAIL_CAPTURE:
        engine->capture_state = (CaptureState)mail->value;
        events->capture_changed(engine->capture_state, mail->text, engine->data);
        break;
    case MAIL_PLAYER:
        engine->player_active = mail->value != 0;
        events->player_changed(engine->player_active, engine->data);
        break;
    case MAIL_FLOWS:
        events->stream_flows(mail->stream, engine->data);
        break;
    case MAIL_SILENT:
        events->stream_silent(mail->stream, engine->data);
        break;
    case MAIL_TONE_DONE:
        events->tone_done(mail->stream, mail->value, engine->data);
        break;
    case MAIL_LOST:
    case MAIL_REMOVED:
        handle_end(engine, mail);
        break;
    case MAIL_ADD:
    case MAIL_REMOVE:
    case MAIL_TONE:
    case MAIL_QUIT:
        g_assert_not_reached();
    }
}

typedef struct {
    GSource source;
    Engine *engine;
    gpointer bell;
} MailSource;

static gboolean mail_prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return !mailbox_is_empty(((MailSource *)source)->engine->to_main);
}

static gboolean mail_check(GSource *source)
{
    const MailSource *mail_source = (MailSource *)source;
    Mailbox *mailbox = mail_source->engine->to_main;

    if (g_source_query_unix_fd(source, mail_source->bell) != 0)
        mailbox_hush(mailbox);
    return !mailbox_is_empty(mailbox);
}

/* One a time, and nothing touched after it: the callback may free the engine. */
static gboolean mail_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    Engine *engine = ((MailSource *)source)->engine;
    Mail mail;
    bool taken = mailbox_take(engine->to_main, &mail);

    if (mailbox_was_full(engine->to_main))
        mailbox_ring(engine->to_thread);
    if (taken)
        handle_mail(engine, &mail);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs mail_functions = {
    .prepare = mail_prepare,
    .check = mail_check,
    .dispatch = mail_dispatch,
};

static GSource *mail_source_new(Engine *engine)
{
    GSource *source = g_source_new(&mail_functions, sizeof(MailSource));
    MailSource *mail_source = (MailSource *)source;

    mail_source->engine = engine;
    mail_source->bell = g_source_add_unix_fd(source, mailbox_fd(engine->to_main), G_IO_IN);
    g_source_set_static_name(source, "audio engine");
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

/* --- the thread's life --- */

static int create_thread(Engine *engine, int rt_priority)
{
    pthread_attr_t attributes;
    int error_number;

    pthread_attr_init(&attributes);
    if (rt_priority > 0) {
        const struct sched_param parameters = {.sched_priority = rt_priority};

        pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
        pthread_attr_setschedpolicy(&attributes, SCHED_RR);
        pthread_attr_setschedparam(&attributes, &parameters);
    }
    error_number = pthread_create(&engine->thread, &attributes, pump_run, engine->pump);
    pthread_attr_destroy(&attributes);
    return error_number;
}

static bool start_thread(Engine *engine, int rt_priority, GError **error)
{
    sigset_t all;
    sigset_t before;
    int error_number;

    /* Signals are the main loop's business: the thread inherits them blocked. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error_number = create_thread(engine, rt_priority);
    if (error_number != 0 && rt_priority > 0) {
        g_message("audio thread: no real-time priority %d (%s): sound may stutter under load; "
                  "allow it by LimitRTPRIO",
                  rt_priority, g_strerror(error_number));
        error_number = create_thread(engine, 0);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error_number != 0) {
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_FAILED, "audio thread: %s",
                    g_strerror(error_number));
        return false;
    }
    pthread_setname_np(engine->thread, "echocast-audio");
    engine->has_thread = true;
    return true;
}

Engine *engine_new(const EngineOptions *options, const EngineEvents *events, void *data,
                   GError **error)
{
    g_autoptr(Engine) engine = g_new0(Engine, 1);

    engine->events = *events;
    engine->data = data;
    engine->rate_hz = options->rate_hz;
    engine->capture_state = CAPTURE_MISSING;
    engine->to_thread = mailbox_new(error);
    if (engine->to_thread == NULL)
        return NULL;
    engine->to_main = mailbox_new(error);
    if (engine->to_main == NULL)
        return NULL;
    engine->source = mail_source_new(engine);
    engine->pump = pump_new(options, engine->to_thread, engine->to_main);
    if (!start_thread(engine, options->rt_priority, error))
        return NULL;
    return g_steal_pointer(&engine);
}

/* The slots hold every stream whose end was not dispatched yet, wherever it is now. */
void engine_free(Engine *engine)
{
    const Mail quit = {.kind = MAIL_QUIT};

    if (engine == NULL)
        return;
    if (engine->has_thread) {
        mailbox_post(engine->to_thread, &quit);
        pthread_join(engine->thread, NULL);
    }
    if (engine->source != NULL) {
        g_source_destroy(engine->source);
        g_source_unref(engine->source);
    }
    pump_free(engine->pump);
    for (unsigned i = 0; i < PUMP_STREAMS_MAX; i++)
        stream_free(engine->slots[i].stream);
    mailbox_free(engine->to_thread);
    mailbox_free(engine->to_main);
    g_free(engine);
}

/* --- commands --- */

/* There are never more streams than slots, so a full mailbox means a thread that stands still. */
static void post(Engine *engine, const Mail *mail)
{
    if (!mailbox_post(engine->to_thread, mail))
        g_critical("the audio thread does not read its mail any more");
}

EngineStream engine_add_stream(Engine *engine, int fd, size_t mtu, const SbcConfig *config,
                               GError **error)
{
    fd_auto owned = fd;
    Slot *slot = free_slot(engine);
    Mail mail = {.kind = MAIL_ADD};

    if (slot == NULL) {
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_TOO_MANY_SPEAKERS,
                    "%d streams at once are all", PUMP_STREAMS_MAX);
        return 0;
    }
    if (config->rate_hz != engine->rate_hz) {
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_INCOMPATIBLE,
                    "the stream wants %u Hz, the loopback has %u Hz: nothing is resampled",
                    config->rate_hz, engine->rate_hz);
        return 0;
    }
    mail.object = stream_new(engine->last_number + 1, fd_steal(&owned), mtu, config, error);
    if (mail.object == NULL)
        return 0;
    *slot = (Slot){.stream = mail.object};
    post(engine, &mail);
    return ++engine->last_number;
}

void engine_remove_stream(Engine *engine, EngineStream stream)
{
    const Mail mail = {.kind = MAIL_REMOVE, .stream = stream};
    Slot *slot = find_slot(engine, stream);

    if (slot == NULL || slot->removing)
        return;
    slot->removing = true;
    post(engine, &mail);
}

void engine_play_tone(Engine *engine, EngineStream stream, const Tone *tone)
{
    const Mail mail = {.kind = MAIL_TONE, .stream = stream, .tone = *tone};

    g_return_if_fail(tone->frequency_hz > 0 && tone->frequency_hz < engine->rate_hz / 2);
    if (find_slot(engine, stream) != NULL)
        post(engine, &mail);
}

bool engine_read_counters(Engine *engine, EngineStream stream, StreamCounters *counters)
{
    Slot *slot = find_slot(engine, stream);

    if (slot == NULL)
        return false;
    stream_stats_read(stream_stats(slot->stream), counters);
    return true;
}

CaptureState engine_capture_state(const Engine *engine)
{
    return engine->capture_state;
}

bool engine_player_active(const Engine *engine)
{
    return engine->player_active;
}
