/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Request: one method call of a client that waits for its answer. Whoever answers it, frees it:
 * exactly one of request_return and request_fail, once. An answer to a client that has left
 * meanwhile is fine and goes nowhere. Main loop only. */
#pragma once

#include <gio/gio.h>

typedef struct Request Request;

/* value: the out arguments as a tuple, floating or NULL for none. A method without out arguments
 * drops it, so that Manager1.Connect and Speaker1.Connect may be answered alike. */
void request_return(Request *request, GVariant *value);
/* Any GError; one that is not of ECHOCAST_ERROR is sent as org.echocast.Error.Failed. */
void request_fail(Request *request, const GError *error);
/* The client's unique name. */
const char *request_client(const Request *request);

/* For the service itself: made from a call whose reference it takes over. */
Request *request_new(GDBusMethodInvocation *invocation);
/* The path of the object that was called, and the in arguments; both live as long as the request.
 */
const char *request_path(const Request *request);
GVariant *request_arguments(const Request *request);
