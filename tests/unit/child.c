/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "child.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <pty.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 4096

/* One end to read from, and what came from it. */
typedef struct {
    GInputStream *stream;
    GCancellable *cancellable;
    GString *text;
    bool ended;
    char chunk[CHUNK];
} Tap;

struct Child {
    GSubprocess *process;
    Tap output;
    Tap errors;
    bool joined;
};

static void tap_read(Tap *tap);

/* A terminal whose other side has gone reads as an error: that is its end of file. */
static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
    Tap *tap = data;
    gssize bytes = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);
    if (bytes <= 0) {
        tap->ended = true;
        return;
    }
    g_string_append_len(tap->text, tap->chunk, bytes);
    tap_read(tap);
}

static void tap_read(Tap *tap)
{
    g_input_stream_read_async(tap->stream, tap->chunk, CHUNK, G_PRIORITY_DEFAULT, tap->cancellable,
                              on_read, tap);
}

static void tap_init(Tap *tap, GInputStream *stream)
{
    tap->stream = g_object_ref(stream);
    tap->cancellable = g_cancellable_new();
    tap->text = g_string_new(NULL);
    tap_read(tap);
}

static void tap_close(Tap *tap)
{
    g_cancellable_cancel(tap->cancellable);
    while (!tap->ended)
        g_main_context_iteration(NULL, TRUE);
    g_input_stream_close(tap->stream, NULL, NULL);
}

static void tap_clear(Tap *tap)
{
    tap_close(tap);
    g_object_unref(tap->stream);
    g_object_unref(tap->cancellable);
    g_string_free(tap->text, TRUE);
}

static void set_environment(GSubprocessLauncher *launcher, const char *const *environment)
{
    for (; environment && *environment; environment++) {
        g_auto(GStrv) parts = g_strsplit(*environment, "=", 2);
        if (parts[1])
            g_subprocess_launcher_setenv(launcher, parts[0], parts[1], TRUE);
        else
            g_subprocess_launcher_unsetenv(launcher, parts[0]);
    }
}

/* The child's end goes to the launcher, ours is returned. */
static GInputStream *open_terminal(GSubprocessLauncher *launcher)
{
    int ours = -1;
    int its = -1;
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    g_assert_cmpint(openpty(&ours, &its, NULL, NULL, &size), ==, 0);
    fcntl(ours, F_SETFD, FD_CLOEXEC);
    g_subprocess_launcher_take_stdout_fd(launcher, its);
    return g_unix_input_stream_new(ours, TRUE);
}

Child *child_new(const char *const *words, const char *const *environment, bool terminal)
{
    GSubprocessFlags flags = G_SUBPROCESS_FLAGS_STDERR_PIPE;
    if (!terminal)
        flags |= G_SUBPROCESS_FLAGS_STDOUT_PIPE;
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(flags);
    g_autoptr(GInputStream) screen = terminal ? open_terminal(launcher) : NULL;
    g_autoptr(GError) error = NULL;
    set_environment(launcher, environment);
    Child *child = g_new0(Child, 1);
    child->process = g_subprocess_launcher_spawnv(launcher, words, &error);
    g_assert_no_error(error);
    /* Our copy of its terminal is closed, or its end would never show. */
    g_subprocess_launcher_close(launcher);
    tap_init(&child->output, terminal ? screen : g_subprocess_get_stdout_pipe(child->process));
    tap_init(&child->errors, g_subprocess_get_stderr_pipe(child->process));
    return child;
}

void child_free(Child *child)
{
    if (!child)
        return;
    if (!child->joined)
        g_subprocess_force_exit(child->process);
    tap_clear(&child->output);
    tap_clear(&child->errors);
    g_object_unref(child->process);
    g_free(child);
}

void child_await(Child *child, const char *text)
{
    while (!strstr(child->output.text->str, text) && !child->output.ended)
        g_main_context_iteration(NULL, TRUE);
    if (!strstr(child->output.text->str, text))
        g_error("never printed: %s\noutput: %s\nerrors: %s", text, child->output.text->str,
                child->errors.text->str);
}

void child_signal(Child *child, int number)
{
    g_subprocess_send_signal(child->process, number);
}

void child_close_output(Child *child)
{
    tap_close(&child->output);
}

static void on_ended(GObject *source, GAsyncResult *result, gpointer data)
{
    Child *child = data;
    child->joined = g_subprocess_wait_finish(G_SUBPROCESS(source), result, NULL);
}

int child_join(Child *child)
{
    g_subprocess_wait_async(child->process, NULL, on_ended, child);
    while (!child->joined || !child->output.ended || !child->errors.ended)
        g_main_context_iteration(NULL, TRUE);
    return g_subprocess_get_if_exited(child->process) ? g_subprocess_get_exit_status(child->process)
                                                      : -1;
}

const char *child_output(const Child *child)
{
    return child->output.text->str;
}

const char *child_errors(const Child *child)
{
    return child->errors.text->str;
}
