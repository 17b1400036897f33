/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Request: one method call of a client that waits for its answer. Whoever answers it, frees it:
 * exactly one of request_return and request_fail, once. */
#pragma once

#include <gio/gio.h>

typedef struct Request Request;

/* value: the out arguments as a tuple, floating or NULL for none. */
void request_return(Request *request, GVariant *value);
/* Any GError; one that is not of ECHOCAST_ERROR is sent as org.echocast.Error.Failed. */
void request_fail(Request *request, const GError *error);
/* The client's unique name. */
const char *request_client(const Request *request);
