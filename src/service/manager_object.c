/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/manager_object.h"

#include "service/speaker_object.h"
#include "service/word.h"

#include <dbus-echocast.h>

struct ManagerObject {
    EchocastManager1 *skeleton;
};

GDBusInterfaceSkeleton *manager_object_skeleton(ManagerObject *manager)
{
    return G_DBUS_INTERFACE_SKELETON(manager->skeleton);
}

ManagerObject *manager_object_new(const MethodHook *hook)
{
    ManagerObject *manager = g_new0(ManagerObject, 1);
    const ManagerFacts nothing = {.adapter_state = "no-bluetoothd", .loopback_state = "missing"};

    manager->skeleton = echocast_manager1_skeleton_new();
    method_hook(manager_object_skeleton(manager), ECHOCAST_TYPE_MANAGER1, hook);
    echocast_manager1_set_role(manager->skeleton, "a2dp-source");
    manager_object_publish(manager, &nothing);
    return manager;
}

void manager_object_free(ManagerObject *manager)
{
    if (!manager)
        return;
    g_object_unref(manager->skeleton);
    g_free(manager);
}

static char *path_or_root(const Address *address)
{
    return address ? speaker_object_path(address) : g_strdup("/");
}

static void publish_adapter(EchocastManager1 *skeleton, const ManagerFacts *facts)
{
    echocast_manager1_set_adapter(skeleton, word(facts->adapter));
    echocast_manager1_set_adapter_alias(skeleton, word(facts->adapter_alias));
    echocast_manager1_set_adapter_state(skeleton, word(facts->adapter_state));
    echocast_manager1_set_scanning(skeleton, facts->scanning);
    echocast_manager1_set_pairing(skeleton, facts->pairing);
    echocast_manager1_set_pairing_deadline(skeleton, facts->pairing_deadline_us);
}

static void publish_speakers(EchocastManager1 *skeleton, const ManagerFacts *facts)
{
    g_autofree char *active = path_or_root(facts->active);
    g_autofree char *preferred = path_or_root(facts->default_speaker);

    echocast_manager1_set_active_speaker(skeleton, active);
    echocast_manager1_set_default_speaker(skeleton, preferred);
}

static void publish_diagnosis(EchocastManager1 *skeleton, const ManagerFacts *facts)
{
    echocast_manager1_set_headline(skeleton, word(facts->headline));
    echocast_manager1_set_reason(skeleton, word(facts->reason));
    echocast_manager1_set_detail(skeleton, word(facts->detail));
    echocast_manager1_set_advice(skeleton, word(facts->advice));
}

void manager_object_publish(ManagerObject *manager, const ManagerFacts *facts)
{
    EchocastManager1 *skeleton = manager->skeleton;

    echocast_manager1_set_version(skeleton, word(facts->version));
    publish_adapter(skeleton, facts);
    publish_speakers(skeleton, facts);
    echocast_manager1_set_loopback_state(skeleton, word(facts->loopback_state));
    echocast_manager1_set_player_active(skeleton, facts->player_active);
    publish_diagnosis(skeleton, facts);
    /* At once and in one signal: an answer that follows must not overtake what it is about. */
    g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(skeleton));
}

void manager_object_announce(ManagerObject *manager, const Address *speaker, const char *stage,
                             const char *text)
{
    g_autofree char *path = path_or_root(speaker);

    echocast_manager1_emit_progress(manager->skeleton, path, word(stage), word(text));
}
