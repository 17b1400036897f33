/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "flag.h"
#include "errors.h"
#include "names.h"

/* Against another program that holds the flag the other way: then it wins, and the log says so. */
#define TRIES_MAX     8
#define BUSY_PAUSE_MS 100

struct Flag {
    const Objects *objects;
    Calls *calls;
    const char *property;
    char *adapter;
    bool wanted;
    bool sent;    /* the value of the last call */
    bool setting; /* that call is under way */
    unsigned tries;
    guint pause;
    void (*done)(const GError *error, void *data);
    void *data;
};

static void flag_set(Flag *flag);

static void flag_answer(Flag *flag, const GError *error)
{
    void (*done)(const GError *error, void *data) = flag->done;

    flag->done = NULL;
    if (done)
        done(error, flag->data);
    else if (error)
        g_warning("%s of %s cannot be set: %s", flag->property, flag->adapter, error->message);
}

static gboolean on_pause_over(gpointer data)
{
    Flag *flag = data;

    flag->pause = 0;
    flag_set(flag);
    return G_SOURCE_REMOVE;
}

static void on_set(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    Flag *flag = data;

    flag->setting = false;
    if (error && errors_is(error, "Busy") && flag->tries < TRIES_MAX) {
        /* A change of bluetoothd's own is on its way to the kernel, which tells no end if the value
         * stays as it is. */
        flag->pause = g_timeout_add(BUSY_PAUSE_MS, on_pause_over, flag);
        return;
    }
    if (flag->sent != flag->wanted) {
        flag_set(flag);
        return;
    }
    flag_answer(flag, error);
}

static void flag_set(Flag *flag)
{
    if (flag->setting || flag->pause)
        return;
    if (flag->tries++ == TRIES_MAX)
        g_warning("Somebody else keeps changing %s of %s; leaving it", flag->property,
                  flag->adapter);
    if (flag->tries > TRIES_MAX)
        return;
    flag->setting = true;
    flag->sent = flag->wanted;
    calls_set(flag->calls, flag->adapter, BLUEZ_ADAPTER, flag->property,
              g_variant_new_boolean(flag->wanted), on_set, flag);
}

Flag *flag_new(const Objects *objects, const char *property)
{
    Flag *flag = g_new0(Flag, 1);

    flag->objects = objects;
    flag->calls = calls_new(objects);
    flag->property = property;
    return flag;
}

void flag_free(Flag *flag)
{
    if (!flag)
        return;
    flag_attach(flag, NULL);
    calls_free(flag->calls);
    g_free(flag);
}

void flag_attach(Flag *flag, const char *adapter)
{
    calls_forget(flag->calls);
    if (flag->pause)
        g_source_remove(flag->pause);
    flag->pause = 0;
    flag->setting = false;
    flag->tries = 0;
    flag->done = NULL;
    g_free(flag->adapter);
    flag->adapter = g_strdup(adapter);
}

void flag_settle(Flag *flag)
{
    if (flag->adapter &&
        objects_bool(flag->objects, flag->adapter, BLUEZ_ADAPTER, flag->property) != flag->wanted)
        flag_set(flag);
}

void flag_want(Flag *flag, bool value, void (*done)(const GError *error, void *data), void *data)
{
    flag->wanted = value;
    flag->done = done;
    flag->data = data;
    flag->tries = 0;
    if (flag->adapter)
        flag_set(flag);
}
