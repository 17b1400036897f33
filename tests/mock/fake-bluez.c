/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "fake-internal.h"

#include <dbus-bluez.h>
#include <string.h>

const FakeTimes fake_times_quick = {
    .page_timeout = 40,
    .inquiry = 15,
    .pairing = 5,
    .bonding_timeout = 400,
    .connecting = 5,
    .silence = 60,
    .disconnect = 20,
    .idle_link = 400,
    .temporary = 2000,
    .start = 5,
    .endpoint = 300,
    .policy = 0,
};

const FakeTimes fake_times_real = {
    .page_timeout = 5120,
    .inquiry = 150,
    .pairing = 30,
    .bonding_timeout = 120000,
    .connecting = 30,
    .silence = 6000,
    .disconnect = 2000,
    .idle_link = 4000,
    .temporary = 30000,
    .start = 20,
    .endpoint = 3000,
    .policy = 1000,
};

/* since: the first version that does it; before: the first that does no more (0: all do). */
static const struct {
    unsigned since, before;
} quirk_versions[] = {
    [QUIRK_BONDED] = {565, 0},
    [QUIRK_SUPPORTED_UUIDS] = {566, 0},
    [QUIRK_POWER_STATE] = {573, 0},
    [QUIRK_REFUSED] = {578, 0},
    [QUIRK_CONNECTABLE] = {579, 0},
    [QUIRK_DELAY_ALWAYS] = {579, 0},
    [QUIRK_STUCK] = {0, 579},
    [QUIRK_RELEASE_DROPS] = {0, 580},
    [QUIRK_DISCONNECTED_SIGNAL] = {583, 0},
    [QUIRK_KEY_MISSING] = {583, 0},
    [QUIRK_SHARED_ENDPOINT] = {583, 0},
    [QUIRK_PROFILE_ERROR] = {587, 0},
    [QUIRK_FD_REUSE] = {585, 0},
    [QUIRK_UUID_FILTER_CRASH] = {587, 588},
};

bool fake_has(const FakeBluez *bluez, Quirk quirk)
{
    return bluez->version >= quirk_versions[quirk].since &&
           (!quirk_versions[quirk].before || bluez->version < quirk_versions[quirk].before);
}

GDBusInterfaceInfo *fake_interface(const char *name)
{
    static const struct {
        const char *name;
        GDBusInterfaceInfo *(*info)(void);
    } interfaces[] = {
        {IF_ADAPTER, bluez_dbus_adapter1_interface_info},
        {IF_AGENTS, bluez_dbus_agent_manager1_interface_info},
        {IF_CONTROL, bluez_dbus_media_control1_interface_info},
        {IF_DEVICE, bluez_dbus_device1_interface_info},
        {IF_ENDPOINT, bluez_dbus_media_endpoint1_interface_info},
        {IF_MEDIA, bluez_dbus_media1_interface_info},
        {IF_TRANSPORT, bluez_dbus_media_transport1_interface_info},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(interfaces); i++)
        if (g_str_equal(interfaces[i].name, name))
            return interfaces[i].info();
    g_assert_not_reached();
}

/* --- the log --- */

void fake_log(FakeBluez *bluez, const char *format, ...)
{
    va_list arguments;
    char *line;

    va_start(arguments, format);
    line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(bluez->log, line);
    g_debug("%s", line);
    if (bluez->events.logged)
        bluez->events.logged(line, bluez->data);
}

const GPtrArray *fake_bluez_log(const FakeBluez *bluez)
{
    return bluez->log;
}

unsigned fake_bluez_count(const FakeBluez *bluez, const char *prefix)
{
    unsigned count = 0;

    for (guint i = 0; i < bluez->log->len; i++)
        count += g_str_has_prefix(bluez->log->pdata[i], prefix);
    return count;
}

static gboolean on_wait_over(gpointer over)
{
    *(bool *)over = true;
    return G_SOURCE_REMOVE;
}

bool fake_bluez_wait(FakeBluez *bluez, const char *prefix, unsigned count, unsigned timeout_ms)
{
    g_autoptr(GSource) timer = g_timeout_source_new(timeout_ms);
    bool over = false;

    g_source_set_callback(timer, on_wait_over, &over, NULL);
    g_source_attach(timer, bluez->context);
    while (!over && fake_bluez_count(bluez, prefix) < count)
        g_main_context_iteration(bluez->context, TRUE);
    g_source_destroy(timer);
    return fake_bluez_count(bluez, prefix) >= count;
}

/* --- time --- */

typedef struct {
    FakeBluez *bluez;
    GSource **slot;
    FakeStep step;
    FakeLateAnswer answer; /* instead of step */
    void *noun;
    GDBusMethodInvocation *invocation;
} Timer;

static void timer_free(gpointer pointer)
{
    Timer *timer = pointer;

    g_clear_object(&timer->invocation);
    g_free(timer);
}

static void timer_forget(GSource *source, FakeBluez *bluez, GSource **slot)
{
    if (slot)
        *slot = NULL;
    g_source_destroy(source);
    g_ptr_array_remove(bluez->timers, source); /* the last reference */
}

static gboolean on_timer(gpointer data)
{
    Timer timer = *(Timer *)data;
    GSource *source = g_main_current_source();

    ((Timer *)data)->invocation = NULL;
    timer_forget(source, timer.bluez, timer.slot);
    if (timer.answer)
        timer.answer(timer.noun, timer.invocation);
    else
        timer.step(timer.noun);
    return G_SOURCE_REMOVE;
}

static GSource *add_timer(FakeBluez *bluez, unsigned ms, Timer timer)
{
    GSource *source = g_timeout_source_new(ms);

    g_source_set_callback(source, on_timer, g_memdup2(&timer, sizeof(timer)), timer_free);
    g_source_attach(source, bluez->context);
    g_ptr_array_add(bluez->timers, source);
    return source;
}

void fake_after(FakeBluez *bluez, GSource **slot, unsigned ms, FakeStep step, void *noun)
{
    GSource *source;

    if (slot)
        fake_cancel(bluez, slot);
    source =
        add_timer(bluez, ms, (Timer){.bluez = bluez, .slot = slot, .step = step, .noun = noun});
    if (slot)
        *slot = source;
}

void fake_answer_after(FakeBluez *bluez, unsigned ms, FakeLateAnswer answer, void *noun,
                       GDBusMethodInvocation *invocation)
{
    add_timer(bluez, ms,
              (Timer){.bluez = bluez, .answer = answer, .noun = noun, .invocation = invocation});
}

void fake_cancel(FakeBluez *bluez, GSource **slot)
{
    if (*slot)
        timer_forget(*slot, bluez, slot);
}

/* --- answers, and calls to clients --- */

void fake_fail(GDBusMethodInvocation *invocation, const char *error, const char *message)
{
    g_autofree char *name = NULL;

    if (!invocation)
        return;
    name = strchr(error, '.') && g_str_has_prefix(error, "org.")
               ? g_strdup(error)
               : g_strconcat(ERROR_PREFIX, error, NULL);
    g_dbus_method_invocation_return_dbus_error(invocation, name, message);
}

void fake_reply(GDBusMethodInvocation *invocation, GVariant *value)
{
    if (invocation)
        g_dbus_method_invocation_return_value(invocation, value);
    else if (value)
        g_variant_unref(g_variant_ref_sink(value));
}

typedef struct {
    FakeBluez *bluez;
    Device *device;
    unsigned serial;
    FakeAnswer answer;
} Outgoing;

static void on_answer(GObject *bus, GAsyncResult *result, gpointer data)
{
    g_autofree Outgoing *outgoing = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) value =
        g_dbus_connection_call_finish(G_DBUS_CONNECTION(bus), result, &error);

    outgoing->bluez->pending--;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* that life is over */
    if (outgoing->answer)
        outgoing->answer(outgoing->device, outgoing->serial, value, error);
}

void fake_call(FakeBluez *bluez, const char *client, const char *path, const char *interface,
               const char *method, GVariant *arguments, unsigned timeout_ms, Device *device,
               unsigned serial, FakeAnswer answer)
{
    const char *word = strrchr(interface, '.') + 1;
    Outgoing *outgoing;

    if (g_dbus_connection_is_closed(bluez->bus)) { /* bluetoothd has just died */
        g_variant_unref(g_variant_ref_sink(arguments));
        return;
    }
    outgoing = g_new(Outgoing, 1);
    *outgoing = (Outgoing){bluez, device, serial, answer};
    bluez->pending++;
    fake_log(bluez, "-> %s.%s %s", word, method, path);
    g_dbus_connection_call(bluez->bus, client, path, interface, method, arguments, NULL,
                           G_DBUS_CALL_FLAGS_NO_AUTO_START, (int)timeout_ms, bluez->cancellable,
                           on_answer, outgoing);
}

/* --- scripted faults --- */

typedef enum { FAULT_FAIL, FAULT_SWALLOW, FAULT_DELAY, FAULT_CRASH } FaultKind;

typedef struct {
    FaultKind kind;
    char *method;
    unsigned times; /* left; 0: for ever */
    char *error, *message;
    unsigned delay_ms;
} Fault;

static void fault_free(gpointer pointer)
{
    Fault *fault = pointer;

    g_free(fault->method);
    g_free(fault->error);
    g_free(fault->message);
    g_free(fault);
}

static Fault *add_fault(FakeBluez *bluez, FaultKind kind, const char *method, unsigned times)
{
    Fault *fault = g_new0(Fault, 1);

    fault->kind = kind;
    fault->method = g_strdup(method);
    fault->times = times;
    g_ptr_array_add(bluez->faults, fault);
    return fault;
}

void fake_bluez_fail(FakeBluez *bluez, const char *method, unsigned times, const char *error,
                     const char *message)
{
    Fault *fault = add_fault(bluez, FAULT_FAIL, method, times);

    fault->error = g_strdup(error);
    fault->message = g_strdup(message);
}

void fake_bluez_swallow(FakeBluez *bluez, const char *method, unsigned times)
{
    add_fault(bluez, FAULT_SWALLOW, method, times);
}

void fake_bluez_delay(FakeBluez *bluez, const char *method, unsigned times, unsigned delay_ms)
{
    add_fault(bluez, FAULT_DELAY, method, times)->delay_ms = delay_ms;
}

void fake_bluez_crash(FakeBluez *bluez, const char *method)
{
    add_fault(bluez, FAULT_CRASH, method, 1);
}

void fake_bluez_clear_faults(FakeBluez *bluez)
{
    g_ptr_array_set_size(bluez->faults, 0);
}

/* --- what comes in --- */

typedef struct {
    FakeBluez *bluez;
    char *path;
    char *property; /* NULL: a method */
    GVariant *value;
    GDBusMethodInvocation *invocation;
} Incoming;

static void incoming_free(gpointer pointer)
{
    Incoming *incoming = pointer;

    g_free(incoming->path);
    g_free(incoming->property);
    g_clear_pointer(&incoming->value, g_variant_unref);
    g_clear_object(&incoming->invocation); /* NULL once somebody answers it */
    g_free(incoming);
}

static void incoming_drop(gpointer incoming, gpointer unused)
{
    incoming_free(incoming);
}

static void route_set(FakeObject *object, const char *interface, Incoming *incoming)
{
    GDBusMethodInvocation *invocation = g_steal_pointer(&incoming->invocation);
    void *noun = fake_object_noun(object);

    if (g_str_equal(interface, IF_ADAPTER))
        adapter_set(noun, incoming->property, incoming->value, invocation);
    else if (g_str_equal(interface, IF_DEVICE))
        device_set(noun, incoming->property, incoming->value, invocation);
    else
        transport_set(noun, incoming->property, incoming->value, invocation);
}

static void route_call(FakeObject *object, const char *interface, Incoming *incoming)
{
    GDBusMethodInvocation *invocation = g_steal_pointer(&incoming->invocation);
    const char *method = g_dbus_method_invocation_get_method_name(invocation);
    const char *client = g_dbus_method_invocation_get_sender(invocation);
    GVariant *arguments = g_dbus_method_invocation_get_parameters(invocation);
    void *noun = fake_object_noun(object);

    if (g_str_equal(interface, IF_ADAPTER))
        adapter_call(noun, method, arguments, client, invocation);
    else if (g_str_equal(interface, IF_MEDIA))
        media_call(noun, method, arguments, client, invocation);
    else if (g_str_equal(interface, IF_DEVICE))
        device_call(noun, method, arguments, client, invocation);
    else if (g_str_equal(interface, IF_TRANSPORT))
        transport_call(noun, method, client, invocation);
    else if (g_str_equal(interface, IF_AGENTS))
        agent_call(incoming->bluez, method, arguments, client, invocation);
    else
        fake_fail(invocation, "NotSupported", "Operation is not supported");
}

static const char *incoming_interface(const Incoming *incoming)
{
    const char *interface;

    if (!incoming->property)
        return g_dbus_method_invocation_get_interface_name(incoming->invocation);
    g_variant_get_child(g_dbus_method_invocation_get_parameters(incoming->invocation), 0, "&s",
                        &interface);
    return interface;
}

/* Looks the object up again: a delayed call may find it gone. */
static void route(void *data)
{
    Incoming *incoming = data;
    FakeObject *object = fake_tree_find(incoming->bluez->tree, incoming->path);
    const char *interface = incoming_interface(incoming);

    g_ptr_array_remove(incoming->bluez->delayed, incoming);
    if (!object)
        fake_fail(g_steal_pointer(&incoming->invocation),
                  "org.freedesktop.DBus.Error.UnknownObject", "object is gone");
    else if (incoming->property)
        route_set(object, interface, incoming);
    else
        route_call(object, interface, incoming);
    incoming_free(incoming);
}

static void apply_crash(void *data)
{
    fake_bluez_stop(data);
}

static void apply_fault(FakeBluez *bluez, Fault *fault, Incoming *incoming)
{
    switch (fault->kind) {
    case FAULT_FAIL:
        fake_fail(g_steal_pointer(&incoming->invocation), fault->error, fault->message);
        incoming_free(incoming);
        return;
    case FAULT_SWALLOW:
        g_ptr_array_add(bluez->held, g_steal_pointer(&incoming->invocation));
        incoming_free(incoming);
        return;
    case FAULT_DELAY:
        g_ptr_array_add(bluez->delayed, incoming);
        fake_after(bluez, NULL, fault->delay_ms, route, incoming);
        return;
    case FAULT_CRASH:
        g_ptr_array_add(bluez->held, g_steal_pointer(&incoming->invocation));
        incoming_free(incoming);
        fake_after(bluez, NULL, 0, apply_crash, bluez); /* not from inside GDBus's dispatch */
        return;
    }
}

static void take(Incoming *incoming, const char *method)
{
    FakeBluez *bluez = incoming->bluez;

    fake_log(bluez, "%s %s %s", method, incoming->path,
             g_dbus_method_invocation_get_sender(incoming->invocation));
    for (guint i = 0; i < bluez->faults->len; i++) {
        Fault *fault = bluez->faults->pdata[i];

        if (!g_str_equal(fault->method, method))
            continue;
        apply_fault(bluez, fault, incoming);
        if (fault->times && !--fault->times)
            g_ptr_array_remove_index(bluez->faults, i);
        return;
    }
    route(incoming);
}

static void on_call(FakeObject *object, GDBusMethodInvocation *invocation, void *data)
{
    Incoming *incoming = g_new0(Incoming, 1);
    const char *interface = g_dbus_method_invocation_get_interface_name(invocation);
    g_autofree char *method =
        g_strconcat(strrchr(interface, '.') + 1, ".",
                    g_dbus_method_invocation_get_method_name(invocation), NULL);

    incoming->bluez = data;
    incoming->path = g_strdup(fake_object_path(object));
    incoming->invocation = invocation;
    take(incoming, method);
}

static void on_set(FakeObject *object, const char *interface, const char *property, GVariant *value,
                   GDBusMethodInvocation *invocation, void *data)
{
    Incoming *incoming = g_new0(Incoming, 1);
    g_autofree char *method = g_strconcat(strrchr(interface, '.') + 1, ".Set.", property, NULL);

    incoming->bluez = data;
    incoming->path = g_strdup(fake_object_path(object));
    incoming->property = g_strdup(property);
    incoming->value = g_variant_ref(value);
    incoming->invocation = invocation;
    take(incoming, method);
}

static void on_client_gone(FakeBluez *bluez, const char *client)
{
    g_autoptr(GPtrArray) transports = g_ptr_array_copy(bluez->transports, NULL, NULL);

    for (guint i = 0; i < transports->len; i++)
        transport_client_gone(transports->pdata[i], client);
    for (guint i = 0; i < bluez->adapters->len; i++) {
        Adapter *adapter = bluez->adapters->pdata[i];

        adapter_client_gone(adapter, client);
        media_client_gone(adapter, client);
    }
    agent_client_gone(bluez, client);
}

static void on_name_owner_changed(GDBusConnection *bus, const char *sender, const char *path,
                                  const char *interface, const char *signal, GVariant *arguments,
                                  gpointer data)
{
    const char *name, *old_owner, *new_owner;

    g_variant_get(arguments, "(&s&s&s)", &name, &old_owner, &new_owner);
    if (name[0] == ':' && !new_owner[0])
        on_client_gone(data, name);
}

/* --- life --- */

FakeBluez *fake_bluez_new(const char *address, unsigned version)
{
    FakeBluez *bluez = g_new0(FakeBluez, 1);

    bluez->address = g_strdup(address);
    bluez->version = version;
    bluez->times = fake_times_quick;
    bluez->context = g_main_context_ref_thread_default();
    bluez->adapters = g_ptr_array_new();
    bluez->speakers = g_ptr_array_new_with_free_func(speaker_free);
    bluez->log = g_ptr_array_new_with_free_func(g_free);
    bluez->faults = g_ptr_array_new_with_free_func(fault_free);
    bluez->agents = g_ptr_array_new_with_free_func(agent_free);
    bluez->transports = g_ptr_array_new();
    bluez->timers = g_ptr_array_new_with_free_func((GDestroyNotify)g_source_unref);
    bluez->held = g_ptr_array_new_with_free_func(g_object_unref);
    bluez->delayed = g_ptr_array_new();
    bluez->auto_enable = true;
    return bluez;
}

void fake_bluez_free(FakeBluez *bluez)
{
    if (!bluez)
        return;
    fake_bluez_stop(bluez);
    while (bluez->pending)
        g_main_context_iteration(bluez->context, TRUE);
    for (guint i = 0; i < bluez->adapters->len; i++)
        adapter_free(bluez->adapters->pdata[i]);
    g_ptr_array_unref(bluez->adapters);
    g_ptr_array_unref(bluez->speakers);
    g_ptr_array_unref(bluez->log);
    g_ptr_array_unref(bluez->faults);
    g_ptr_array_unref(bluez->agents);
    g_ptr_array_unref(bluez->transports);
    g_ptr_array_unref(bluez->timers);
    g_ptr_array_unref(bluez->held);
    g_ptr_array_unref(bluez->delayed);
    g_main_context_unref(bluez->context);
    g_free(bluez->address);
    g_free(bluez);
}

void fake_bluez_listen(FakeBluez *bluez, const FakeEvents *events, void *data)
{
    bluez->events = *events;
    bluez->data = data;
}

FakeTimes *fake_bluez_times(FakeBluez *bluez)
{
    return &bluez->times;
}

/* A connection of its own a life: when it closes, the bus answers NoReply for us, as it does for a
 * bluetoothd that crashed. */
static void connect_to_bus(FakeBluez *bluez)
{
    g_autoptr(GError) error = NULL;

    bluez->bus =
        g_dbus_connection_new_for_address_sync(bluez->address,
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, &error);
    if (!bluez->bus)
        g_error("fake BlueZ: %s", error->message);
    g_dbus_connection_set_exit_on_close(bluez->bus, FALSE);
    bluez->names_watch = g_dbus_connection_signal_subscribe(
        bluez->bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
        "/org/freedesktop/DBus", NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_name_owner_changed, bluez,
        NULL);
}

static void take_name(FakeBluez *bluez)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer = g_dbus_connection_call_sync(
        bluez->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "RequestName", g_variant_new("(su)", "org.bluez", 4u /* do not queue */), NULL,
        G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
    guint32 code = 0;

    if (answer)
        g_variant_get(answer, "(u)", &code);
    if (code != 1)
        g_error("fake BlueZ: cannot own org.bluez: %s", error ? error->message : "it is taken");
}

static void start_adapters(void *data)
{
    FakeBluez *bluez = data;

    for (guint i = 0; i < bluez->adapters->len; i++) {
        Adapter *adapter = bluez->adapters->pdata[i];

        if (adapter->plugged)
            adapter_export(adapter);
    }
}

/* The name comes first and the adapters a moment later, as with the real one. */
void fake_bluez_start(FakeBluez *bluez)
{
    static const FakeTreeCalls calls = {on_call, on_set};
    FakeObject *root;

    if (bluez->bus)
        return;
    connect_to_bus(bluez);
    bluez->cancellable = g_cancellable_new();
    bluez->tree = fake_tree_new(bluez->bus, &calls, bluez);
    bluez->next_fd = 0;
    root = fake_object_new(bluez->tree, "/org/bluez", NULL);
    fake_object_add_interface(root, fake_interface(IF_AGENTS));
    take_name(bluez);
    fake_object_announce(root);
    fake_log(bluez, "bluetoothd started");
    fake_after(bluez, NULL, 1, start_adapters, bluez);
}

/* Dies without a word: nothing is withdrawn, the bus closes. */
void fake_bluez_stop(FakeBluez *bluez)
{
    if (!bluez->bus)
        return;
    fake_log(bluez, "bluetoothd stopped");
    g_cancellable_cancel(bluez->cancellable);
    g_dbus_connection_signal_unsubscribe(bluez->bus, bluez->names_watch);
    g_dbus_connection_flush_sync(bluez->bus, NULL, NULL);
    g_dbus_connection_close_sync(bluez->bus, NULL, NULL);
    for (guint i = 0; i < bluez->adapters->len; i++)
        adapter_withdraw(bluez->adapters->pdata[i]);
    g_ptr_array_set_size(bluez->agents, 0);
    g_ptr_array_set_size(bluez->held, 0);
    g_ptr_array_foreach(bluez->delayed, incoming_drop, NULL);
    g_ptr_array_set_size(bluez->delayed, 0);
    for (guint i = 0; i < bluez->timers->len; i++)
        g_source_destroy(bluez->timers->pdata[i]);
    g_ptr_array_set_size(bluez->timers, 0);
    g_clear_pointer(&bluez->tree, fake_tree_free);
    g_clear_object(&bluez->cancellable);
    g_clear_object(&bluez->bus);
}

bool fake_bluez_is_running(const FakeBluez *bluez)
{
    return bluez->bus;
}

/* --- adapters --- */

static Adapter *find_adapter(FakeBluez *bluez, const char *name)
{
    for (guint i = 0; i < bluez->adapters->len; i++) {
        Adapter *adapter = bluez->adapters->pdata[i];

        if (g_str_equal(adapter->name, name))
            return adapter;
    }
    return NULL;
}

void fake_bluez_plug(FakeBluez *bluez, const char *name, const char *address)
{
    Adapter *adapter = find_adapter(bluez, name);

    if (!adapter) {
        adapter = adapter_new(bluez, name, address);
        g_ptr_array_add(bluez->adapters, adapter);
    }
    adapter->plugged = true;
    if (bluez->bus)
        adapter_export(adapter);
}

void fake_bluez_unplug(FakeBluez *bluez, const char *name)
{
    Adapter *adapter = find_adapter(bluez, name);

    g_return_if_fail(adapter);
    adapter->plugged = false;
    adapter_withdraw(adapter);
}

void fake_bluez_block(FakeBluez *bluez, const char *name, bool blocked)
{
    Adapter *adapter = find_adapter(bluez, name);

    g_return_if_fail(adapter);
    adapter->blocked = blocked;
    if (blocked && adapter->object)
        adapter_power(adapter, false);
}

void fake_bluez_power(FakeBluez *bluez, const char *name, bool powered)
{
    Adapter *adapter = find_adapter(bluez, name);

    g_return_if_fail(adapter && adapter->object);
    adapter_power(adapter, powered);
}

void fake_bluez_auto_enable(FakeBluez *bluez, bool enable)
{
    bluez->auto_enable = enable;
}

bool fake_bluez_is_discovering(const FakeBluez *bluez)
{
    for (guint i = 0; i < bluez->adapters->len; i++)
        if (adapter_is_discovering(bluez->adapters->pdata[i]))
            return true;
    return false;
}

unsigned fake_bluez_transports(const FakeBluez *bluez)
{
    return bluez->transports->len;
}
