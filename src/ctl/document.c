/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/document.h"

#include <stdio.h>

static bool needs_escape(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);
    return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
           type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

static void append_escaped(GString *text, gunichar c)
{
    if (c < 0x10000) {
        g_string_append_printf(text, "\\u%04x", c);
        return;
    }
    c -= 0x10000;
    g_string_append_printf(text, "\\u%04x\\u%04x", 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
}

/* Outside of strings compact JSON has none of those characters, so a pass over the text will do. */
static char *escape_unseen(const char *json)
{
    GString *text = g_string_new(NULL);
    for (const char *at = json; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (needs_escape(c))
            append_escaped(text, c);
        else
            g_string_append_unichar(text, c);
    }
    return g_string_free(text, FALSE);
}

char *document_text(JsonObject *object)
{
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(root, object);
    g_autofree char *json = json_to_string(root, FALSE);
    return escape_unseen(json);
}

bool document_print(JsonObject *object)
{
    g_autofree char *text = document_text(object);
    return puts(text) != EOF && fflush(stdout) == 0;
}
