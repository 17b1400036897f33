/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/describe.h"

#include "ctl/document.h"
#include "ctl/terminal.h"
#include "ctl/text.h"
#include "echocast/names.h"

#include <stdio.h>
#include <string.h>

#define LABEL_COLUMNS 10

char *describe_label(const Entry *entry, const char *selector)
{
    if (!entry)
        return text_clean(selector);
    g_autofree char *name = text_clean(facts_string(entry->speaker, "Name"));
    const char *address = facts_string(entry->speaker, "Address");
    return *name ? g_strdup_printf("%s (%s)", name, address) : g_strdup(address);
}

void describe_row(const char *label, const char *format, ...)
{
    va_list arguments;
    printf("%-*s ", LABEL_COLUMNS, label);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void describe_row_if(const char *label, const char *text)
{
    g_autofree char *clean = text_clean(text);
    g_autofree char *lines = terminal_wrap(stdout, clean, LABEL_COLUMNS + 1);
    if (*clean)
        describe_row(label, "%s", lines);
}

GVariant *describe_counters(Client *client, const char *path)
{
    const Entry *entry = catalogue_get(client_catalogue(client), path);
    if (!entry || !entry->stream)
        return NULL;
    /* The stream may end between the two questions: then there is simply none to show. */
    g_autoptr(GVariant) answer =
        client_call(client, path, ECHOCAST_STREAM_INTERFACE, "GetCounters", NULL, "(a{st})", NULL);
    return answer ? g_variant_get_child_value(answer, 0) : NULL;
}

static uint64_t counter(GVariant *counters, const char *name)
{
    uint64_t value = 0;
    g_variant_lookup(counters, name, "t", &value);
    return value;
}

static const char *channels_text(const char *channels)
{
    if (strcmp(channels, "joint") == 0)
        return "joint stereo";
    return strcmp(channels, "dual") == 0 ? "dual channel" : channels;
}

static double ms(uint64_t us)
{
    return (double)us / 1000;
}

static void describe_counts(const Facts *stream, GVariant *counters)
{
    bool reported = facts_flag(stream, "DelayReported");
    describe_row("Sent",
                 "%" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT " dropped, %" G_GUINT64_FORMAT
                 " late, %" G_GUINT64_FORMAT " xruns",
                 counter(counters, "packets"), counter(counters, "dropped"),
                 counter(counters, "late"), counter(counters, "xruns"));
    if (counter(counters, "packets") == 0)
        return; /* nothing was measured yet */
    describe_row("Latency", "own %.1f ms (worst %.1f ms), in all about %.0f ms",
                 ms(counter(counters, "own_latency_us")),
                 ms(counter(counters, "own_latency_max_us")),
                 ms(counter(counters, "total_latency_us")));
    describe_row("", "of which the speaker %s %.0f ms", reported ? "reports" : "is assumed to take",
                 ms((uint64_t)facts_number(stream, "DelayUs")));
}

void describe_stream(const Entry *entry, GVariant *counters)
{
    const Facts *stream = entry->stream;
    if (!stream)
        return;
    g_autofree char *codec = text_clean(facts_string(stream, "Codec"));
    g_autofree char *channels = text_clean(channels_text(facts_string(stream, "Channels")));
    describe_row("Codec",
                 "%s, %" G_GINT64_FORMAT " Hz, %s, bitpool %" G_GINT64_FORMAT ", %.0f kbit/s",
                 codec, facts_number(stream, "RateHz"), channels, facts_number(stream, "Bitpool"),
                 (double)facts_number(stream, "Bitrate") / 1000);
    describe_row("Packets", "MTU %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " SBC frames each",
                 facts_number(stream, "Mtu"), facts_number(stream, "FramesPerPacket"));
    if (counters)
        describe_counts(stream, counters);
}

static JsonObject *stream_json(const Facts *stream, GVariant *counters)
{
    JsonObject *object = json_object_new();
    facts_add_to_json(stream, object);
    if (counters) {
        JsonObject *numbers = json_object_new();
        facts_add_variant_to_json(counters, numbers);
        json_object_set_object_member(object, "counters", numbers);
    }
    return object;
}

JsonObject *describe_json(const Entry *entry, GVariant *counters)
{
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "path", entry->path);
    facts_add_to_json(entry->speaker, object);
    if (entry->stream)
        json_object_set_object_member(object, "stream", stream_json(entry->stream, counters));
    return object;
}

bool describe_outcome(Client *client, const Options *options, const char *path, const char *done,
                      const char *meaning, GError **error)
{
    if (!client_load(client, error))
        return false;
    const Entry *entry = catalogue_get(client_catalogue(client), path);
    if (!options->json) {
        g_autofree char *who = describe_label(entry, path);
        printf("%s %s.\n", done, who);
        if (meaning && !options->quiet)
            puts(meaning);
        return true;
    }
    g_autoptr(JsonObject) object = entry ? describe_json(entry, NULL) : json_object_new();
    document_print(object);
    return true;
}
