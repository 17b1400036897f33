/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Device1.Pair: page, pair (with the agent's help), browse, answer; and pairings that others begin.
 */
#include "fake-internal.h"

static void end(Device *device)
{
    device->pairing = false;
    device->pair_serial++;
    fake_cancel(device->adapter->bluez, &device->pair_step);
    g_clear_pointer(&device->pair_client, g_free);
}

void pairing_fail(Device *device, const char *error, const char *message)
{
    if (!device->pairing)
        return;
    fake_log(device->adapter->bluez, "pairing failed %s %s", device->speaker->address, error);
    end(device);
    fake_fail(g_steal_pointer(&device->pair_call), error, message);
}

static void next(Device *device, unsigned ms, FakeStep step)
{
    fake_after(device->adapter->bluez, &device->pair_step, ms, step, device);
}

/* Speaker off: the device vanishes with the answer unless it is trusted. */
static void fail_page(void *data)
{
    Device *device = data;

    pairing_fail(device, "ConnectionAttemptFailed", "Page Timeout");
    if (!device->paired && !device->trusted)
        device_remove(device);
}

static void fail_and_hang_up(Device *device, const char *error, const char *message)
{
    pairing_fail(device, error, message);
    device_link_down(device, FAKE_LINK_AUTHENTICATION);
}

static void time_out(void *data)
{
    fail_and_hang_up(data, "AuthenticationTimeout", "Authentication Timeout");
}

static void finish(void *data)
{
    Device *device = data;

    device_know_services(device);
    fake_object_set(device->object, IF_DEVICE, "Paired", g_variant_new_boolean(true));
    fake_log(device->adapter->bluez, "paired %s", device->speaker->address);
    end(device);
    fake_reply(g_steal_pointer(&device->pair_call), NULL);
    if (!device->transport)
        device_watch_idle(device);
}

/* Without Pairable the key is used and not kept. Bonded is shown at once, Paired after the browse.
 */
static void bond(Device *device)
{
    fake_cancel(device->adapter->bluez, &device->forget);
    device->paired = true;
    device->bonded = adapter_is_pairable(device->adapter);
    device->speaker->bonded = device->bonded;
    if (fake_has(device->adapter->bluez, QUIRK_BONDED))
        fake_object_set(device->object, IF_DEVICE, "Bonded", g_variant_new_boolean(device->bonded));
}

static void bond_and_browse(Device *device)
{
    bond(device);
    next(device, device->adapter->bluez->times.pairing, finish);
}

static void on_confirmed(Device *device, unsigned serial, GVariant *value, const GError *error)
{
    if (serial != device->pair_serial || !device->pairing)
        return;
    if (error)
        fail_and_hang_up(device, "AuthenticationFailed", "Authentication Failed");
    else
        bond_and_browse(device);
}

static void on_pin(Device *device, unsigned serial, GVariant *value, const GError *error)
{
    const char *pin = NULL;

    if (serial != device->pair_serial || !device->pairing)
        return;
    if (value && g_variant_is_of_type(value, G_VARIANT_TYPE("(s)")))
        g_variant_get(value, "(&s)", &pin);
    if (g_strcmp0(pin, device->speaker->pin) == 0)
        bond_and_browse(device);
    else
        fail_and_hang_up(device, "AuthenticationFailed", "Authentication Failed");
}

static void ask_agent(Device *device, const Agent *agent, const char *method, GVariant *arguments,
                      FakeAnswer answer)
{
    fake_call(device->adapter->bluez, agent->client, agent->path, IF_AGENT, method, arguments,
              60000, device, device->pair_serial, answer);
}

/* Just works is accepted without a question when we began it; numbers are compared only if both
 * sides can show them. */
static void authenticate(Device *device)
{
    const FakeSpeaker *speaker = device->speaker;
    const Agent *agent = agent_for(device->adapter->bluez, device->pair_client);
    bool we_display = agent && (g_str_equal(agent->capability, "DisplayYesNo") ||
                                g_str_equal(agent->capability, "KeyboardDisplay"));

    if (speaker->legacy && !agent)
        fail_and_hang_up(device, "AuthenticationFailed", "Authentication Failed");
    else if (speaker->legacy)
        ask_agent(device, agent, "RequestPinCode", g_variant_new("(o)", device->path), on_pin);
    else if (speaker->displays && we_display)
        ask_agent(device, agent, "RequestConfirmation",
                  g_variant_new("(ou)", device->path, 123456u), on_confirmed);
    else
        bond_and_browse(device);
}

static void pair(void *data)
{
    Device *device = data;

    device_link_up(device);
    if (!device->speaker->pairing_mode) {
        fail_and_hang_up(device, "AuthenticationFailed", "Authentication Failed");
        return;
    }
    switch (device->speaker->pairing) {
    case FAKE_PAIR_ACCEPTS:
        authenticate(device);
        return;
    case FAKE_PAIR_REFUSES:
        fail_and_hang_up(device, "AuthenticationFailed", "Authentication Failed");
        return;
    case FAKE_PAIR_REJECTS:
        fail_and_hang_up(device, "AuthenticationRejected", "Authentication Rejected");
        return;
    case FAKE_PAIR_DROPS:
        device_link_down(device, FAKE_LINK_REMOTE);
        return;
    case FAKE_PAIR_SILENT:
        next(device, device->adapter->bluez->times.bonding_timeout, time_out);
        return;
    }
}

void pairing_begin(Device *device, const char *client, GDBusMethodInvocation *invocation)
{
    const FakeTimes *times = &device->adapter->bluez->times;

    if (!adapter_is_powered(device->adapter)) {
        fake_fail(invocation, "NotReady", "Resource Not Ready");
        return;
    }
    if (device->pairing) {
        fake_fail(invocation, "InProgress", "In Progress");
        return;
    }
    if (device->bonded) {
        fake_fail(invocation, "AlreadyExists", "Already Exists");
        return;
    }
    fake_cancel(device->adapter->bluez, &device->forget);
    device_probe(device);
    device->pairing = true;
    device->pair_call = invocation;
    device->pair_client = g_strdup(client);
    if (device->speaker->on)
        next(device, times->pairing, pair);
    else
        next(device, times->page_timeout, fail_page);
}

/* --- begun by the other side --- */

static void on_authorized(Device *device, unsigned serial, GVariant *value, const GError *error)
{
    fake_log(device->adapter->bluez, "incoming-pairing %s %s", device->speaker->address,
             error ? "refused" : "accepted");
    if (!device->connected)
        return;
    if (error) {
        device_link_down(device, FAKE_LINK_AUTHENTICATION);
        return;
    }
    bond(device);
    fake_object_set(device->object, IF_DEVICE, "Paired", g_variant_new_boolean(true));
}

/* The kernel refuses by itself when not bondable, and accepts by itself if the default agent has no
 * input and no output. */
void device_incoming_pairing(Device *device)
{
    FakeBluez *bluez = device->adapter->bluez;
    const Agent *agent = agent_for(bluez, NULL);

    device_export(device);
    device_link_up(device);
    if (!adapter_is_pairable(device->adapter) || !agent) {
        fake_log(bluez, "incoming-pairing %s refused", device->speaker->address);
        device_link_down(device, FAKE_LINK_AUTHENTICATION);
    } else if (g_str_equal(agent->capability, "NoInputNoOutput")) {
        on_authorized(device, 0, NULL, NULL);
    } else if (device->speaker->displays) {
        fake_call(bluez, agent->client, agent->path, IF_AGENT, "RequestConfirmation",
                  g_variant_new("(ou)", device->path, 123456u), 60000, device, 0, on_authorized);
    } else {
        fake_call(bluez, agent->client, agent->path, IF_AGENT, "RequestAuthorization",
                  g_variant_new("(o)", device->path), 60000, device, 0, on_authorized);
    }
}
