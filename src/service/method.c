/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/method.h"

#include <echocast/names.h>

#include <string.h>

struct Method {
    const char *interface;
    const char *name;
    bool control;
    void (*run)(Request *request, const ServiceCalls *calls, void *data);
};

static void start_scan(Request *request, const ServiceCalls *calls, void *data)
{
    g_autoptr(GVariant) options = g_variant_get_child_value(request_arguments(request), 0);
    g_autoptr(GError) error = NULL;
    ScanWish wish;

    if (wish_parse_scan(options, &wish, &error))
        calls->start_scan(request, wish.all, wish.timeout_s, data);
    else
        request_fail(request, error);
}

static void stop_scan(Request *request, const ServiceCalls *calls, void *data)
{
    calls->stop_scan(request, data);
}

/* The daemon may answer, and so free, the request at once: what it is given is held here. */
static void pair(Request *request, const ServiceCalls *calls, void *data)
{
    g_autoptr(GVariant) arguments = g_variant_ref(request_arguments(request));
    g_autoptr(GVariant) options = g_variant_get_child_value(arguments, 1);
    g_autoptr(GError) error = NULL;
    const char *selector;
    PairWish wish;

    g_variant_get_child(arguments, 0, "&s", &selector);
    if (wish_parse_pair(options, &wish, &error))
        calls->pair(request, selector, &wish, data);
    else
        request_fail(request, error);
}

static void cancel_pairing(Request *request, const ServiceCalls *calls, void *data)
{
    calls->cancel_pairing(request, data);
}

static void test_tone(Request *request, const ServiceCalls *calls, void *data)
{
    g_autoptr(GVariant) arguments = g_variant_ref(request_arguments(request));
    g_autoptr(GVariant) options = g_variant_get_child_value(arguments, 1);
    g_autoptr(GError) error = NULL;
    const char *selector;
    ToneWish wish;

    g_variant_get_child(arguments, 0, "&s", &selector);
    if (wish_parse_tone(options, &wish, &error))
        calls->test_tone(request, selector, &wish, data);
    else
        request_fail(request, error);
}

typedef void SelectorCall(Request *request, const char *selector, void *data);

/* Manager1.Connect("kitchen") has its selector as argument, Speaker1.Connect() is on it. */
static void run_selector(Request *request, SelectorCall *call, void *data)
{
    g_autofree char *selector = NULL;

    if (g_variant_n_children(request_arguments(request)) > 0)
        g_variant_get_child(request_arguments(request), 0, "s", &selector);
    else
        selector = g_strdup(request_path(request));
    call(request, selector, data);
}

static void connect_speaker(Request *request, const ServiceCalls *calls, void *data)
{
    run_selector(request, calls->connect, data);
}

static void disconnect_speaker(Request *request, const ServiceCalls *calls, void *data)
{
    run_selector(request, calls->disconnect, data);
}

static void forget_speaker(Request *request, const ServiceCalls *calls, void *data)
{
    run_selector(request, calls->forget, data);
}

static void get_counters(Request *request, const ServiceCalls *calls, void *data)
{
    Address address = {0};

    /* The object is ours, so its path always has an address in it. */
    g_return_if_fail(address_parse_path(request_path(request), &address));
    calls->get_counters(request, &address, data);
}

static const Method METHODS[] = {
    /* interface, method, changes something, */
    {ECHOCAST_MANAGER_INTERFACE, "StartScan", true, start_scan},
    {ECHOCAST_MANAGER_INTERFACE, "StopScan", true, stop_scan},
    {ECHOCAST_MANAGER_INTERFACE, "Pair", true, pair},
    {ECHOCAST_MANAGER_INTERFACE, "CancelPairing", true, cancel_pairing},
    {ECHOCAST_MANAGER_INTERFACE, "Connect", true, connect_speaker},
    {ECHOCAST_MANAGER_INTERFACE, "Disconnect", true, disconnect_speaker},
    {ECHOCAST_MANAGER_INTERFACE, "Forget", true, forget_speaker},
    {ECHOCAST_MANAGER_INTERFACE, "TestTone", true, test_tone},
    {ECHOCAST_SPEAKER_INTERFACE, "Connect", true, connect_speaker},
    {ECHOCAST_SPEAKER_INTERFACE, "Disconnect", true, disconnect_speaker},
    {ECHOCAST_SPEAKER_INTERFACE, "Forget", true, forget_speaker},
    {ECHOCAST_STREAM_INTERFACE, "GetCounters", false, get_counters},
};

const Method *method_find(const char *interface, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(METHODS); i++) {
        if (strcmp(METHODS[i].interface, interface) == 0 && strcmp(METHODS[i].name, name) == 0)
            return &METHODS[i];
    }
    return NULL;
}

bool method_needs_control(const Method *method)
{
    return method->control;
}

void method_run(const Method *method, Request *request, const ServiceCalls *calls, void *data)
{
    method->run(request, calls, data);
}

/* gdbus-codegen makes a signal "handle-NAME" for each method, with arguments of its own; a
 * marshaller of ours needs none of them but the invocation, which has them all. True in the result:
 * we take it. */
static void marshal(GClosure *closure, GValue *result, guint count, const GValue *values,
                    void *hint, void *marshal_data)
{
    const MethodHook *hook = closure->data;

    hook->called(g_value_get_object(&values[1]), hook->data);
    g_value_set_boolean(result, TRUE);
}

static void free_hook(void *hook, GClosure *closure)
{
    g_free(hook);
}

static void hook_signal(GDBusInterfaceSkeleton *skeleton, guint id, const MethodHook *hook)
{
    GClosure *closure = g_closure_new_simple(sizeof(GClosure), g_memdup2(hook, sizeof(*hook)));

    g_closure_add_finalize_notifier(closure, closure->data, free_hook);
    g_closure_set_marshal(closure, marshal);
    g_signal_connect_closure_by_id(skeleton, id, 0, closure, FALSE);
}

void method_hook(GDBusInterfaceSkeleton *skeleton, GType interface, const MethodHook *hook)
{
    guint count;
    g_autofree guint *ids = g_signal_list_ids(interface, &count);

    for (guint i = 0; i < count; i++) {
        if (g_str_has_prefix(g_signal_name(ids[i]), "handle-"))
            hook_signal(skeleton, ids[i], hook);
    }
}
