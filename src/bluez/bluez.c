/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "bluez.h"
#include "adapter.h"
#include "agent.h"
#include "device.h"
#include "endpoint.h"
#include "errand.h"
#include "late.h"
#include "names.h"
#include "objects.h"
#include "pairing.h"
#include "transport.h"

struct Bluez {
    GDBusConnection *bus;
    const BluezEvents *events;
    void *data;
    Objects *objects;
    Adapter *adapter;
    Agent *agent;
    Endpoints *endpoints;
    Transports *transports;
    Pairing *pairing;
    Errands *errands;
    Late *late;
    guint announcing;
    bool told; /* state_changed has been called, and is not owed */
    BluezFacts facts;
    char *alias; /* the string in facts */
};

/* Facts */

static BluezState bluez_state(const Bluez *bluez)
{
    if (!objects_here(bluez->objects))
        return BLUEZ_NOT_RUNNING;
    if (adapter_is_blocked(bluez->adapter))
        return BLUEZ_ADAPTER_BLOCKED;
    if (!adapter_path(bluez->adapter))
        return BLUEZ_NO_ADAPTER;
    if (!adapter_is_powered(bluez->adapter))
        return BLUEZ_ADAPTER_OFF;
    /* A moment as a rule. If it lasts, bluetoothd is what has to be looked after, not the power. */
    if (!agent_is_registered(bluez->agent) || !endpoints_are_registered(bluez->endpoints))
        return BLUEZ_NOT_RUNNING;
    return BLUEZ_READY;
}

void bluez_read_facts(const Bluez *bluez, BluezFacts *facts)
{
    *facts = (BluezFacts){
        .state = bluez_state(bluez),
        .adapter = adapter_address(bluez->adapter),
        .adapter_alias = adapter_alias(bluez->adapter),
        .discovering = adapter_is_discovering(bluez->adapter),
    };
}

static bool facts_equal(const BluezFacts *a, const BluezFacts *b)
{
    return a->state == b->state && address_equal(&a->adapter, &b->adapter) &&
           g_strcmp0(a->adapter_alias, b->adapter_alias) == 0 && a->discovering == b->discovering;
}

static EchocastError state_code(BluezState state)
{
    switch (state) {
    case BLUEZ_READY:
        break;
    case BLUEZ_NOT_RUNNING:
        return ECHOCAST_ERROR_BLUEZ_NOT_RUNNING;
    case BLUEZ_NO_ADAPTER:
        return ECHOCAST_ERROR_NO_ADAPTER;
    case BLUEZ_ADAPTER_BLOCKED:
        return ECHOCAST_ERROR_ADAPTER_BLOCKED;
    case BLUEZ_ADAPTER_OFF:
        return ECHOCAST_ERROR_ADAPTER_OFF;
    }
    return ECHOCAST_ERROR_FAILED;
}

static GError *state_error(BluezState state)
{
    EchocastError code = state_code(state);

    return state == BLUEZ_READY
               ? NULL
               : g_error_new_literal(ECHOCAST_ERROR, (int)code, error_meaning(code));
}

/* What is under way is over: bluetoothd's own answers to it come late, or blame something else. */
static void bluez_abort(Bluez *bluez, EchocastError code)
{
    pairing_abort(bluez->pairing, code);
    errands_abort(bluez->errands, code);
    if (!adapter_is_powered(bluez->adapter))
        transports_close_all(bluez->transports);
}

static void bluez_tell_state(Bluez *bluez)
{
    const BluezState before = bluez->facts.state;
    BluezFacts facts;

    bluez_read_facts(bluez, &facts);
    if (bluez->told && facts_equal(&facts, &bluez->facts))
        return;
    g_free(bluez->alias);
    bluez->alias = g_strdup(facts.adapter_alias);
    bluez->facts = facts;
    bluez->facts.adapter_alias = bluez->alias;
    bluez->told = true;
    bluez->events->state_changed(&facts, bluez->data);
    /* Said before the answers: none of them may blame an adapter that is still called ready. */
    if (before == BLUEZ_READY && facts.state != BLUEZ_READY)
        bluez_abort(bluez, state_code(facts.state));
}

static void bluez_tell_device(Bluez *bluez, const char *path)
{
    char text[ADDRESS_STRING_SIZE];
    DeviceFacts facts;

    if (adapter_owns(bluez->adapter, path) && device_read(bluez->objects, path, &facts, text))
        bluez->events->device_changed(&facts, bluez->data);
}

static void bluez_tell_devices(Bluez *bluez)
{
    g_auto(GStrv) paths = objects_paths(bluez->objects, BLUEZ_DEVICE);

    for (size_t i = 0; paths[i]; i++)
        bluez_tell_device(bluez, paths[i]);
}

/* What the mirror tells */

static void on_device_changed(Bluez *bluez, const char *path)
{
    Address address;

    if (!adapter_owns(bluez->adapter, path) || !device_address(path, &address))
        return;
    if (!device_is_linked(bluez->objects, path))
        transports_close_address(bluez->transports, &address);
    bluez_tell_device(bluez, path);
    errands_device_changed(bluez->errands, &address);
}

static void on_arrived(void *data)
{
    Bluez *bluez = data;

    adapter_update(bluez->adapter);
    if (objects_have(bluez->objects, BLUEZ_ROOT_PATH, BLUEZ_AGENT_MANAGER))
        agent_register(bluez->agent);
}

static void on_left(void *data)
{
    Bluez *bluez = data;

    agent_lost(bluez->agent);
    adapter_update(bluez->adapter);
}

static void on_device_removed(Bluez *bluez, const char *path)
{
    Address address;

    if (!adapter_owns(bluez->adapter, path) || !device_address(path, &address))
        return;
    transports_close_address(bluez->transports, &address);
    errands_device_removed(bluez->errands, &address);
    bluez->events->device_removed(&address, bluez->data);
}

static void on_changed(const char *path, const char *interface, void *data)
{
    Bluez *bluez = data;

    if (g_str_equal(interface, BLUEZ_DEVICE))
        on_device_changed(bluez, path);
    else if (g_str_equal(interface, BLUEZ_TRANSPORT))
        transports_changed(bluez->transports, path);
    else if (g_str_equal(interface, BLUEZ_ADAPTER))
        adapter_update(bluez->adapter);
}

static void on_added(const char *path, const char *interface, void *data)
{
    Bluez *bluez = data;

    if (g_str_equal(interface, BLUEZ_AGENT_MANAGER))
        agent_register(bluez->agent);
    else if (g_str_equal(interface, BLUEZ_MEDIA))
        endpoints_register(bluez->endpoints, adapter_path(bluez->adapter));
    else
        on_changed(path, interface, data);
}

static void on_removed(const char *path, const char *interface, void *data)
{
    Bluez *bluez = data;

    if (g_str_equal(interface, BLUEZ_DEVICE))
        on_device_removed(bluez, path);
    else if (g_str_equal(interface, BLUEZ_TRANSPORT))
        transports_close_path(bluez->transports, path);
    else if (g_str_equal(interface, BLUEZ_ADAPTER))
        adapter_update(bluez->adapter);
}

static const ObjectsEvents objects_events = {
    .arrived = on_arrived,
    .left = on_left,
    .added = on_added,
    .changed = on_changed,
    .removed = on_removed,
};

/* What the modules tell and ask */

static void on_devices_came(Bluez *bluez)
{
    g_auto(GStrv) paths = objects_paths(bluez->objects, BLUEZ_DEVICE);

    for (size_t i = 0; paths[i]; i++)
        on_device_changed(bluez, paths[i]);
}

static void on_adapter_replaced(void *data)
{
    Bluez *bluez = data;

    endpoints_register(bluez->endpoints, adapter_path(bluez->adapter));
    bluez_tell_state(bluez);
    /* What did not need a ready adapter, as a removal. */
    bluez_abort(bluez, objects_here(bluez->objects) ? ECHOCAST_ERROR_NO_ADAPTER
                                                    : ECHOCAST_ERROR_BLUEZ_NOT_RUNNING);
    transports_close_all(bluez->transports);
    bluez->events->devices_forgotten(bluez->data);
    on_devices_came(bluez);
}

static void on_facts_changed(void *data)
{
    bluez_tell_state(data);
}

static void on_inquiry_failed(void *data)
{
    Bluez *bluez = data;

    bluez->told = false;
    bluez_tell_state(bluez);
}

static const AdapterEvents adapter_events = {
    .replaced = on_adapter_replaced,
    .changed = on_facts_changed,
    .inquiry_failed = on_inquiry_failed,
};

static bool is_pairing(const char *device, void *data)
{
    Bluez *bluez = data;

    return pairing_is_of(bluez->pairing, device);
}

static const char *pin(const char *device, void *data)
{
    Bluez *bluez = data;

    return pairing_pin(bluez->pairing);
}

static bool is_welcome(const char *device, void *data)
{
    Bluez *bluez = data;
    Address address;

    if (!adapter_owns(bluez->adapter, device) || !device_address(device, &address))
        return false;
    if (pairing_is_of(bluez->pairing, device))
        return true;
    return device_is_bonded(bluez->objects, device) &&
           bluez->events->is_saved(&address, bluez->data);
}

static const AgentEvents agent_events = {
    .changed = on_facts_changed,
    .is_pairing = is_pairing,
    .pin = pin,
    .is_welcome = is_welcome,
};

static void on_configured(const char *transport, const char *device, const SbcConfig *config,
                          GVariant *properties, void *data)
{
    Bluez *bluez = data;
    Address address;

    if (!device_address(device, &address))
        return;
    /* While our own connect runs, the stream is configured but not open yet: its answer tells. */
    transports_open(bluez->transports, transport, &address, config, properties,
                    errands_are_connecting(bluez->errands, &address));
}

static void on_cleared(const char *transport, void *data)
{
    Bluez *bluez = data;

    transports_close_path(bluez->transports, transport);
}

static const EndpointsEvents endpoints_events = {
    .changed = on_facts_changed,
    .is_welcome = is_welcome,
    .configured = on_configured,
    .cleared = on_cleared,
};

static bool error_blames_state(const GError *error)
{
    return g_error_matches(error, ECHOCAST_ERROR, ECHOCAST_ERROR_BLUEZ_NOT_RUNNING) ||
           g_error_matches(error, ECHOCAST_ERROR, ECHOCAST_ERROR_NO_ADAPTER) ||
           g_error_matches(error, ECHOCAST_ERROR, ECHOCAST_ERROR_ADAPTER_BLOCKED) ||
           g_error_matches(error, ECHOCAST_ERROR, ECHOCAST_ERROR_ADAPTER_OFF);
}

/* Who is told that the adapter is off waits until it is ready. If it is called ready already (it
 * has come since, or its going is not heard yet), nothing would end that wait: a mere failure. */
static GError *bluez_judge_answer(const Bluez *bluez, const GError *error)
{
    GError *judged = error ? g_error_copy(error) : NULL;

    if (bluez->facts.state == BLUEZ_READY && error_blames_state(error))
        judged->code = ECHOCAST_ERROR_FAILED;
    return judged;
}

static void on_pair_done(const Address *address, const GError *error, void *data)
{
    Bluez *bluez = data;
    g_autoptr(GError) judged = bluez_judge_answer(bluez, error);

    bluez->events->pair_done(address, judged, bluez->data);
}

static void on_connect_done(const Address *address, const GError *error, void *data)
{
    Bluez *bluez = data;
    g_autoptr(GError) judged = bluez_judge_answer(bluez, error);

    bluez->events->connect_done(address, judged, bluez->data);
    transports_announce(bluez->transports, address);
}

static void on_disconnect_done(const Address *address, const GError *error, void *data)
{
    Bluez *bluez = data;
    g_autoptr(GError) judged = bluez_judge_answer(bluez, error);

    bluez->events->disconnect_done(address, judged, bluez->data);
}

static void on_unstick_done(const Address *address, const GError *error, void *data)
{
    Bluez *bluez = data;
    g_autoptr(GError) judged = bluez_judge_answer(bluez, error);

    bluez->events->unstick_done(address, judged, bluez->data);
}

static void on_remove_done(const Address *address, const GError *error, void *data)
{
    Bluez *bluez = data;
    g_autoptr(GError) judged = bluez_judge_answer(bluez, error);

    bluez->events->remove_done(address, judged, bluez->data);
}

static const ErrandsEvents errands_events = {
    .connect_done = on_connect_done,
    .disconnect_done = on_disconnect_done,
    .unstick_done = on_unstick_done,
    .remove_done = on_remove_done,
};

/* Calls */

static bool bluez_knows(const Bluez *bluez, const Address *address)
{
    g_autofree char *path = device_path(adapter_path(bluez->adapter), address);

    return path && objects_have(bluez->objects, path, BLUEZ_DEVICE);
}

static GError *unknown_error(void)
{
    return g_error_new_literal(ECHOCAST_ERROR, ECHOCAST_ERROR_NOT_FOUND,
                               "bluetoothd does not know it: it has to be found first");
}

/* Why nothing can be done with that device; NULL: it can. */
static GError *bluez_obstacle(const Bluez *bluez, const Address *address)
{
    GError *error = state_error(bluez_state(bluez));

    return error || bluez_knows(bluez, address) ? error : unknown_error();
}

/* Without a key of ours a connect would make one that goes with the link (no bonding), or none:
 * only a pairing heals that. */
static GError *bluez_obstacle_to_connect(const Bluez *bluez, const Address *address)
{
    g_autofree char *path = device_path(adapter_path(bluez->adapter), address);
    GError *error = state_error(bluez_state(bluez));

    if (error || device_is_bonded(bluez->objects, path))
        return error;
    return g_error_new_literal(ECHOCAST_ERROR, ECHOCAST_ERROR_STALE_BOND,
                               "The bond is gone on this side: bluetoothd holds none with it");
}

void bluez_discovery_start(Bluez *bluez)
{
    adapter_discover(bluez->adapter, true);
}

void bluez_discovery_stop(Bluez *bluez)
{
    adapter_discover(bluez->adapter, false);
}

void bluez_pair(Bluez *bluez, const Address *address, const char *pin_wanted)
{
    GError *error = bluez_obstacle(bluez, address);

    adapter_discover(bluez->adapter, false);
    if (!error && pairing_is_running(bluez->pairing))
        error = g_error_new_literal(ECHOCAST_ERROR, ECHOCAST_ERROR_IN_PROGRESS,
                                    "Another pairing is running");
    if (error) {
        late_answer(bluez->late, on_pair_done, address, error, bluez);
        return;
    }
    g_autofree char *path = device_path(adapter_path(bluez->adapter), address);
    pairing_start(bluez->pairing, path, address, pin_wanted);
}

void bluez_pair_cancel(Bluez *bluez)
{
    pairing_cancel(bluez->pairing);
}

void bluez_connect(Bluez *bluez, const Address *address)
{
    GError *error = bluez_obstacle_to_connect(bluez, address);

    adapter_discover(bluez->adapter, false);
    if (error)
        late_answer(bluez->late, on_connect_done, address, error, bluez);
    else
        errands_connect(bluez->errands, address);
}

void bluez_disconnect(Bluez *bluez, const Address *address)
{
    if (bluez_knows(bluez, address))
        errands_disconnect(bluez->errands, address);
    else
        late_answer(bluez->late, on_disconnect_done, address, NULL, bluez);
}

void bluez_unstick(Bluez *bluez, const Address *address)
{
    GError *error = bluez_obstacle(bluez, address);

    if (error)
        late_answer(bluez->late, on_unstick_done, address, error, bluez);
    else
        errands_unstick(bluez->errands, address);
}

void bluez_remove(Bluez *bluez, const Address *address)
{
    if (bluez_knows(bluez, address))
        errands_remove(bluez->errands, address);
    else
        late_answer(bluez->late, on_remove_done, address,
                    objects_here(bluez->objects) ? NULL : state_error(BLUEZ_NOT_RUNNING), bluez);
}

static void on_late_acquire(const Address *address, const GError *error, void *data)
{
    Bluez *bluez = data;

    bluez->events->acquire_done(address, -1, 0, error, bluez->data);
}

static void on_late_release(const Address *address, const GError *error, void *data)
{
    Bluez *bluez = data;

    bluez->events->release_done(address, bluez->data);
}

void bluez_acquire(Bluez *bluez, const Address *address)
{
    if (!transports_acquire(bluez->transports, address))
        late_answer(bluez->late, on_late_acquire, address,
                    g_error_new_literal(ECHOCAST_ERROR, ECHOCAST_ERROR_LINK_LOST,
                                        "There is no stream to it"),
                    bluez);
}

void bluez_release(Bluez *bluez, const Address *address)
{
    if (!transports_release(bluez->transports, address))
        late_answer(bluez->late, on_late_release, address, NULL, bluez);
}

static gboolean on_announcing(gpointer data)
{
    Bluez *bluez = data;

    bluez->announcing = 0;
    bluez_tell_devices(bluez);
    return G_SOURCE_REMOVE;
}

void bluez_announce_devices(Bluez *bluez)
{
    if (!bluez->announcing)
        bluez->announcing = g_idle_add_full(G_PRIORITY_DEFAULT, on_announcing, bluez, NULL);
}

/* Life */

Bluez *bluez_new(GDBusConnection *bus, const BluezOptions *options, const BluezEvents *events,
                 void *data)
{
    Bluez *bluez = g_new0(Bluez, 1);

    bluez->bus = g_object_ref(bus);
    bluez->events = events;
    bluez->data = data;
    bluez->late = late_new();
    bluez->objects = objects_new(bus, &objects_events, bluez);
    bluez->adapter =
        adapter_new(bluez->objects, options->adapter, options->alias, &adapter_events, bluez);
    bluez->agent = agent_new(bluez->objects, &agent_events, bluez);
    bluez->endpoints =
        endpoints_new(bluez->objects, options->endpoints, &options->wish, &endpoints_events, bluez);
    bluez->transports = transports_new(bluez->objects, events, data);
    bluez->pairing = pairing_new(bluez->objects, bluez->adapter, on_pair_done, bluez);
    bluez->errands = errands_new(bluez->objects, bluez->adapter, bluez->endpoints,
                                 bluez->transports, &errands_events, bluez);
    return bluez;
}

void bluez_free(Bluez *bluez)
{
    if (!bluez)
        return;
    if (bluez->announcing)
        g_source_remove(bluez->announcing);
    errands_free(bluez->errands);
    pairing_free(bluez->pairing);
    transports_free(bluez->transports);
    endpoints_free(bluez->endpoints);
    agent_free(bluez->agent);
    adapter_free(bluez->adapter);
    objects_free(bluez->objects);
    late_free(bluez->late);
    /* The last words leave before the process does; nobody's answer is waited for. */
    g_dbus_connection_flush_sync(bluez->bus, NULL, NULL);
    g_object_unref(bluez->bus);
    g_free(bluez->alias);
    g_free(bluez);
}
