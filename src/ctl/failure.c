/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/failure.h"

#include "ctl/document.h"
#include "ctl/terminal.h"
#include "ctl/text.h"
#include "echocast/names.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#define DBUS_ERROR_PREFIX "org.freedesktop.DBus.Error."
#define NEXT_LINE         "\nnext: "

/* What the bus itself says. what NULL: its message stands, "": ours for the code is better. */
typedef struct {
    const char *name;
    EchocastError code;
    const char *what;
} BusError;

static const BusError bus_errors[] = {
    {"AccessDenied", ECHOCAST_ERROR_ACCESS_DENIED, ""},
    {"AuthFailed", ECHOCAST_ERROR_ACCESS_DENIED, ""},
    {"ServiceUnknown", ECHOCAST_ERROR_DAEMON_NOT_RUNNING, ""},
    {"NameHasNoOwner", ECHOCAST_ERROR_DAEMON_NOT_RUNNING, ""},
    {"NoReply", ECHOCAST_ERROR_DAEMON_NOT_RUNNING, "echocastd went away before it answered."},
    {"Disconnected", ECHOCAST_ERROR_DAEMON_NOT_RUNNING, "The system bus closed the connection."},
    {"NoServer", ECHOCAST_ERROR_DAEMON_NOT_RUNNING,
     "There is no system bus to reach echocastd by."},
    {"FileNotFound", ECHOCAST_ERROR_DAEMON_NOT_RUNNING,
     "There is no system bus to reach echocastd by."},
    {"Timeout", ECHOCAST_ERROR_TIMED_OUT, NULL},
    {"TimedOut", ECHOCAST_ERROR_TIMED_OUT, NULL},
    {"InvalidArgs", ECHOCAST_ERROR_INVALID_ARGUMENTS, NULL},
};

static const BusError *bus_error_find(const char *remote)
{
    if (!g_str_has_prefix(remote, DBUS_ERROR_PREFIX))
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(bus_errors); i++)
        if (strcmp(bus_errors[i].name, remote + strlen(DBUS_ERROR_PREFIX)) == 0)
            return &bus_errors[i];
    return NULL;
}

static char *message_of(const GError *error)
{
    g_autoptr(GError) copy = g_error_copy(error);
    g_dbus_error_strip_remote_error(copy);
    return text_clean_lines(copy->message);
}

static void init_remote(Failure *failure, const GError *error, const char *remote)
{
    const BusError *known = bus_error_find(remote);
    failure->code = known ? known->code : error_from_word(remote);
    if (known && known->what && *known->what)
        failure->what = g_strdup(known->what);
    else if (!known || !known->what)
        failure->what = message_of(error);
}

static EchocastError local_code(const GError *error)
{
    if (error->domain == ECHOCAST_ERROR)
        return (EchocastError)error->code;
    if (error->domain == G_OPTION_ERROR)
        return ECHOCAST_ERROR_INVALID_ARGUMENTS;
    return ECHOCAST_ERROR_FAILED;
}

/* The connection itself: no bus, refused, closed. */
static bool is_bus_trouble(const GError *error)
{
    return error->domain == G_IO_ERROR && error->code != G_IO_ERROR_DBUS_ERROR &&
           error->code != G_IO_ERROR_FAILED;
}

static void split_advice(Failure *failure)
{
    char *next = strstr(failure->what, NEXT_LINE);
    if (!next)
        return;
    failure->advice = g_strdup(next + strlen(NEXT_LINE));
    *next = '\0';
}

void failure_init(Failure *failure, const GError *error)
{
    g_autofree char *remote = g_dbus_error_get_remote_error(error);
    *failure = (Failure){.code = local_code(error)};
    if (remote) {
        init_remote(failure, error, remote);
    } else if (is_bus_trouble(error)) {
        failure->code = ECHOCAST_ERROR_DAEMON_NOT_RUNNING;
        failure->what = g_strdup_printf("The system bus cannot be used: %s", error->message);
    } else {
        failure->what = message_of(error);
    }
    if (!failure->what || !*failure->what) {
        g_free(failure->what);
        failure->what = g_strdup(error_meaning(failure->code));
    }
    split_advice(failure);
    if (!failure->advice)
        failure->advice = g_strdup(error_advice(failure->code));
}

void failure_clear(Failure *failure)
{
    g_clear_pointer(&failure->what, g_free);
    g_clear_pointer(&failure->advice, g_free);
}

static void print_wrapped(const char *start, const char *text)
{
    g_autofree char *lines = terminal_wrap(stderr, text, (unsigned)strlen(start));
    fprintf(stderr, "%s%s\n", start, lines);
}

/* The daemon's messages begin small and end open, as GError's do: for people they are sentences. A
 * program's name stays as it is written. */
static char *sentence_of(const char *message)
{
    size_t length = strlen(message);
    bool open = length > 0 && g_ascii_isalnum(message[length - 1]);
    char *sentence = g_strconcat(message, open ? "." : "", NULL);
    if (!g_str_has_prefix(sentence, "echocast") && !g_str_has_prefix(sentence, "bluetooth"))
        sentence[0] = g_ascii_toupper(sentence[0]);
    return sentence;
}

static void print_lines(const Failure *failure)
{
    g_auto(GStrv) lines = g_strsplit(failure->what, "\n", -1);
    g_autofree char *first = sentence_of(lines[0]);
    print_wrapped("echocastctl: ", first);
    for (char **line = lines + 1; *line; line++)
        print_wrapped("  ", *line);
    print_wrapped("  next: ", failure->advice);
}

static void print_document(const Failure *failure)
{
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_string_member(object, "code", error_word(failure->code));
    json_object_set_string_member(object, "error", failure->what);
    json_object_set_string_member(object, "advice", failure->advice);
    document_print(object);
}

int failure_print(const Failure *failure, bool json)
{
    fflush(stdout);
    if (json)
        print_document(failure);
    else
        print_lines(failure);
    return error_exit_code(failure->code);
}
