/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Device1: what bluetoothd knows of a device, its link, and its place on the bus. */
#include "fake-internal.h"

Device *device_new(Adapter *adapter, FakeSpeaker *speaker)
{
    Device *device = g_new0(Device, 1);
    g_autofree char *element = g_strdelimit(g_strdup(speaker->address), ":", '_');

    device->adapter = adapter;
    device->speaker = speaker;
    device->path = g_strconcat(adapter->path, "/dev_", element, NULL);
    return device;
}

void device_free(gpointer pointer)
{
    Device *device = pointer;

    g_free(device->path);
    g_free(device->alias);
    g_free(device->pair_client);
    g_free(device);
}

static const char *icon_of(uint32_t class_of_device)
{
    unsigned major = (class_of_device >> 8) & 0x1f, minor = (class_of_device >> 2) & 0x3f;

    if (major == 1)
        return "computer";
    if (major == 2)
        return "phone";
    if (major != 4)
        return NULL;
    if (minor == 1 || minor == 2)
        return "audio-headset";
    return minor == 6 ? "audio-headphones" : "audio-card";
}

bool device_lists(const Device *device, const char *uuid)
{
    return device->uuids_known &&
           g_strv_contains((const char *const *)device->speaker->uuids, uuid);
}

static GVariant *uuids_of(const Device *device)
{
    return device->uuids_known ? g_variant_new_strv((const char *const *)device->speaker->uuids, -1)
                               : g_variant_new_strv(NULL, 0);
}

static GVariant *first_properties(Device *device)
{
    const FakeSpeaker *speaker = device->speaker;
    const char *icon = icon_of(speaker->class_of_device);
    GVariantBuilder values;

    g_variant_builder_init(&values, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&values, "{sv}", "Address", g_variant_new_string(speaker->address));
    g_variant_builder_add(&values, "{sv}", "AddressType", g_variant_new_string("public"));
    if (speaker->name)
        g_variant_builder_add(&values, "{sv}", "Name", g_variant_new_string(speaker->name));
    g_variant_builder_add(&values, "{sv}", "Alias",
                          g_variant_new_string(device->alias   ? device->alias
                                               : speaker->name ? speaker->name
                                                               : speaker->address));
    if (speaker->class_of_device)
        g_variant_builder_add(&values, "{sv}", "Class",
                              g_variant_new_uint32(speaker->class_of_device));
    if (icon)
        g_variant_builder_add(&values, "{sv}", "Icon", g_variant_new_string(icon));
    g_variant_builder_add(&values, "{sv}", "Paired", g_variant_new_boolean(device->paired));
    if (fake_has(device->adapter->bluez, QUIRK_BONDED))
        g_variant_builder_add(&values, "{sv}", "Bonded", g_variant_new_boolean(device->bonded));
    g_variant_builder_add(&values, "{sv}", "Trusted", g_variant_new_boolean(device->trusted));
    g_variant_builder_add(&values, "{sv}", "Blocked", g_variant_new_boolean(device->blocked));
    g_variant_builder_add(&values, "{sv}", "LegacyPairing", g_variant_new_boolean(speaker->legacy));
    g_variant_builder_add(&values, "{sv}", "Connected", g_variant_new_boolean(device->connected));
    g_variant_builder_add(&values, "{sv}", "UUIDs", uuids_of(device));
    g_variant_builder_add(&values, "{sv}", "Adapter",
                          g_variant_new_object_path(device->adapter->path));
    g_variant_builder_add(&values, "{sv}", "ServicesResolved", g_variant_new_boolean(false));
    g_variant_builder_add(&values, "{sv}", "Modalias", g_variant_new_string("usb:v1D6Bp0246d0542"));
    if (adapter_is_discovering(device->adapter)) {
        g_variant_builder_add(&values, "{sv}", "RSSI", g_variant_new_int16(speaker->rssi));
        g_variant_builder_add(&values, "{sv}", "TxPower", g_variant_new_int16(0));
    }
    return g_variant_builder_end(&values);
}

static void show_control(Device *device)
{
    if (!device_lists(device, UUID_AVRCP) || device->blocked ||
        fake_object_get(device->object, IF_CONTROL, "Connected"))
        return;
    fake_object_add_interface(device->object, fake_interface(IF_CONTROL));
    fake_object_set(device->object, IF_CONTROL, "Connected", g_variant_new_boolean(false));
}

/* What is known is probed when the device is no longer temporary: when it is paired. */
void device_probe(Device *device)
{
    show_control(device);
    fake_object_announce_interface(device->object, IF_CONTROL);
}

void device_export(Device *device)
{
    if (device->object)
        return;
    if (device->speaker->lists_uuids)
        device->uuids_known = true;
    device->object = fake_object_new(device->adapter->bluez->tree, device->path, device);
    fake_object_add_interface(device->object, fake_interface(IF_DEVICE));
    fake_object_set_many(device->object, IF_DEVICE, first_properties(device));
    if (device->paired)
        show_control(device);
    fake_object_announce(device->object);
}

static void cancel_timers(Device *device)
{
    FakeBluez *bluez = device->adapter->bluez;

    fake_cancel(bluez, &device->idle);
    fake_cancel(bluez, &device->forget);
    fake_cancel(bluez, &device->policy);
    fake_cancel(bluez, &device->connect_step);
    fake_cancel(bluez, &device->pair_step);
}

void device_withdraw(Device *device)
{
    connect_fail(device, "Failed", "br-connection-aborted-by-local");
    pairing_fail(device, "Failed", "Not Powered");
    cancel_timers(device);
    device->stuck = false;
    if (device->object)
        fake_log(device->adapter->bluez, "gone %s", device->speaker->address);
    g_clear_pointer(&device->object, fake_object_free);
}

void device_remove(Device *device)
{
    device_withdraw(device);
    device->paired = device->bonded = device->trusted = device->blocked = false;
    device->uuids_known = false;
    g_clear_pointer(&device->alias, g_free);
}

static void forget_temporary(void *data)
{
    Device *device = data;

    if (!device->paired && !device->connected && !device->trusted)
        device_remove(device);
}

void device_make_temporary(Device *device)
{
    FakeBluez *bluez = device->adapter->bluez;

    if (!device->paired && !device->trusted)
        fake_after(bluez, &device->forget, bluez->times.temporary, forget_temporary, device);
}

/* --- link --- */

void device_link_up(Device *device)
{
    FakeBluez *bluez = device->adapter->bluez;

    if (device->connected)
        return;
    fake_cancel(bluez, &device->forget);
    fake_log(bluez, "link up %s", device->speaker->address);
    device->connected = true;
    device->speaker->connected = true;
    fake_object_set(device->object, IF_DEVICE, "Connected", g_variant_new_boolean(true));
}

static void emit_disconnected(Device *device, FakeLinkLoss why)
{
    static const struct {
        const char *name, *message;
    } reasons[] = {
        [FAKE_LINK_TIMEOUT] = {"org.bluez.Reason.Timeout", "Connection timeout"},
        [FAKE_LINK_REMOTE] = {"org.bluez.Reason.Remote", "Connection terminated by remote host"},
        [FAKE_LINK_AUTHENTICATION] = {"org.bluez.Reason.Authentication",
                                      "Connection terminated due to an authentication failure"},
    };
    FakeBluez *bluez = device->adapter->bluez;

    if (fake_has(bluez, QUIRK_DISCONNECTED_SIGNAL) && !g_dbus_connection_is_closed(bluez->bus))
        g_dbus_connection_emit_signal(
            bluez->bus, NULL, device->path, IF_DEVICE, "Disconnected",
            g_variant_new("(ss)", reasons[why].name, reasons[why].message), NULL);
}

static void reconnect_by_policy(void *data)
{
    Device *device = data;

    if (!device->connected && !device->connecting && !device->blocked) {
        fake_log(device->adapter->bluez, "policy connects %s", device->speaker->address);
        connect_begin(device, NULL);
    }
}

static void show_link_down(Device *device, FakeLinkLoss why)
{
    emit_disconnected(device, why);
    if (device->paired && !device->bonded) {
        device->paired = false; /* the key of a pairing without a bond goes with the link */
        fake_object_set(device->object, IF_DEVICE, "Paired", g_variant_new_boolean(false));
    }
    fake_object_set(device->object, IF_DEVICE, "Connected", g_variant_new_boolean(false));
}

/* The stream, AVDTP and AVRCP go; the link may stay. */
void device_services_down(Device *device)
{
    if (!device->object)
        return;
    if (fake_object_get(device->object, IF_CONTROL, "Connected"))
        fake_object_set(device->object, IF_CONTROL, "Connected", g_variant_new_boolean(false));
    g_clear_pointer(&device->transport, transport_free);
    g_clear_pointer(&device->sep, fake_object_free);
    fake_object_set(device->object, IF_DEVICE, "ServicesResolved", g_variant_new_boolean(false));
}

void device_link_down(Device *device, FakeLinkLoss why)
{
    FakeBluez *bluez = device->adapter->bluez;
    bool streamed = device->transport;

    if (!device->connected)
        return;
    fake_cancel(bluez, &device->idle);
    fake_log(bluez, "link down %s", device->speaker->address);
    device->connected = false;
    device->speaker->connected = false;
    device_services_down(device);
    connect_fail(device, "Failed",
                 why == FAKE_LINK_AUTHENTICATION && fake_has(bluez, QUIRK_KEY_MISSING)
                     ? "br-connection-key-missing"
                 : why == FAKE_LINK_AUTHENTICATION ? "br-connection-unknown"
                                                   : "br-connection-canceled");
    pairing_fail(device, "AuthenticationCanceled", "Authentication Canceled");
    show_link_down(device, why);
    device_make_temporary(device);
    if (why == FAKE_LINK_TIMEOUT && streamed && bluez->times.policy)
        fake_after(bluez, &device->policy, bluez->times.policy, reconnect_by_policy, device);
}

static void drop_idle_link(void *data)
{
    Device *device = data;

    if (!device->transport && !device->connecting && !device->pairing)
        device_link_down(device, FAKE_LINK_REMOTE);
}

void device_watch_idle(Device *device)
{
    FakeBluez *bluez = device->adapter->bluez;

    if (device->connected)
        fake_after(bluez, &device->idle, bluez->times.idle_link, drop_idle_link, device);
}

void device_know_services(Device *device)
{
    device->uuids_known = true;
    device_probe(device);
    fake_object_set(device->object, IF_DEVICE, "UUIDs", uuids_of(device));
    fake_object_set(device->object, IF_DEVICE, "ServicesResolved", g_variant_new_boolean(true));
}

/* --- methods and properties --- */

/* The answer comes before the news. */
static void finish_disconnect(void *device, GDBusMethodInvocation *invocation)
{
    fake_reply(invocation, NULL);
    device_link_down(device, FAKE_LINK_REMOTE);
}

/* Services at once, the link after DISCONNECT_TIMER; a pending Connect ends. */
static void disconnect(Device *device, GDBusMethodInvocation *invocation)
{
    FakeBluez *bluez = device->adapter->bluez;

    fake_cancel(bluez, &device->policy);
    connect_fail(device, "Failed", "br-connection-canceled");
    device_services_down(device);
    if (!device->connected) {
        fake_reply(invocation, NULL);
        return;
    }
    fake_answer_after(bluez, bluez->times.disconnect, finish_disconnect, device, invocation);
}

static void connect_profile(Device *device, GVariant *arguments, GDBusMethodInvocation *invocation)
{
    const char *uuid;

    g_variant_get(arguments, "(&s)", &uuid);
    if (!g_uuid_string_is_valid(uuid) && !g_str_has_prefix(uuid, "0000"))
        fake_fail(invocation, "NotAvailable", "Operation currently not available");
    else if (g_ascii_strcasecmp(uuid, UUID_SINK) != 0)
        fake_fail(invocation, "NotAvailable", "br-connection-profile-unavailable");
    else
        connect_begin(device, invocation);
}

/* The trap of bluez up to today: an idle CancelPairing deletes the key in the kernel, and Device1
 * goes on saying Bonded. */
static void cancel_pairing(Device *device, GDBusMethodInvocation *invocation)
{
    if (device->pairing) {
        pairing_fail(device, "AuthenticationCanceled", "Authentication Canceled");
        device_link_down(device, FAKE_LINK_REMOTE);
        fake_reply(invocation, NULL);
        return;
    }
    if (device->bonded) {
        fake_log(device->adapter->bluez, "key lost %s", device->speaker->address);
        device->speaker->bonded = false;
    }
    fake_fail(invocation, "DoesNotExist", "Does Not Exist");
}

void device_call(Device *device, const char *method, GVariant *arguments, const char *client,
                 GDBusMethodInvocation *invocation)
{
    if (g_str_equal(method, "Connect"))
        connect_begin(device, invocation);
    else if (g_str_equal(method, "ConnectProfile"))
        connect_profile(device, arguments, invocation);
    else if (g_str_equal(method, "Pair"))
        pairing_begin(device, client, invocation);
    else if (g_str_equal(method, "CancelPairing"))
        cancel_pairing(device, invocation);
    else
        disconnect(device, invocation);
}

/* Blocking drops the link; unblocking is what frees a stuck bluetoothd. */
static void set_blocked(Device *device, bool blocked)
{
    device->blocked = blocked;
    if (blocked) {
        connect_fail(device, "Failed", "br-connection-canceled");
        device_link_down(device, FAKE_LINK_REMOTE);
        device->stuck = false;
    } else if (device->paired) {
        device_probe(device);
    }
    fake_object_set(device->object, IF_DEVICE, "Blocked", g_variant_new_boolean(blocked));
    if (blocked)
        fake_object_remove_interface(device->object, IF_CONTROL);
}

void device_set(Device *device, const char *property, GVariant *value,
                GDBusMethodInvocation *invocation)
{
    fake_log(device->adapter->bluez, "set %s.%s %s", device->speaker->address, property,
             g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN)
                 ? (g_variant_get_boolean(value) ? "true" : "false")
                 : "value");
    if (g_str_equal(property, "Blocked")) {
        set_blocked(device, g_variant_get_boolean(value));
        fake_reply(invocation, NULL);
        return;
    }
    fake_reply(invocation, NULL);
    if (g_str_equal(property, "Trusted"))
        device->trusted = g_variant_get_boolean(value);
    if (g_str_equal(property, "Alias")) {
        g_free(device->alias);
        device->alias = g_variant_dup_string(value, NULL);
    }
    fake_object_set(device->object, IF_DEVICE, property, value);
}

void device_client_gone(Device *device, const char *client)
{
    if (device->pairing && g_strcmp0(device->pair_client, client) == 0) {
        pairing_fail(device, "AuthenticationCanceled", "Authentication Canceled");
        device_link_down(device, FAKE_LINK_REMOTE);
    }
}
