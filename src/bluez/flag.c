/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "flag.h"
#include "errors.h"
#include "names.h"

/* Against another program that holds the flag the other way: then it wins, and the log says so. */
#define TRIES_MAX     8
#define BUSY_PAUSE_MS 100
/* A controller that is there answers in tens of milliseconds. */
#define FAREWELL_MS 500

#define PROPERTIES "org.freedesktop.DBus.Properties"

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
    flag->sent = false;
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

/* Last words */

typedef struct {
    const char *property;
    bool on;
    bool out; /* of time */
} Farewell;

static void on_properties_changed(GDBusConnection *bus, const char *sender, const char *path,
                                  const char *interface, const char *signal, GVariant *parameters,
                                  gpointer data)
{
    Farewell *farewell = data;
    g_autoptr(GVariant) changed = NULL;
    gboolean on = FALSE;

    if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(sa{sv}as)")))
        return;
    changed = g_variant_get_child_value(parameters, 1);
    if (g_variant_lookup(changed, farewell->property, "b", &on))
        farewell->on = on;
}

static gboolean on_farewell_over(gpointer data)
{
    Farewell *farewell = data;

    farewell->out = true;
    return G_SOURCE_REMOVE;
}

/* False: bluetoothd does not say. */
static bool flag_ask(const Flag *flag, bool *on)
{
    g_autoptr(GVariant) value = NULL;
    g_autoptr(GVariant) reply = g_dbus_connection_call_sync(
        objects_bus(flag->objects), objects_owner(flag->objects), flag->adapter, PROPERTIES, "Get",
        g_variant_new("(ss)", BLUEZ_ADAPTER, flag->property), G_VARIANT_TYPE("(v)"),
        G_DBUS_CALL_FLAGS_NO_AUTO_START, FAREWELL_MS, NULL, NULL);

    if (!reply)
        return false;
    g_variant_get(reply, "(v)", &value);
    *on = g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN) && g_variant_get_boolean(value);
    return true;
}

/* In a context of its own: nobody else's events are handled while we leave. */
static void flag_await_on(const Flag *flag)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GSource) timer = g_timeout_source_new(FAREWELL_MS);
    Farewell farewell = {.property = flag->property};

    g_main_context_push_thread_default(context);
    g_source_set_callback(timer, on_farewell_over, &farewell, NULL);
    g_source_attach(timer, context);
    guint subscription = g_dbus_connection_signal_subscribe(
        objects_bus(flag->objects), objects_owner(flag->objects), PROPERTIES, "PropertiesChanged",
        flag->adapter, BLUEZ_ADAPTER, G_DBUS_SIGNAL_FLAGS_NONE, on_properties_changed, &farewell,
        NULL);
    /* It may have come before we listened. */
    bool waiting = flag_ask(flag, &farewell.on);
    while (waiting && !farewell.on && !farewell.out)
        g_main_context_iteration(context, TRUE);
    g_dbus_connection_signal_unsubscribe(objects_bus(flag->objects), subscription);
    g_source_destroy(timer);
    g_main_context_pop_thread_default(context);
}

void flag_say_off(Flag *flag)
{
    const bool coming = flag->setting && flag->sent;

    if (!flag->adapter || !objects_owner(flag->objects))
        return;
    if (!flag->sent && !objects_bool(flag->objects, flag->adapter, BLUEZ_ADAPTER, flag->property))
        return;
    if (coming)
        flag_await_on(flag);
    calls_say(flag->calls, flag->adapter, PROPERTIES, "Set",
              g_variant_new("(ssv)", BLUEZ_ADAPTER, flag->property, g_variant_new_boolean(FALSE)));
}
