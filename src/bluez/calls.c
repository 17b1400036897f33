/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "calls.h"
#include "names.h"

#define RETRIES_SOON  5
#define RETRY_SOON_S  1
#define RETRY_LATER_S 30

struct Calls {
    const Objects *objects;
    GCancellable *cancellable;
};

typedef struct {
    GCancellable *cancellable;
    char *what; /* for the log */
    gint64 began_us;
    CallDone done;
    void *data;
} Call;

static void call_free(Call *call)
{
    g_object_unref(call->cancellable);
    g_free(call->what);
    g_free(call);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Call, call_free)

unsigned calls_retry_pause_s(unsigned failures)
{
    return failures <= RETRIES_SOON ? RETRY_SOON_S : RETRY_LATER_S;
}

Calls *calls_new(const Objects *objects)
{
    Calls *calls = g_new0(Calls, 1);

    calls->objects = objects;
    calls->cancellable = g_cancellable_new();
    return calls;
}

void calls_free(Calls *calls)
{
    if (!calls)
        return;
    g_cancellable_cancel(calls->cancellable);
    g_object_unref(calls->cancellable);
    g_free(calls);
}

void calls_forget(Calls *calls)
{
    g_cancellable_cancel(calls->cancellable);
    g_object_unref(calls->cancellable);
    calls->cancellable = g_cancellable_new();
}

static void on_reply(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(Call) call = data;
    g_autoptr(GUnixFDList) fds = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) reply = g_dbus_connection_call_with_unix_fd_list_finish(
        G_DBUS_CONNECTION(source), &fds, result, &error);

    if (g_cancellable_is_cancelled(call->cancellable))
        return;
    g_debug("%s: %s after %" G_GINT64_FORMAT " ms", call->what, error ? error->message : "done",
            (g_get_monotonic_time() - call->began_us) / 1000);
    if (call->done)
        call->done(reply, fds, error, call->data);
    else if (error)
        g_info("%s: %s", call->what, error->message);
}

static void calls_send(Calls *calls, const char *path, const char *interface, const char *method,
                       GVariant *arguments, int timeout_ms, Call *call)
{
    const char *owner = objects_owner(calls->objects);

    call->cancellable = g_object_ref(calls->cancellable);
    call->began_us = g_get_monotonic_time();
    g_dbus_connection_call_with_unix_fd_list(
        objects_bus(calls->objects), owner ? owner : BLUEZ_NAME, path, interface, method, arguments,
        NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, timeout_ms, NULL, call->cancellable, on_reply, call);
}

void calls_make(Calls *calls, const char *path, const char *interface, const char *method,
                GVariant *arguments, int timeout_ms, CallDone done, void *data)
{
    Call *call = g_new0(Call, 1);

    call->what = g_strdup_printf("%s of %s", method, path);
    call->done = done;
    call->data = data;
    calls_send(calls, path, interface, method, arguments, timeout_ms, call);
}

void calls_set(Calls *calls, const char *path, const char *interface, const char *property,
               GVariant *value, CallDone done, void *data)
{
    Call *call = g_new0(Call, 1);

    call->what = g_strdup_printf("Set %s of %s", property, path);
    call->done = done;
    call->data = data;
    calls_send(calls, path, "org.freedesktop.DBus.Properties", "Set",
               g_variant_new("(ssv)", interface, property, value), CALL_TIMEOUT_MS, call);
}

void calls_say(Calls *calls, const char *path, const char *interface, const char *method,
               GVariant *arguments)
{
    const char *owner = objects_owner(calls->objects);

    g_dbus_connection_call(objects_bus(calls->objects), owner ? owner : BLUEZ_NAME, path, interface,
                           method, arguments, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL,
                           NULL);
}
