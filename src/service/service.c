/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/service.h"

#include "service/access.h"
#include "service/manager_object.h"
#include "service/method.h"
#include "service/speaker_object.h"

#include <echocast/names.h>

struct Service {
    ServiceCalls calls;
    void *data;
    MethodHook hook;
    Access *access;
    ManagerObject *manager;
    GDBusObjectManagerServer *objects;
    GHashTable *speakers; /* Address -> SpeakerObject */
};

static const Method *find(GDBusMethodInvocation *invocation)
{
    return method_find(g_dbus_method_invocation_get_interface_name(invocation),
                       g_dbus_method_invocation_get_method_name(invocation));
}

static void on_granted(GDBusMethodInvocation *invocation, void *data)
{
    Service *service = data;

    method_run(find(invocation), request_new(invocation), &service->calls, service->data);
}

static void on_gone(const char *client, void *data)
{
    Service *service = data;

    service->calls.client_gone(client, service->data);
}

/* Every method call of ours passes here. */
static void on_call(GDBusMethodInvocation *invocation, void *data)
{
    Service *service = data;
    const Method *method = find(invocation);

    /* A method that stands in the XML and not in the table is a programmer's error. */
    g_assert(method);
    if (method_needs_control(method))
        access_ask(service->access, invocation);
    else
        on_granted(invocation, service);
}

static Service *service_make(GDBusConnection *bus, const ServiceCalls *calls, void *data)
{
    static const AccessEvents EVENTS = {.granted = on_granted, .gone = on_gone};
    Service *service = g_new0(Service, 1);

    service->calls = *calls;
    service->data = data;
    service->access = access_new(bus, ECHOCAST_CONTROL_GROUP, &EVENTS, service);
    service->hook = (MethodHook){.called = on_call, .data = service};
    service->manager = manager_object_new(&service->hook);
    service->objects = g_dbus_object_manager_server_new(ECHOCAST_OBJECT_PATH);
    service->speakers = g_hash_table_new_full(address_hash_key, address_equal_key, g_free,
                                              (GDestroyNotify)speaker_object_free);
    return service;
}

Service *service_new(GDBusConnection *bus, const ServiceCalls *calls, void *data, GError **error)
{
    g_autoptr(Service) service = service_make(bus, calls, data);

    /* The ObjectManager's own path is no object of its: Manager1 is exported beside it. */
    if (!g_dbus_interface_skeleton_export(manager_object_skeleton(service->manager), bus,
                                          ECHOCAST_OBJECT_PATH, error)) {
        g_prefix_error(error, "cannot export %s: ", ECHOCAST_OBJECT_PATH);
        return NULL;
    }
    g_dbus_object_manager_server_set_connection(service->objects, bus);
    return g_steal_pointer(&service);
}

static void withdraw(Service *service, SpeakerObject *speaker)
{
    GDBusObject *object = G_DBUS_OBJECT(speaker_object_skeleton(speaker));

    g_dbus_object_manager_server_unexport(service->objects, g_dbus_object_get_object_path(object));
}

static void withdraw_all(Service *service)
{
    GHashTableIter iter;
    void *speaker;

    g_hash_table_iter_init(&iter, service->speakers);
    while (g_hash_table_iter_next(&iter, NULL, &speaker)) {
        withdraw(service, speaker);
        g_hash_table_iter_remove(&iter);
    }
}

void service_free(Service *service)
{
    GDBusInterfaceSkeleton *manager;

    if (!service)
        return;
    manager = manager_object_skeleton(service->manager);
    if (g_dbus_interface_skeleton_get_connection(manager))
        g_dbus_interface_skeleton_unexport(manager);
    withdraw_all(service);
    g_dbus_object_manager_server_set_connection(service->objects, NULL);
    access_free(service->access);
    g_hash_table_unref(service->speakers);
    g_object_unref(service->objects);
    manager_object_free(service->manager);
    g_free(service);
}

void service_publish_manager(Service *service, const ManagerFacts *facts)
{
    manager_object_publish(service->manager, facts);
}

void service_publish_speaker(Service *service, const SpeakerFacts *facts)
{
    SpeakerObject *speaker = g_hash_table_lookup(service->speakers, &facts->address);

    if (speaker) {
        speaker_object_publish(speaker, facts);
        return;
    }
    speaker = speaker_object_new(facts, &service->hook);
    g_hash_table_insert(service->speakers, g_memdup2(&facts->address, sizeof(Address)), speaker);
    g_dbus_object_manager_server_export(service->objects, speaker_object_skeleton(speaker));
}

void service_withdraw_speaker(Service *service, const Address *address)
{
    SpeakerObject *speaker = g_hash_table_lookup(service->speakers, address);

    if (!speaker)
        return;
    withdraw(service, speaker);
    g_hash_table_remove(service->speakers, address);
}

void service_publish_stream(Service *service, const Address *address, const StreamFacts *facts)
{
    SpeakerObject *speaker = g_hash_table_lookup(service->speakers, address);

    g_return_if_fail(speaker || !facts);
    if (speaker)
        speaker_object_publish_stream(speaker, facts);
}

void service_announce_progress(Service *service, const Address *address, const char *stage,
                               const char *text)
{
    manager_object_announce(service->manager, address, stage, text);
}
