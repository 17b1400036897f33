/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/request.h"

#include "base/error.h"

#include <stdbool.h>

struct Request {
    GDBusMethodInvocation *invocation;
};

Request *request_new(GDBusMethodInvocation *invocation)
{
    Request *request = g_new(Request, 1);

    request->invocation = invocation;
    return request;
}

/* The answer takes the invocation's last reference; the request is gone before it is sent. */
static GDBusMethodInvocation *release(Request *request)
{
    GDBusMethodInvocation *invocation = request->invocation;

    g_free(request);
    return invocation;
}

static bool has_out_arguments(const Request *request)
{
    const GDBusMethodInfo *info = g_dbus_method_invocation_get_method_info(request->invocation);

    return info && info->out_args && info->out_args[0];
}

void request_return(Request *request, GVariant *value)
{
    g_autoptr(GVariant) owned = value ? g_variant_ref_sink(value) : NULL;

    g_return_if_fail(request);
    if (!has_out_arguments(request))
        g_clear_pointer(&owned, g_variant_unref);
    g_dbus_method_invocation_return_value(release(request), owned);
}

void request_fail(Request *request, const GError *error)
{
    EchocastError code = ECHOCAST_ERROR_FAILED;

    g_return_if_fail(request && error);
    if (error->domain == ECHOCAST_ERROR)
        code = (EchocastError)error->code;
    g_dbus_method_invocation_return_dbus_error(release(request), error_dbus_name(code),
                                               error->message);
}

const char *request_client(const Request *request)
{
    return g_dbus_method_invocation_get_sender(request->invocation);
}

const char *request_path(const Request *request)
{
    return g_dbus_method_invocation_get_object_path(request->invocation);
}

GVariant *request_arguments(const Request *request)
{
    return g_dbus_method_invocation_get_parameters(request->invocation);
}
