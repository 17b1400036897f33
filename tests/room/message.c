/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 */
#include "message.h"

#include <stdio.h>
#include <time.h>

int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

JsonBuilder *message_new(const char *kind, const char *name)
{
    JsonBuilder *message = json_builder_new();

    json_builder_begin_object(message);
    message_string(message, kind, name);
    return message;
}

void message_int(JsonBuilder *message, const char *name, int64_t value)
{
    json_builder_set_member_name(message, name);
    json_builder_add_int_value(message, value);
}

void message_double(JsonBuilder *message, const char *name, double value)
{
    json_builder_set_member_name(message, name);
    json_builder_add_double_value(message, value);
}

void message_bool(JsonBuilder *message, const char *name, bool value)
{
    json_builder_set_member_name(message, name);
    json_builder_add_boolean_value(message, value);
}

void message_string(JsonBuilder *message, const char *name, const char *value)
{
    json_builder_set_member_name(message, name);
    json_builder_add_string_value(message, value);
}

char *message_end(JsonBuilder *message)
{
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_end_object(message);
    root = json_builder_get_root(message);
    text = json_to_string(root, FALSE);
    g_object_unref(message);
    return g_strconcat(text, "\n", NULL);
}

void message_print(JsonBuilder *message)
{
    g_autofree char *line = message_end(message);

    fputs(line, stdout);
    fflush(stdout);
}
