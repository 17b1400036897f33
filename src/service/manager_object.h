/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* ManagerObject: org.echocast.Manager1 at /org/echocast. Facts become properties, a stage becomes a
 * signal. Main loop only; owned by the service. */
#pragma once

#include "service/method.h"

typedef struct ManagerObject ManagerObject;

/* hook: called for each method call. */
ManagerObject *manager_object_new(const MethodHook *hook);
void manager_object_free(ManagerObject *manager);
/* For the service, to export. */
GDBusInterfaceSkeleton *manager_object_skeleton(ManagerObject *manager);
void manager_object_publish(ManagerObject *manager, const ManagerFacts *facts);
/* speaker: NULL while none is chosen. */
void manager_object_announce(ManagerObject *manager, const Address *speaker, const char *stage,
                             const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ManagerObject, manager_object_free)
