/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "adapter.h"
#include "calls.h"
#include "errors.h"
#include "flag.h"
#include "names.h"
#include "rfkill.h"

#define POWER_TRIES_MAX 5
#define POWER_PAUSE_S   1

typedef enum {
    INQUIRY_OFF,
    INQUIRY_STARTING,
    INQUIRY_ON,
    INQUIRY_STOPPING,
} Inquiry;

struct Adapter {
    const Objects *objects;
    Calls *calls;
    Rfkill *rfkill;
    Flag *pairable;
    Flag *discoverable;
    char *wanted;
    char *alias;
    const AdapterEvents *events;
    void *data;
    char *path;
    unsigned power_tries;
    bool refused; /* by the kernel, says bluetoothd: rfkill, whether we can read it or not */
    guint power_pause;
    bool was_powered;
    bool inquiry_wanted;
    bool inquiry_failed; /* not tried again before the power comes anew, or it is asked for anew */
    Inquiry inquiry;
};

static void adapter_power_on(Adapter *adapter);
static void inquiry_settle(Adapter *adapter);

static const char *adapter_string(const Adapter *adapter, const char *property)
{
    return objects_string(adapter->objects, adapter->path, BLUEZ_ADAPTER, property);
}

static const char *adapter_short_name(const Adapter *adapter)
{
    const char *slash = adapter->path ? strrchr(adapter->path, '/') : NULL;

    return slash ? slash + 1 : NULL;
}

/* Power */

static gboolean on_power_pause_over(gpointer data)
{
    Adapter *adapter = data;

    adapter->power_pause = 0;
    adapter_power_on(adapter);
    return G_SOURCE_REMOVE;
}

static void on_powered(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    Adapter *adapter = data;

    adapter->refused = error && errors_is(error, "Blocked");
    if (adapter->refused)
        adapter->events->changed(adapter->data);
    if (!error || adapter->refused || adapter_is_powered(adapter))
        return;
    /* Busy: bluetoothd is switching it on by itself (AutoEnable), or the kernel is still setting it
     * up. */
    if (adapter->power_tries < POWER_TRIES_MAX)
        adapter->power_pause = g_timeout_add_seconds(POWER_PAUSE_S, on_power_pause_over, adapter);
    else
        g_warning("%s cannot be powered on: %s", adapter->path, error->message);
}

/* Once for each adapter that appears and each switch that is released: who powers it off later by
 * hand means it. */
static void adapter_power_on(Adapter *adapter)
{
    if (!adapter->path || adapter->power_pause || adapter_is_powered(adapter) ||
        rfkill_is_blocked(adapter->rfkill, adapter_short_name(adapter)))
        return;
    adapter->power_tries++;
    calls_set(adapter->calls, adapter->path, BLUEZ_ADAPTER, "Powered", g_variant_new_boolean(TRUE),
              on_powered, adapter);
}

static void on_rfkill_changed(void *data)
{
    Adapter *adapter = data;

    adapter->power_tries = 0;
    adapter_power_on(adapter);
    adapter->events->changed(adapter->data);
}

/* Inquiry */

static void inquiry_enter(Adapter *adapter, Inquiry inquiry)
{
    bool was_on = adapter_is_discovering(adapter);

    adapter->inquiry = inquiry;
    if (was_on != adapter_is_discovering(adapter))
        adapter->events->changed(adapter->data);
    inquiry_settle(adapter);
}

static void on_discovery_started(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    Adapter *adapter = data;

    if (error && !errors_is(error, "InProgress")) {
        g_warning("No inquiry: %s", error->message);
        adapter->inquiry_failed = true;
        inquiry_enter(adapter, INQUIRY_OFF);
        adapter->events->inquiry_failed(adapter->data);
        return;
    }
    inquiry_enter(adapter, INQUIRY_ON);
}

static void on_discovery_stopped(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    /* An error says that there was none to stop. */
    inquiry_enter(data, INQUIRY_OFF);
}

/* Transport only. UUIDs in the filter hide speakers that list none while inquired
 * (adapter.c:is_filter_match), and crash BlueZ 5.87 when they match. */
static GVariant *inquiry_filter(void)
{
    GVariantDict filter;

    g_variant_dict_init(&filter, NULL);
    g_variant_dict_insert(&filter, "Transport", "s", "bredr");
    g_variant_dict_insert(&filter, "DuplicateData", "b", FALSE);
    return g_variant_new("(@a{sv})", g_variant_dict_end(&filter));
}

static void inquiry_settle(Adapter *adapter)
{
    if (!adapter->path)
        return;
    if (adapter->inquiry_wanted && !adapter->inquiry_failed && adapter->inquiry == INQUIRY_OFF &&
        adapter_is_powered(adapter)) {
        adapter->inquiry = INQUIRY_STARTING;
        calls_make(adapter->calls, adapter->path, BLUEZ_ADAPTER, "SetDiscoveryFilter",
                   inquiry_filter(), CALL_TIMEOUT_MS, NULL, NULL);
        calls_make(adapter->calls, adapter->path, BLUEZ_ADAPTER, "StartDiscovery", NULL,
                   CALL_TIMEOUT_MS, on_discovery_started, adapter);
    } else if (!adapter->inquiry_wanted && adapter->inquiry == INQUIRY_ON) {
        adapter->inquiry = INQUIRY_STOPPING;
        calls_make(adapter->calls, adapter->path, BLUEZ_ADAPTER, "StopDiscovery", NULL,
                   CALL_TIMEOUT_MS, on_discovery_stopped, adapter);
    }
}

void adapter_discover(Adapter *adapter, bool on)
{
    adapter->inquiry_wanted = on;
    adapter->inquiry_failed = false;
    inquiry_settle(adapter);
}

/* Choice */

static bool adapter_is_wanted(const Adapter *adapter, const char *path)
{
    const char *address = objects_string(adapter->objects, path, BLUEZ_ADAPTER, "Address");

    return g_ascii_strcasecmp(adapter->wanted, "auto") == 0 ||
           g_ascii_strcasecmp(adapter->wanted, address) == 0;
}

static char *adapter_find(const Adapter *adapter)
{
    g_auto(GStrv) paths = objects_paths(adapter->objects, BLUEZ_ADAPTER);

    if (adapter->path && objects_have(adapter->objects, adapter->path, BLUEZ_ADAPTER))
        return g_strdup(adapter->path);
    for (size_t i = 0; paths[i]; i++) {
        if (adapter_is_wanted(adapter, paths[i]))
            return g_strdup(paths[i]);
    }
    return NULL;
}

static void adapter_leave(Adapter *adapter)
{
    calls_forget(adapter->calls);
    if (adapter->power_pause)
        g_source_remove(adapter->power_pause);
    adapter->power_pause = 0;
    adapter->power_tries = 0;
    adapter->refused = false;
    adapter->was_powered = false;
    adapter->inquiry_failed = false;
    adapter->inquiry = INQUIRY_OFF;
    flag_attach(adapter->pairable, NULL);
    flag_attach(adapter->discoverable, NULL);
    g_clear_pointer(&adapter->path, g_free);
}

static void adapter_enter(Adapter *adapter, const char *path)
{
    adapter->path = g_strdup(path);
    flag_attach(adapter->pairable, path);
    flag_attach(adapter->discoverable, path);
    if (adapter->alias && !g_str_equal(adapter->alias, adapter_string(adapter, "Alias")))
        calls_set(adapter->calls, path, BLUEZ_ADAPTER, "Alias",
                  g_variant_new_string(adapter->alias), NULL, NULL);
}

void adapter_update(Adapter *adapter)
{
    g_autofree char *path = adapter_find(adapter);

    if (g_strcmp0(path, adapter->path) != 0) {
        adapter_leave(adapter);
        if (path)
            adapter_enter(adapter, path);
        /* Endpoints first, so that nothing connects before they are there; then power. */
        adapter->events->replaced(adapter->data);
        adapter_power_on(adapter);
    }
    /* Power off ends every session. */
    if (!adapter_is_powered(adapter))
        adapter->inquiry = INQUIRY_OFF;
    else
        adapter->refused = false;
    if (adapter_is_powered(adapter) != adapter->was_powered)
        adapter->inquiry_failed = false;
    adapter->was_powered = adapter_is_powered(adapter);
    flag_settle(adapter->pairable);
    flag_settle(adapter->discoverable);
    inquiry_settle(adapter);
    adapter->events->changed(adapter->data);
}

Adapter *adapter_new(const Objects *objects, const char *wanted, const char *alias,
                     const AdapterEvents *events, void *data)
{
    Adapter *adapter = g_new0(Adapter, 1);

    adapter->objects = objects;
    adapter->calls = calls_new(objects);
    adapter->rfkill = rfkill_new(on_rfkill_changed, adapter);
    adapter->pairable = flag_new(objects, "Pairable");
    adapter->discoverable = flag_new(objects, "Discoverable");
    adapter->wanted = g_strdup(wanted ? wanted : "auto");
    adapter->alias = alias && *alias ? g_strdup(alias) : NULL;
    adapter->events = events;
    adapter->data = data;
    return adapter;
}

static void adapter_say_goodbye(Adapter *adapter)
{
    if (adapter->inquiry == INQUIRY_ON || adapter->inquiry == INQUIRY_STARTING)
        calls_say(adapter->calls, adapter->path, BLUEZ_ADAPTER, "StopDiscovery", NULL);
    flag_say_off(adapter->pairable);
}

void adapter_free(Adapter *adapter)
{
    if (!adapter)
        return;
    if (adapter->path)
        adapter_say_goodbye(adapter);
    adapter_leave(adapter);
    rfkill_free(adapter->rfkill);
    flag_free(adapter->pairable);
    flag_free(adapter->discoverable);
    calls_free(adapter->calls);
    g_free(adapter->wanted);
    g_free(adapter->alias);
    g_free(adapter);
}

const char *adapter_path(const Adapter *adapter)
{
    return adapter->path;
}

Address adapter_address(const Adapter *adapter)
{
    Address address = {0};

    address_parse(adapter_string(adapter, "Address"), &address);
    return address;
}

const char *adapter_alias(const Adapter *adapter)
{
    return adapter_string(adapter, "Alias");
}

bool adapter_is_powered(const Adapter *adapter)
{
    return objects_bool(adapter->objects, adapter->path, BLUEZ_ADAPTER, "Powered");
}

bool adapter_is_blocked(const Adapter *adapter)
{
    /* PowerState is stable since BlueZ 5.73, and absent before. */
    return !adapter_is_powered(adapter) &&
           (adapter->refused || g_str_equal(adapter_string(adapter, "PowerState"), "off-blocked") ||
            rfkill_is_blocked(adapter->rfkill, adapter_short_name(adapter)));
}

bool adapter_is_discovering(const Adapter *adapter)
{
    return adapter->inquiry == INQUIRY_ON;
}

bool adapter_owns(const Adapter *adapter, const char *path)
{
    size_t length = adapter->path ? strlen(adapter->path) : 0;

    return length && strncmp(path, adapter->path, length) == 0 && path[length] == '/';
}

void adapter_set_pairable(Adapter *adapter, bool on, void (*done)(const GError *error, void *data),
                          void *data)
{
    flag_want(adapter->pairable, on, done, data);
}
