/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Method: one row for each method of ours on the bus: whether it changes something, and how its
 * arguments become a call to the daemon. Main loop only. */
#pragma once

#include "service/service.h"

typedef struct Method Method;

/* A method was called: takes the invocation's reference. */
typedef void MethodCalled(GDBusMethodInvocation *invocation, void *data);

typedef struct {
    MethodCalled *called;
    void *data;
} MethodHook;

/* Calls the hook for every method of a skeleton of gdbus-codegen's; interface: its GType, as
 * ECHOCAST_TYPE_MANAGER1. The hook is copied. */
void method_hook(GDBusInterfaceSkeleton *skeleton, GType interface, const MethodHook *hook);

/* NULL for none. */
const Method *method_find(const char *interface, const char *name);
/* It changes something: only those that access_allows may call it. */
bool method_needs_control(const Method *method);
/* Hands the request to the daemon, or fails it with InvalidArguments. */
void method_run(const Method *method, Request *request, const ServiceCalls *calls, void *data);
