/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* AgentManager1: one agent a client; the first that registers is the default one, which turns
 * Pairable on at every adapter, and off with the last. */
#include "fake-internal.h"

void agent_free(gpointer pointer)
{
    Agent *agent = pointer;

    g_free(agent->client);
    g_free(agent->path);
    g_free(agent->capability);
    g_free(agent);
}

static void set_all_pairable(FakeBluez *bluez, bool pairable)
{
    for (guint i = 0; i < bluez->adapters->len; i++) {
        Adapter *adapter = bluez->adapters->pdata[i];

        if (adapter->object)
            adapter_set_pairable(adapter, pairable);
    }
}

static Agent *find(FakeBluez *bluez, const char *client)
{
    for (guint i = 0; i < bluez->agents->len; i++) {
        Agent *agent = bluez->agents->pdata[i];

        if (g_str_equal(agent->client, client))
            return agent;
    }
    return NULL;
}

Agent *agent_for(FakeBluez *bluez, const char *client)
{
    Agent *own = client ? find(bluez, client) : NULL;

    if (own)
        return own;
    return bluez->agents->len ? bluez->agents->pdata[0] : NULL;
}

static void remove_agent(FakeBluez *bluez, Agent *agent)
{
    bool was_default = bluez->agents->pdata[0] == agent;

    g_ptr_array_remove(bluez->agents, agent);
    if (was_default)
        set_all_pairable(bluez, bluez->agents->len > 0);
}

static bool is_capability(const char *word)
{
    static const char *const words[] = {
        "",  "DisplayOnly", "DisplayYesNo", "KeyboardOnly", "NoInputNoOutput", "KeyboardDisplay",
        NULL};

    return g_strv_contains(words, word);
}

static void register_agent(FakeBluez *bluez, GVariant *arguments, const char *client,
                           GDBusMethodInvocation *invocation)
{
    const char *path, *capability;
    Agent *agent;

    g_variant_get(arguments, "(&o&s)", &path, &capability);
    if (find(bluez, client)) {
        fake_fail(invocation, "AlreadyExists", "Already Exists");
        return;
    }
    if (!is_capability(capability)) {
        fake_fail(invocation, "InvalidArguments", "Invalid arguments in method call");
        return;
    }
    agent = g_new0(Agent, 1);
    agent->client = g_strdup(client);
    agent->path = g_strdup(path);
    agent->capability = g_strdup(capability[0] ? capability : "KeyboardDisplay");
    g_ptr_array_add(bluez->agents, agent);
    fake_reply(invocation, NULL);
    if (bluez->agents->len == 1)
        set_all_pairable(bluez, true);
}

static void make_default(FakeBluez *bluez, Agent *agent)
{
    guint index;

    g_ptr_array_find(bluez->agents, agent, &index);
    g_ptr_array_insert(bluez->agents, 0, g_ptr_array_steal_index(bluez->agents, index));
    set_all_pairable(bluez, true);
}

void agent_call(FakeBluez *bluez, const char *method, GVariant *arguments, const char *client,
                GDBusMethodInvocation *invocation)
{
    Agent *agent = find(bluez, client);
    const char *path;

    if (g_str_equal(method, "RegisterAgent")) {
        register_agent(bluez, arguments, client, invocation);
        return;
    }
    g_variant_get(arguments, "(&o)", &path);
    if (!agent || !g_str_equal(agent->path, path)) {
        fake_fail(invocation, "DoesNotExist", "Does Not Exist");
        return;
    }
    fake_reply(invocation, NULL);
    if (g_str_equal(method, "UnregisterAgent"))
        remove_agent(bluez, agent);
    else
        make_default(bluez, agent);
}

void agent_client_gone(FakeBluez *bluez, const char *client)
{
    Agent *agent = find(bluez, client);

    if (agent)
        remove_agent(bluez, agent);
}
