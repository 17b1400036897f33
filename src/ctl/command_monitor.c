/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/command.h"
#include "ctl/describe.h"
#include "ctl/document.h"
#include "ctl/text.h"
#include "echocast/names.h"

#include <stdio.h>
#include <string.h>

/* One line an event, written at once, since mostly another program reads it. */
typedef struct {
    Client *client;
    bool json;
} Monitor;

static const char *last_element(const char *dotted)
{
    const char *dot = strrchr(dotted, '.');
    return dot ? dot + 1 : dotted;
}

static char *time_text(const char *format)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    return g_date_time_format(now, format);
}

/* A speaker's name, or what the object is. */
static char *subject_of(const Monitor *monitor, const char *path)
{
    const Entry *entry = catalogue_get(client_catalogue(monitor->client), path);
    if (entry)
        return describe_label(entry, path);
    if (strcmp(path, ECHOCAST_OBJECT_PATH) == 0 || strcmp(path, "/") == 0)
        return g_strdup("echocastd");
    return text_clean(path);
}

static void print_human(const Monitor *monitor, const char *path, const char *what)
{
    g_autofree char *time = time_text("%Y-%m-%d %H:%M:%S.%f");
    g_autofree char *subject = subject_of(monitor, path);
    g_autofree char *clean = text_clean(what);
    time[strlen("2026-01-01 00:00:00.000")] = '\0';
    /* Nobody reads any more: the end of a pipe, say. */
    if (printf("%s  %s  %s\n", time, subject, clean) < 0 || fflush(stdout) != 0)
        client_end(monitor->client);
}

static JsonObject *event_new(const char *event, const char *path)
{
    JsonObject *object = json_object_new();
    g_autofree char *time = time_text("%Y-%m-%dT%H:%M:%S.%f%:z");
    json_object_set_string_member(object, "time", time);
    json_object_set_string_member(object, "event", event);
    json_object_set_string_member(object, "path", path);
    return object;
}

static void print_event(const Monitor *monitor, JsonObject *object)
{
    if (!document_print(object))
        client_end(monitor->client);
}

static void append_value(GString *text, const char *name, GVariant *value)
{
    g_autofree char *key = facts_key(name);
    g_autofree char *shown = NULL;
    if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING) ||
        g_variant_is_of_type(value, G_VARIANT_TYPE_OBJECT_PATH))
        shown = g_strdup_printf("\"%s\"", g_variant_get_string(value, NULL));
    else
        shown = g_variant_print(value, FALSE);
    g_string_append_printf(text, "%s%s=%s", text->len > 0 ? ", " : "", key, shown);
}

/* "state=streaming, rung=streaming". */
static char *properties_text(GVariant *properties)
{
    GString *text = g_string_new(NULL);
    GVariantIter iter;
    const char *name;
    GVariant *value;
    g_variant_iter_init(&iter, properties);
    while (g_variant_iter_loop(&iter, "{&sv}", &name, &value))
        append_value(text, name, value);
    return g_string_free(text, FALSE);
}

static void report(const Monitor *monitor, const char *event, const char *path,
                   const char *interface, GVariant *properties)
{
    if (monitor->json) {
        g_autoptr(JsonObject) object = event_new(event, path);
        json_object_set_string_member(object, "interface", interface);
        if (properties)
            facts_add_variant_to_json(properties, object);
        print_event(monitor, object);
        return;
    }
    g_autofree char *values = properties ? properties_text(properties) : g_strdup("");
    g_autofree char *line =
        g_strdup_printf("%s %s%s%s", event, last_element(interface), *values ? ": " : "", values);
    print_human(monitor, path, line);
}

static bool is_ours(const char *interface)
{
    return g_str_has_prefix(interface, "org.echocast.");
}

static void on_changed(const char *path, const char *interface, GVariant *changed, void *data)
{
    if (is_ours(interface) && g_variant_n_children(changed) > 0)
        report(data, "changed", path, interface, changed);
}

static void on_added(const char *path, GVariant *interfaces, void *data)
{
    GVariantIter iter;
    const char *interface;
    GVariant *properties;
    g_variant_iter_init(&iter, interfaces);
    while (g_variant_iter_loop(&iter, "{&s@a{sv}}", &interface, &properties))
        if (is_ours(interface))
            report(data, "added", path, interface, properties);
}

static void on_removed(const char *path, const char *const *interfaces, void *data)
{
    for (; *interfaces; interfaces++)
        if (is_ours(*interfaces))
            report(data, "removed", path, *interfaces, NULL);
}

static void on_progress(const char *speaker, const char *stage, const char *text, void *data)
{
    const Monitor *monitor = data;
    if (monitor->json) {
        g_autoptr(JsonObject) object = event_new("progress", speaker);
        json_object_set_string_member(object, "stage", stage);
        json_object_set_string_member(object, "text", text);
        print_event(monitor, object);
        return;
    }
    g_autofree char *line = g_strdup_printf("progress %s: %s", stage, text);
    print_human(monitor, speaker, line);
}

static const ClientEvents monitor_events = {
    .progress = on_progress, .added = on_added, .removed = on_removed, .changed = on_changed};

static void report_daemon(const Monitor *monitor, const char *event)
{
    const Facts *manager = catalogue_manager(client_catalogue(monitor->client));
    if (monitor->json) {
        g_autoptr(JsonObject) object = event_new(event, ECHOCAST_OBJECT_PATH);
        facts_add_to_json(manager, object);
        print_event(monitor, object);
        return;
    }
    g_autofree char *line =
        strcmp(event, "gone") == 0
            ? g_strdup("went away; waiting for it")
            : g_strdup_printf("%s: version %s, %s",
                              strcmp(event, "back") == 0 ? "is back" : "is here",
                              facts_string(manager, "Version"), facts_string(manager, "Headline"));
    print_human(monitor, ECHOCAST_OBJECT_PATH, line);
}

/* It may go again while it is asked: then its next coming is reported. */
static void owner_changed(Monitor *monitor)
{
    if (!client_is_there(monitor->client))
        report_daemon(monitor, "gone");
    else if (client_load(monitor->client, NULL))
        report_daemon(monitor, "back");
}

static bool run_monitor(Client *client, const Options *options, GError **error)
{
    Monitor monitor = {.client = client, .json = options->json};
    ClientStop stop = CLIENT_RUNS;
    client_limit(client, options->timeout_s);
    client_watch(client, &monitor_events, &monitor);
    if (!options->quiet)
        report_daemon(&monitor, "here");
    while ((stop = client_wait(client)) == CLIENT_OWNER_CHANGED)
        owner_changed(&monitor);
    client_watch(client, NULL, NULL);
    if (stop != CLIENT_BUS_CLOSED)
        return true;
    g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_DAEMON_NOT_RUNNING,
                "The system bus closed the connection.");
    return false;
}

const Command command_monitor = {
    .name = "monitor",
    .arguments = "",
    .summary = "Print every change, one line each, until Ctrl-C",
    .about = "It stays when echocastd goes away, and says so, and when it is back. --timeout ends "
             "it after so many seconds.\nWith --json one object a line: time, event (here, "
             "changed, added, removed, progress, gone, back), path, interface, and the properties "
             "that changed.",
    .run = run_monitor,
};
