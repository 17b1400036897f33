/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "agent.h"
#include "a2dp/peer.h"
#include "calls.h"
#include "dbus-bluez.h"
#include "errors.h"
#include "names.h"

struct Agent {
    const Objects *objects;
    Calls *calls;
    BluezDbusAgent1 *skeleton;
    bool registered;
    bool asking;
    unsigned tries; /* since it was registered */
    guint pause;
    const AgentEvents *events;
    void *data;
};

static gboolean agent_reject(GDBusMethodInvocation *invocation, const char *device)
{
    g_message("Refused %s for %s", g_dbus_method_invocation_get_method_name(invocation), device);
    g_dbus_method_invocation_return_dbus_error(invocation, BLUEZ_ERROR_REJECTED, "Not by us");
    return TRUE;
}

/* A question about pairing that only ours may ask; true: it is answered with a no. */
static bool agent_refuses(Agent *agent, GDBusMethodInvocation *invocation, const char *device)
{
    if (objects_refuse_stranger(agent->objects, invocation))
        return true;
    if (agent->events->is_pairing(device, agent->data))
        return false;
    agent_reject(invocation, device);
    return true;
}

static gboolean on_request_pin_code(BluezDbusAgent1 *skeleton, GDBusMethodInvocation *invocation,
                                    const char *device, gpointer data)
{
    Agent *agent = data;

    if (!agent_refuses(agent, invocation, device))
        bluez_dbus_agent1_complete_request_pin_code(skeleton, invocation,
                                                    agent->events->pin(device, agent->data));
    return TRUE;
}

static gboolean on_display_pin_code(BluezDbusAgent1 *skeleton, GDBusMethodInvocation *invocation,
                                    const char *device, const char *pin, gpointer data)
{
    if (!agent_refuses(data, invocation, device))
        bluez_dbus_agent1_complete_display_pin_code(skeleton, invocation);
    return TRUE;
}

/* A speaker has nothing to show a passkey on. */
static gboolean on_request_passkey(BluezDbusAgent1 *skeleton, GDBusMethodInvocation *invocation,
                                   const char *device, gpointer data)
{
    Agent *agent = data;

    return objects_refuse_stranger(agent->objects, invocation) || agent_reject(invocation, device);
}

static gboolean on_display_passkey(BluezDbusAgent1 *skeleton, GDBusMethodInvocation *invocation,
                                   const char *device, guint passkey, guint16 entered,
                                   gpointer data)
{
    if (!agent_refuses(data, invocation, device))
        bluez_dbus_agent1_complete_display_passkey(skeleton, invocation);
    return TRUE;
}

static gboolean on_request_confirmation(BluezDbusAgent1 *skeleton,
                                        GDBusMethodInvocation *invocation, const char *device,
                                        guint passkey, gpointer data)
{
    if (!agent_refuses(data, invocation, device))
        bluez_dbus_agent1_complete_request_confirmation(skeleton, invocation);
    return TRUE;
}

static gboolean on_request_authorization(BluezDbusAgent1 *skeleton,
                                         GDBusMethodInvocation *invocation, const char *device,
                                         gpointer data)
{
    if (!agent_refuses(data, invocation, device))
        bluez_dbus_agent1_complete_request_authorization(skeleton, invocation);
    return TRUE;
}

static bool is_speaker_service(const char *uuid)
{
    static const char *const services[] = {UUID_AVDTP, UUID_AVRCP, UUID_AVRCP_TARGET, NULL};

    return g_strv_contains(services, uuid);
}

static gboolean on_authorize_service(BluezDbusAgent1 *skeleton, GDBusMethodInvocation *invocation,
                                     const char *device, const char *uuid, gpointer data)
{
    Agent *agent = data;

    if (objects_refuse_stranger(agent->objects, invocation))
        return TRUE;
    if (!is_speaker_service(uuid) || !agent->events->is_welcome(device, agent->data))
        return agent_reject(invocation, device);
    bluez_dbus_agent1_complete_authorize_service(skeleton, invocation);
    return TRUE;
}

static gboolean on_cancel(BluezDbusAgent1 *skeleton, GDBusMethodInvocation *invocation,
                          gpointer data)
{
    Agent *agent = data;

    if (!objects_refuse_stranger(agent->objects, invocation))
        bluez_dbus_agent1_complete_cancel(skeleton, invocation);
    return TRUE;
}

static gboolean on_pause_over(gpointer data)
{
    Agent *agent = data;

    agent->pause = 0;
    agent_register(agent);
    return G_SOURCE_REMOVE;
}

static void agent_ask_later(Agent *agent)
{
    if (!agent->pause)
        agent->pause =
            g_timeout_add_seconds(calls_retry_pause_s(agent->tries), on_pause_over, agent);
}

static gboolean on_release(BluezDbusAgent1 *skeleton, GDBusMethodInvocation *invocation,
                           gpointer data)
{
    Agent *agent = data;

    if (objects_refuse_stranger(agent->objects, invocation))
        return TRUE;
    bluez_dbus_agent1_complete_release(skeleton, invocation);
    agent_lost(agent);
    /* bluetoothd is about to go; if it does not, we are back in a moment. */
    agent_ask_later(agent);
    agent->events->changed(agent->data);
    return TRUE;
}

static void on_default(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    /* Outgoing pairings use our agent all the same; incoming ones are another's to refuse. */
    if (error)
        g_message("Another program stays the default agent: %s", error->message);
}

static void on_registered(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    Agent *agent = data;

    agent->asking = false;
    if (error && !errors_is(error, "AlreadyExists")) {
        g_warning("bluetoothd does not take our agent: %s", error->message);
        agent_ask_later(agent);
        return;
    }
    agent->registered = true;
    agent->tries = 0;
    calls_make(agent->calls, BLUEZ_ROOT_PATH, BLUEZ_AGENT_MANAGER, "RequestDefaultAgent",
               g_variant_new("(o)", OUR_AGENT_PATH), CALL_TIMEOUT_MS, on_default, agent);
    agent->events->changed(agent->data);
}

void agent_register(Agent *agent)
{
    if (agent->registered || agent->asking || agent->pause)
        return;
    agent->asking = true;
    agent->tries++;
    calls_make(agent->calls, BLUEZ_ROOT_PATH, BLUEZ_AGENT_MANAGER, "RegisterAgent",
               g_variant_new("(os)", OUR_AGENT_PATH, "DisplayYesNo"), CALL_TIMEOUT_MS,
               on_registered, agent);
}

void agent_lost(Agent *agent)
{
    calls_forget(agent->calls);
    if (agent->pause)
        g_source_remove(agent->pause);
    agent->pause = 0;
    agent->asking = false;
    agent->tries = 0;
    agent->registered = false;
}

bool agent_is_registered(const Agent *agent)
{
    return agent->registered;
}

static void agent_listen(Agent *agent)
{
    const struct {
        const char *signal;
        GCallback handler;
    } handlers[] = {
        {"handle-request-pin-code", G_CALLBACK(on_request_pin_code)},
        {"handle-display-pin-code", G_CALLBACK(on_display_pin_code)},
        {"handle-request-passkey", G_CALLBACK(on_request_passkey)},
        {"handle-display-passkey", G_CALLBACK(on_display_passkey)},
        {"handle-request-confirmation", G_CALLBACK(on_request_confirmation)},
        {"handle-request-authorization", G_CALLBACK(on_request_authorization)},
        {"handle-authorize-service", G_CALLBACK(on_authorize_service)},
        {"handle-cancel", G_CALLBACK(on_cancel)},
        {"handle-release", G_CALLBACK(on_release)},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(handlers); i++)
        g_signal_connect(agent->skeleton, handlers[i].signal, handlers[i].handler, agent);
}

Agent *agent_new(const Objects *objects, const AgentEvents *events, void *data)
{
    Agent *agent = g_new0(Agent, 1);
    g_autoptr(GError) error = NULL;

    agent->objects = objects;
    agent->calls = calls_new(objects);
    agent->events = events;
    agent->data = data;
    agent->skeleton = bluez_dbus_agent1_skeleton_new();
    agent_listen(agent);
    if (!g_dbus_interface_skeleton_export(G_DBUS_INTERFACE_SKELETON(agent->skeleton),
                                          objects_bus(objects), OUR_AGENT_PATH, &error))
        g_error("%s: %s", OUR_AGENT_PATH, error->message);
    return agent;
}

void agent_free(Agent *agent)
{
    if (!agent)
        return;
    if (agent->registered)
        calls_say(agent->calls, BLUEZ_ROOT_PATH, BLUEZ_AGENT_MANAGER, "UnregisterAgent",
                  g_variant_new("(o)", OUR_AGENT_PATH));
    agent_lost(agent);
    calls_free(agent->calls);
    g_signal_handlers_disconnect_by_data(agent->skeleton, agent);
    g_dbus_interface_skeleton_unexport(G_DBUS_INTERFACE_SKELETON(agent->skeleton));
    g_object_unref(agent->skeleton);
    g_free(agent);
}
