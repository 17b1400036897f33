/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* A connection of A2DP, from the page to the open stream, in the order of the real one:
 * link, SelectConfiguration, transport, SetConfiguration, OPEN, answer. When the speaker begins it
 * there is no SelectConfiguration, and an untrusted one needs the agent's word. */
#include "fake-internal.h"

#include <string.h>

static void end(Device *device)
{
    device->connecting = false;
    device->incoming = false;
    device->serial++;
    fake_cancel(device->adapter->bluez, &device->connect_step);
}

void connect_fail(Device *device, const char *error, const char *message)
{
    if (!device->connecting)
        return;
    fake_log(device->adapter->bluez, "connect failed %s %s|%s", device->speaker->address, error,
             message);
    end(device);
    fake_fail(g_steal_pointer(&device->connect_call), error, message);
    device_watch_idle(device);
}

static void fail_unknown(Device *device)
{
    connect_fail(device, "Failed", "br-connection-unknown");
}

static void next(Device *device, unsigned ms, FakeStep step)
{
    fake_after(device->adapter->bluez, &device->connect_step, ms, step, device);
}

static void next_soon(Device *device, FakeStep step)
{
    next(device, device->adapter->bluez->times.connecting, step);
}

/* --- the stream --- */

/* AVRCP and the delay report come by themselves, after the answer. */
static void show_avrcp(Device *device)
{
    FakeSpeaker *speaker = device->speaker;

    if (fake_object_get(device->object, IF_CONTROL, "Connected"))
        fake_object_set(device->object, IF_CONTROL, "Connected", g_variant_new_boolean(true));
    if (speaker->delay)
        fake_speaker_report_delay(speaker, speaker->delay);
    if (speaker->volume >= 0)
        fake_speaker_turn_volume(speaker, (uint8_t)speaker->volume);
}

static void finish(Device *device)
{
    fake_log(device->adapter->bluez, "stream open %s", device->speaker->address);
    end(device);
    fake_reply(g_steal_pointer(&device->connect_call), NULL);
    fake_object_set(device->object, IF_DEVICE, "ServicesResolved", g_variant_new_boolean(true));
    show_avrcp(device);
}

static void open_stream(void *data)
{
    finish(data);
}

static void refuse_open(void *data)
{
    Device *device = data;

    g_clear_pointer(&device->transport, transport_free);
    connect_fail(device, "Failed", "br-connection-create-socket");
}

static void on_configured(Device *device, unsigned serial, GVariant *value, const GError *error)
{
    bool refuses;

    if (serial != device->serial || !device->connecting || !device->transport)
        return;
    refuses = device->speaker->connect == FAKE_CONNECT_REJECTS_OPEN;
    if (error) {
        fake_log(device->adapter->bluez, "configuration refused %s", device->speaker->address);
        g_clear_pointer(&device->transport, transport_free);
        fail_unknown(device);
        return;
    }
    if (refuses)
        speaker_take_connect(device->speaker);
    next_soon(device, refuses ? refuse_open : open_stream);
}

static void configure(Device *device, Endpoint *endpoint, const uint8_t blob[4])
{
    FakeBluez *bluez = device->adapter->bluez;

    memcpy(device->speaker->configuration, blob, 4);
    device->transport = transport_new(device, endpoint, blob);
    fake_call(bluez, endpoint->client, endpoint->path, IF_ENDPOINT, "SetConfiguration",
              g_variant_new("(o@a{sv})", device->transport->path,
                            transport_properties(device->transport)),
              bluez->times.endpoint, device, device->serial, on_configured);
}

/* The AVDTP session breaks in the middle of SET_CONFIGURATION. */
static void break_handshake(void *data)
{
    Device *device = data;

    fake_log(device->adapter->bluez, "handshake broken %s", device->speaker->address);
    device->stuck = fake_has(device->adapter->bluez, QUIRK_STUCK);
    device_services_down(device);
    connect_fail(device, "Failed", "br-connection-canceled");
    device_link_down(device, FAKE_LINK_REMOTE);
}

static void fail_ignored(void *data)
{
    fail_unknown(data);
}

static void fail_rejected(void *data)
{
    connect_fail(data, "Failed", "br-connection-create-socket");
}

static Endpoint *free_endpoint(Device *device, guint from, guint *index)
{
    const Adapter *adapter = device->adapter;

    for (*index = from; *index < adapter->endpoints->len; (*index)++) {
        Endpoint *endpoint = adapter->endpoints->pdata[*index];

        if (g_ascii_strcasecmp(endpoint->uuid, UUID_SOURCE) == 0 && endpoint->codec == 0 &&
            (!endpoint->streams || fake_has(adapter->bluez, QUIRK_SHARED_ENDPOINT)))
            return endpoint;
    }
    return NULL;
}

static void select_configuration(Device *device, guint from);

static void use_selection(Device *device, const uint8_t blob[4])
{
    FakeConnect behaviour = device->speaker->connect;
    const FakeTimes *times = &device->adapter->bluez->times;

    if (behaviour == FAKE_CONNECT_BREAKS) {
        speaker_take_connect(device->speaker);
        next_soon(device, break_handshake);
    } else if (behaviour == FAKE_CONNECT_REJECTS_CONFIGURATION) {
        speaker_take_connect(device->speaker);
        next_soon(device, fail_rejected);
    } else if (behaviour == FAKE_CONNECT_IGNORES_CONFIGURATION) {
        speaker_take_connect(device->speaker);
        next(device, times->silence, fail_ignored);
    } else {
        configure(device, device->adapter->endpoints->pdata[device->endpoint_tried], blob);
    }
}

static void on_selected(Device *device, unsigned serial, GVariant *value, const GError *error)
{
    g_autoptr(GVariant) bytes = NULL;
    gsize size = 0;
    const uint8_t *blob;

    if (serial != device->serial || !device->connecting)
        return;
    if (value && g_variant_is_of_type(value, G_VARIANT_TYPE("(ay)")))
        bytes = g_variant_get_child_value(value, 0);
    blob = bytes ? g_variant_get_fixed_array(bytes, &size, 1) : NULL;
    if (error && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        fail_unknown(device);
    else if (size != 4)
        select_configuration(device, device->endpoint_tried + 1);
    else
        use_selection(device, blob);
}

static void select_configuration(Device *device, guint from)
{
    FakeBluez *bluez = device->adapter->bluez;
    Endpoint *endpoint = free_endpoint(device, from, &device->endpoint_tried);
    gsize size;
    const uint8_t *caps = g_bytes_get_data(device->speaker->capabilities, &size);

    if (!endpoint) {
        connect_fail(device, "Failed", "br-connection-create-socket");
        return;
    }
    fake_call(bluez, endpoint->client, endpoint->path, IF_ENDPOINT, "SelectConfiguration",
              g_variant_new("(@ay)", g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, caps, size, 1)),
              bluez->times.endpoint, device, device->serial, on_selected);
}

static void show_sep(Device *device)
{
    g_autofree char *path = g_strconcat(device->path, "/sep1", NULL);
    gsize size;
    const uint8_t *caps = g_bytes_get_data(device->speaker->capabilities, &size);
    GVariantBuilder values;

    if (device->sep)
        return;
    g_variant_builder_init(&values, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&values, "{sv}", "UUID", g_variant_new_string(UUID_SINK));
    g_variant_builder_add(&values, "{sv}", "Codec", g_variant_new_byte(0));
    g_variant_builder_add(&values, "{sv}", "Capabilities",
                          g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, caps, size, 1));
    g_variant_builder_add(&values, "{sv}", "Device", g_variant_new_object_path(device->path));
    g_variant_builder_add(&values, "{sv}", "DelayReporting", g_variant_new_boolean(true));
    device->sep = fake_object_new(device->adapter->bluez->tree, path, device);
    fake_object_add_interface(device->sep, fake_interface(IF_ENDPOINT));
    fake_object_set_many(device->sep, IF_ENDPOINT, g_variant_builder_end(&values));
    fake_object_announce(device->sep);
}

/* --- the link --- */

static void fail_no_profile(Device *device)
{
    if (fake_has(device->adapter->bluez, QUIRK_PROFILE_ERROR))
        connect_fail(device, "org.bluez.Error.BREDR.ProfileUnavailable",
                     "No more profiles to connect to");
    else
        connect_fail(device, "NotAvailable", "br-connection-profile-unavailable");
}

static void negotiate(void *data)
{
    Device *device = data;

    if (!device->uuids_known)
        device_know_services(device);
    if (!device_lists(device, UUID_SINK)) {
        fail_no_profile(device);
    } else if (!device->adapter->endpoints->len) {
        connect_fail(device, "Failed", "br-connection-profile-unavailable");
    } else {
        show_sep(device);
        select_configuration(device, 0);
    }
}

static void fail_authentication(void *data)
{
    device_link_down(data, FAKE_LINK_AUTHENTICATION);
}

static void fail_aborted(void *data)
{
    speaker_take_connect(((Device *)data)->speaker);
    device_link_down(data, FAKE_LINK_REMOTE);
}

static void link_up(void *data)
{
    Device *device = data;

    device_link_up(device);
    if (device->bonded && !device->speaker->bonded)
        next_soon(device, fail_authentication); /* the speaker has forgotten us */
    else if (device->speaker->connect == FAKE_CONNECT_ABORTS)
        next_soon(device, fail_aborted);
    else
        next_soon(device, negotiate);
}

static void fail_page(void *data)
{
    connect_fail(data, "Failed", "br-connection-page-timeout");
}

static void fail_refused(void *data)
{
    Device *device = data;

    speaker_take_connect(device->speaker);
    connect_fail(device, "Failed",
                 fake_has(device->adapter->bluez, QUIRK_REFUSED) ? "br-connection-refused"
                                                                 : "br-connection-unknown");
}

static void fail_silent(void *data)
{
    speaker_take_connect(((Device *)data)->speaker);
    fail_unknown(data);
}

static void page(Device *device)
{
    const FakeTimes *times = &device->adapter->bluez->times;

    if (device->connected)
        next_soon(device, link_up);
    else if (!device->speaker->on)
        next(device, times->page_timeout, fail_page);
    else if (device->speaker->connect == FAKE_CONNECT_REFUSES)
        next_soon(device, fail_refused);
    else if (device->speaker->connect == FAKE_CONNECT_SILENT)
        next(device, times->silence, fail_silent);
    else
        next_soon(device, link_up);
}

static bool refuse_at_once(Device *device, GDBusMethodInvocation *invocation)
{
    if (!adapter_is_powered(device->adapter))
        fake_fail(invocation, "NotReady", "br-connection-adapter-not-powered");
    else if (device->connecting)
        fake_fail(invocation, "InProgress", "br-connection-busy");
    else if (device->stuck)
        fake_fail(invocation, "InProgress", "br-connection-busy");
    else if (device->transport)
        fake_reply(invocation, NULL); /* connected already, or so it believes */
    else
        return false;
    return true;
}

void connect_begin(Device *device, GDBusMethodInvocation *invocation)
{
    if (refuse_at_once(device, invocation))
        return;
    fake_cancel(device->adapter->bluez, &device->policy);
    fake_cancel(device->adapter->bluez, &device->forget);
    device->connecting = true;
    device->connect_call = invocation;
    if (device->uuids_known && !device_lists(device, UUID_SINK))
        fail_no_profile(device);
    else
        page(device);
}

/* --- begun by the speaker --- */

static void configure_incoming(Device *device)
{
    static const uint8_t good[4] = {0x21, 0x15, 0x02, 0x35};
    guint index;
    Endpoint *endpoint = free_endpoint(device, 0, &index);

    if (endpoint)
        configure(device, endpoint, device->blob ? device->blob : good);
    else
        connect_fail(device, "Failed", "br-connection-create-socket");
}

static void on_service_authorized(Device *device, unsigned serial, GVariant *value,
                                  const GError *error)
{
    if (serial != device->serial || !device->connecting)
        return;
    fake_log(device->adapter->bluez, "service %s %s", device->speaker->address,
             error ? "refused" : "authorized");
    if (error) {
        connect_fail(device, "Failed", "br-connection-refused");
        device_link_down(device, FAKE_LINK_REMOTE);
    } else {
        configure_incoming(device);
    }
}

static void authorize_incoming(void *data)
{
    Device *device = data;
    FakeBluez *bluez = device->adapter->bluez;
    const Agent *agent = agent_for(bluez, NULL);

    if (device->trusted)
        configure_incoming(device);
    else if (agent)
        fake_call(bluez, agent->client, agent->path, IF_AGENT, "AuthorizeService",
                  g_variant_new("(os)", device->path, UUID_AVDTP), 60000, device, device->serial,
                  on_service_authorized);
    else
        device_link_down(device, FAKE_LINK_REMOTE);
}

void connect_incoming(Device *device, const uint8_t *blob)
{
    if (device->connecting || device->transport || !adapter_is_powered(device->adapter))
        return;
    device_export(device);
    if (device->blocked)
        return;
    device->connecting = true;
    device->incoming = true;
    device->blob = blob;
    device_link_up(device);
    next_soon(device, authorize_incoming);
}
