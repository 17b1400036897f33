/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Adapter1: power, pairable, discovery sessions (one a client), removal of devices. */
#include "fake-internal.h"

static void discovery_free(gpointer pointer)
{
    Discovery *discovery = pointer;

    g_free(discovery->client);
    g_strfreev(discovery->uuids);
    g_free(discovery);
}

Adapter *adapter_new(FakeBluez *bluez, const char *name, const char *address)
{
    Adapter *adapter = g_new0(Adapter, 1);

    adapter->bluez = bluez;
    adapter->name = g_strdup(name);
    adapter->address = g_strdup(address);
    adapter->path = g_strconcat("/org/bluez/", name, NULL);
    adapter->devices = g_ptr_array_new_with_free_func(device_free);
    adapter->discoveries = g_ptr_array_new_with_free_func(discovery_free);
    adapter->endpoints = g_ptr_array_new_with_free_func(endpoint_free);
    return adapter;
}

void adapter_free(Adapter *adapter)
{
    g_ptr_array_unref(adapter->devices);
    g_ptr_array_unref(adapter->discoveries);
    g_ptr_array_unref(adapter->endpoints);
    g_free(adapter->player_client);
    g_free(adapter->player_path);
    g_free(adapter->name);
    g_free(adapter->address);
    g_free(adapter->path);
    g_free(adapter);
}

bool adapter_is_powered(const Adapter *adapter)
{
    return g_variant_get_boolean(fake_object_get(adapter->object, IF_ADAPTER, "Powered"));
}

bool adapter_is_pairable(const Adapter *adapter)
{
    return g_variant_get_boolean(fake_object_get(adapter->object, IF_ADAPTER, "Pairable"));
}

void adapter_set_pairable(Adapter *adapter, bool pairable)
{
    fake_object_set(adapter->object, IF_ADAPTER, "Pairable", g_variant_new_boolean(pairable));
}

/* The standard records, and what our endpoints and players add. */
void adapter_publish_uuids(Adapter *adapter)
{
    GVariantBuilder uuids;

    g_variant_builder_init(&uuids, G_VARIANT_TYPE_STRING_ARRAY);
    g_variant_builder_add(&uuids, "s", UUID_AVRCP);
    g_variant_builder_add(&uuids, "s", "00001200-0000-1000-8000-00805f9b34fb");
    g_variant_builder_add(&uuids, "s", UUID_AVRCP_TG);
    for (guint i = 0; i < adapter->endpoints->len; i++) {
        const Endpoint *endpoint = adapter->endpoints->pdata[i];

        if (i == 0)
            g_variant_builder_add(&uuids, "s", endpoint->uuid);
    }
    fake_object_set(adapter->object, IF_ADAPTER, "UUIDs", g_variant_builder_end(&uuids));
}

static void set_first_properties(Adapter *adapter)
{
    FakeBluez *bluez = adapter->bluez;
    const char *const roles[] = {"central", "peripheral", NULL};
    bool powered = bluez->auto_enable && !adapter->blocked;
    GVariantBuilder values;

    g_variant_builder_init(&values, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&values, "{sv}", "Address", g_variant_new_string(adapter->address));
    g_variant_builder_add(&values, "{sv}", "AddressType", g_variant_new_string("public"));
    g_variant_builder_add(&values, "{sv}", "Name", g_variant_new_string("fake"));
    g_variant_builder_add(&values, "{sv}", "Alias", g_variant_new_string("fake"));
    g_variant_builder_add(&values, "{sv}", "Class", g_variant_new_uint32(powered ? 0x20010c : 0));
    g_variant_builder_add(&values, "{sv}", "Powered", g_variant_new_boolean(powered));
    g_variant_builder_add(&values, "{sv}", "Discoverable", g_variant_new_boolean(false));
    g_variant_builder_add(&values, "{sv}", "DiscoverableTimeout", g_variant_new_uint32(180));
    g_variant_builder_add(&values, "{sv}", "Pairable", g_variant_new_boolean(bluez->agents->len));
    g_variant_builder_add(&values, "{sv}", "PairableTimeout", g_variant_new_uint32(0));
    g_variant_builder_add(&values, "{sv}", "Discovering", g_variant_new_boolean(false));
    g_variant_builder_add(&values, "{sv}", "Modalias", g_variant_new_string("usb:v1D6Bp0246d0542"));
    g_variant_builder_add(&values, "{sv}", "Roles", g_variant_new_strv(roles, -1));
    if (fake_has(bluez, QUIRK_POWER_STATE))
        g_variant_builder_add(&values, "{sv}", "PowerState",
                              g_variant_new_string(powered ? "on" : "off"));
    if (fake_has(bluez, QUIRK_CONNECTABLE))
        g_variant_builder_add(&values, "{sv}", "Connectable", g_variant_new_boolean(powered));
    fake_object_set_many(adapter->object, IF_ADAPTER, g_variant_builder_end(&values));
}

void adapter_export(Adapter *adapter)
{
    const char *const uuids[] = {UUID_SOURCE, UUID_SINK, NULL};

    if (adapter->object)
        return;
    adapter->object = fake_object_new(adapter->bluez->tree, adapter->path, adapter);
    fake_object_add_interface(adapter->object, fake_interface(IF_ADAPTER));
    fake_object_add_interface(adapter->object, fake_interface(IF_MEDIA));
    set_first_properties(adapter);
    adapter_publish_uuids(adapter);
    if (fake_has(adapter->bluez, QUIRK_SUPPORTED_UUIDS))
        fake_object_set(adapter->object, IF_MEDIA, "SupportedUUIDs", g_variant_new_strv(uuids, -1));
    fake_object_announce(adapter->object);
    for (guint i = 0; i < adapter->devices->len; i++) {
        Device *device = adapter->devices->pdata[i];

        if (device->bonded)
            device_export(device);
    }
}

static void drop_links(Adapter *adapter, FakeLinkLoss why)
{
    for (guint i = 0; i < adapter->devices->len; i++)
        device_link_down(adapter->devices->pdata[i], why);
}

static void end_discovery(Adapter *adapter);

/* With bluetoothd (the bus is closed then) or with the hardware. */
void adapter_withdraw(Adapter *adapter)
{
    if (!adapter->object)
        return;
    end_discovery(adapter);
    drop_links(adapter, FAKE_LINK_REMOTE);
    for (guint i = 0; i < adapter->devices->len; i++)
        device_withdraw(adapter->devices->pdata[i]);
    g_ptr_array_set_size(adapter->discoveries, 0);
    g_ptr_array_set_size(adapter->endpoints, 0);
    g_clear_pointer(&adapter->player_client, g_free);
    g_clear_pointer(&adapter->player_path, g_free);
    g_clear_pointer(&adapter->object, fake_object_free);
}

void adapter_power(Adapter *adapter, bool powered)
{
    if (adapter_is_powered(adapter) == powered)
        return;
    if (!powered) {
        end_discovery(adapter);
        g_ptr_array_set_size(adapter->discoveries, 0);
        drop_links(adapter, FAKE_LINK_REMOTE);
        fake_object_set(adapter->object, IF_ADAPTER, "Discoverable", g_variant_new_boolean(false));
    }
    fake_object_set(adapter->object, IF_ADAPTER, "Powered", g_variant_new_boolean(powered));
    fake_object_set(adapter->object, IF_ADAPTER, "Class",
                    g_variant_new_uint32(powered ? 0x20010c : 0));
    if (fake_has(adapter->bluez, QUIRK_POWER_STATE))
        fake_object_set(adapter->object, IF_ADAPTER, "PowerState",
                        g_variant_new_string(powered ? "on" : "off"));
}

Device *adapter_device(Adapter *adapter, FakeSpeaker *speaker)
{
    Device *device;

    for (guint i = 0; i < adapter->devices->len; i++) {
        device = adapter->devices->pdata[i];
        if (device->speaker == speaker)
            return device;
    }
    device = device_new(adapter, speaker);
    g_ptr_array_add(adapter->devices, device);
    return device;
}

/* --- discovery --- */

static Discovery *find_discovery(const Adapter *adapter, const char *client)
{
    for (guint i = 0; i < adapter->discoveries->len; i++) {
        Discovery *discovery = adapter->discoveries->pdata[i];

        if (g_str_equal(discovery->client, client))
            return discovery;
    }
    return NULL;
}

static Discovery *take_discovery(Adapter *adapter, const char *client)
{
    Discovery *discovery = find_discovery(adapter, client);

    if (!discovery) {
        discovery = g_new0(Discovery, 1);
        discovery->client = g_strdup(client);
        g_ptr_array_add(adapter->discoveries, discovery);
    }
    return discovery;
}

bool adapter_is_discovering(const Adapter *adapter)
{
    for (guint i = 0; i < adapter->discoveries->len; i++)
        if (((const Discovery *)adapter->discoveries->pdata[i])->running)
            return true;
    return false;
}

/* A UUID filter hides whoever does not list the service in its inquiry response. */
static bool matches_filters(Adapter *adapter, const FakeSpeaker *speaker, bool *by_uuid)
{
    for (guint i = 0; i < adapter->discoveries->len; i++) {
        const Discovery *discovery = adapter->discoveries->pdata[i];

        if (discovery->running && !discovery->uuids)
            return true;
        for (char **uuid = discovery->running && speaker->lists_uuids ? discovery->uuids : NULL;
             uuid && *uuid; uuid++)
            if (g_strv_contains((const char *const *)speaker->uuids, *uuid)) {
                *by_uuid = true;
                return true;
            }
    }
    return false;
}

static void crash(void *data)
{
    fake_bluez_stop(data);
}

static void find_speaker(Adapter *adapter, FakeSpeaker *speaker)
{
    Device *device = adapter_device(adapter, speaker);
    bool by_uuid = false;

    if (!speaker->on || !speaker->pairing_mode || device->connected || device->pairing ||
        !matches_filters(adapter, speaker, &by_uuid))
        return;
    if (by_uuid && fake_has(adapter->bluez, QUIRK_UUID_FILTER_CRASH)) {
        fake_after(adapter->bluez, NULL, 0, crash, adapter->bluez);
        return;
    }
    if (!device->object) {
        fake_log(adapter->bluez, "found %s", speaker->address);
        device_export(device);
        device_make_temporary(device);
    }
    fake_object_set(device->object, IF_DEVICE, "RSSI", g_variant_new_int16(speaker->rssi));
}

static void inquire(void *data)
{
    Adapter *adapter = data;
    FakeBluez *bluez = adapter->bluez;

    fake_after(bluez, &adapter->inquiry, bluez->times.inquiry, inquire, adapter);
    for (guint i = 0; i < bluez->speakers->len; i++)
        find_speaker(adapter, bluez->speakers->pdata[i]);
}

static void end_discovery(Adapter *adapter)
{
    fake_cancel(adapter->bluez, &adapter->inquiry);
    if (!adapter->object ||
        !g_variant_get_boolean(fake_object_get(adapter->object, IF_ADAPTER, "Discovering")))
        return;
    for (guint i = 0; i < adapter->devices->len; i++) {
        Device *device = adapter->devices->pdata[i];

        if (!device->object)
            continue;
        fake_object_set(device->object, IF_DEVICE, "TxPower", NULL);
        fake_object_set(device->object, IF_DEVICE, "RSSI", NULL);
    }
    fake_object_set(adapter->object, IF_ADAPTER, "Discovering", g_variant_new_boolean(false));
    fake_log(adapter->bluez, "discovery ended");
}

static void start_discovery(Adapter *adapter, const char *client, GDBusMethodInvocation *invocation)
{
    Discovery *discovery = take_discovery(adapter, client);

    if (discovery->running) {
        fake_fail(invocation, "InProgress", "Operation already in progress");
        return;
    }
    discovery->running = true;
    if (!adapter->inquiry) {
        fake_after(adapter->bluez, &adapter->inquiry, adapter->bluez->times.inquiry, inquire,
                   adapter);
        fake_log(adapter->bluez, "discovery began");
    }
    fake_reply(invocation, NULL);
    fake_object_set(adapter->object, IF_ADAPTER, "Discovering", g_variant_new_boolean(true));
}

static void stop_discovery(Adapter *adapter, const char *client, GDBusMethodInvocation *invocation)
{
    Discovery *discovery = find_discovery(adapter, client);

    if (!discovery || !discovery->running) {
        fake_fail(invocation, "Failed", "No discovery started");
        return;
    }
    discovery->running = false;
    fake_reply(invocation, NULL);
    if (!adapter_is_discovering(adapter))
        end_discovery(adapter);
}

static bool filter_is_good(GVariant *filter)
{
    static const struct {
        const char *key, *type;
    } keys[] = {{"UUIDs", "as"},    {"RSSI", "n"},          {"Pathloss", "q"},
                {"Transport", "s"}, {"DuplicateData", "b"}, {"Discoverable", "b"},
                {"Pattern", "s"}};
    g_autoptr(GVariant) dict = g_variant_get_child_value(filter, 0);
    GVariantIter iter;
    const char *key;
    GVariant *value;
    size_t known = 0, count = 0;

    g_variant_iter_init(&iter, dict);
    while (g_variant_iter_loop(&iter, "{&sv}", &key, &value)) {
        count++;
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
            known += g_str_equal(keys[i].key, key) &&
                     g_variant_is_of_type(value, G_VARIANT_TYPE(keys[i].type));
    }
    return known == count;
}

static void set_filter(Adapter *adapter, GVariant *arguments, const char *client,
                       GDBusMethodInvocation *invocation)
{
    g_autoptr(GVariant) filter = g_variant_get_child_value(arguments, 0);
    Discovery *discovery;

    if (!filter_is_good(arguments)) {
        fake_fail(invocation, "InvalidArguments", "Invalid arguments in method call");
        return;
    }
    discovery = take_discovery(adapter, client);
    g_clear_pointer(&discovery->uuids, g_strfreev);
    g_variant_lookup(filter, "UUIDs", "^as", &discovery->uuids);
    if (discovery->uuids && !discovery->uuids[0])
        g_clear_pointer(&discovery->uuids, g_strfreev);
    fake_reply(invocation, NULL);
}

/* --- methods and properties --- */

static void finish_removal(void *device, GDBusMethodInvocation *invocation)
{
    device_services_down(device);
    fake_reply(invocation, NULL);
    device_link_down(device, FAKE_LINK_REMOTE);
    device_remove(device);
}

static void remove_device(Adapter *adapter, GVariant *arguments, GDBusMethodInvocation *invocation)
{
    const char *path;
    FakeObject *object;
    Device *device;

    g_variant_get(arguments, "(&o)", &path);
    object = fake_tree_find(adapter->bluez->tree, path);
    device =
        object && fake_object_get(object, IF_DEVICE, "Address") ? fake_object_noun(object) : NULL;
    if (!device || device->adapter != adapter) {
        fake_fail(invocation, "DoesNotExist", "Does Not Exist");
        return;
    }
    fake_answer_after(adapter->bluez, device->connected ? adapter->bluez->times.disconnect : 0,
                      finish_removal, device, invocation);
}

void adapter_call(Adapter *adapter, const char *method, GVariant *arguments, const char *client,
                  GDBusMethodInvocation *invocation)
{
    if (g_str_equal(method, "RemoveDevice"))
        remove_device(adapter, arguments, invocation);
    else if (!adapter_is_powered(adapter))
        fake_fail(invocation, "NotReady", "Resource Not Ready");
    else if (g_str_equal(method, "StartDiscovery"))
        start_discovery(adapter, client, invocation);
    else if (g_str_equal(method, "StopDiscovery"))
        stop_discovery(adapter, client, invocation);
    else if (g_str_equal(method, "SetDiscoveryFilter"))
        set_filter(adapter, arguments, client, invocation);
    else
        fake_fail(invocation, "NotSupported", "Operation is not supported");
}

static bool may_set(const Adapter *adapter, const char *property, GVariant *value,
                    GDBusMethodInvocation *invocation)
{
    if (g_str_equal(property, "Powered") && g_variant_get_boolean(value) && adapter->blocked) {
        fake_fail(invocation, "Blocked", "Blocked through rfkill");
        return false;
    }
    if (g_str_equal(property, "Discoverable") && !adapter_is_powered(adapter)) {
        fake_fail(invocation, "Failed", "Not Powered");
        return false;
    }
    return true;
}

void adapter_set(Adapter *adapter, const char *property, GVariant *value,
                 GDBusMethodInvocation *invocation)
{
    if (!may_set(adapter, property, value, invocation))
        return;
    fake_log(adapter->bluez, "set %s.%s %s", adapter->name, property,
             g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN)
                 ? (g_variant_get_boolean(value) ? "true" : "false")
                 : "value");
    fake_reply(invocation, NULL);
    if (g_str_equal(property, "Powered"))
        adapter_power(adapter, g_variant_get_boolean(value));
    else
        fake_object_set(adapter->object, IF_ADAPTER, property, value);
}

void adapter_client_gone(Adapter *adapter, const char *client)
{
    Discovery *discovery = find_discovery(adapter, client);

    for (guint i = 0; i < adapter->devices->len; i++)
        device_client_gone(adapter->devices->pdata[i], client);
    if (discovery)
        g_ptr_array_remove(adapter->discoveries, discovery);
    if (!adapter_is_discovering(adapter))
        end_discovery(adapter);
}
