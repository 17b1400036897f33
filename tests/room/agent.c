/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * agent: the room's hands in the guest. It starts processes on request, streams back what they
 * say, and tells how they end. One JSON object a line, both ways, on the virtio port "room".
 *
 * Requests:  {"do":"start","id":N,"argv":[…],"env":{…},"cwd":"/","user":"name","stdin":bool,
 *             "log":"file for its output instead of events"}
 *            {"do":"signal","id":N,"signal":15,"group":bool}
 *            {"do":"write","id":N,"text":"…"}    {"do":"close","id":N}    {"do":"clock"}
 * Events:    {"event":"hello","t":ns}            {"event":"clock","t":ns}
 *            {"event":"started","id":N,"pid":P,"t":ns}  {"event":"failed","id":N,"error":"…"}
 *            {"event":"text","id":N,"stream":"out|err","text":"whole lines","t":ns}
 *            {"event":"exit","id":N,"code":C,"t":ns}    (C < 0: killed by signal -C)
 *
 * One thread, one main loop. "exit" comes only after all the output has been sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lines.h"
#include "message.h"

typedef struct {
    GMainLoop *loop;
    GHashTable *children; /* id -> Child */
    int port;
} Agent;

typedef struct Child Child;

typedef struct {
    Child *child;
    const char *name;
    GString *pending; /* the line that has not ended yet */
    int fd;
} Stream;

struct Child {
    Agent *agent;
    gint64 id;
    GPid pid;
    int input;
    Stream out;
    Stream err;
    int code;
    bool exited;
};

/* What the new process does between fork and exec. */
typedef struct {
    struct passwd *user;
    const char *log;
} Setup;

/* The port is blocking: the host always reads. */
static void port_write(Agent *agent, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(agent->port, data, length);

        if (written < 0 && errno != EINTR && errno != EAGAIN)
            g_error("write to the host: %s", g_strerror(errno));
        if (written > 0) {
            data += written;
            length -= written;
        }
    }
}

static void agent_send(Agent *agent, JsonBuilder *event)
{
    g_autofree char *line = message_end(event);

    port_write(agent, line, strlen(line));
}

static void child_free(gpointer data)
{
    Child *child = data;

    if (child->input >= 0)
        close(child->input);
    g_string_free(child->out.pending, TRUE);
    g_string_free(child->err.pending, TRUE);
    g_free(child);
}

static void child_finish(Child *child)
{
    JsonBuilder *event;

    if (!child->exited || child->out.fd >= 0 || child->err.fd >= 0)
        return;
    event = message_new("event", "exit");
    message_int(event, "id", child->id);
    message_int(event, "code", child->code);
    message_int(event, "t", now_ns());
    agent_send(child->agent, event);
    g_hash_table_remove(child->agent->children, &child->id);
}

static void stream_send(Stream *stream, size_t length)
{
    JsonBuilder *event = message_new("event", "text");
    g_autofree char *text = g_utf8_make_valid(stream->pending->str, length);

    message_int(event, "id", stream->child->id);
    message_string(event, "stream", stream->name);
    message_string(event, "text", text);
    message_int(event, "t", now_ns());
    agent_send(stream->child->agent, event);
    g_string_erase(stream->pending, 0, length);
}

static void stream_close(Stream *stream)
{
    if (stream->pending->len > 0)
        stream_send(stream, stream->pending->len);
    close(stream->fd);
    stream->fd = -1;
}

static gboolean stream_readable(int fd, GIOCondition condition, gpointer data)
{
    Stream *stream = data;
    char buffer[16384];
    ssize_t got = read(fd, buffer, sizeof(buffer));
    char *last;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (got <= 0) {
        stream_close(stream);
        child_finish(stream->child);
        return G_SOURCE_REMOVE;
    }
    g_string_append_len(stream->pending, buffer, got);
    last = memrchr(stream->pending->str, '\n', stream->pending->len);
    if (last)
        stream_send(stream, last + 1 - stream->pending->str);
    return G_SOURCE_CONTINUE;
}

/* A grandchild that outlives the child may keep a pipe open for ever: what is in the pipes when the
 * child has gone is all that counts. */
static void stream_drain(Stream *stream)
{
    int fd = stream->fd;

    while (stream->fd >= 0) {
        GPollFD poll = {.fd = fd, .events = G_IO_IN};

        if (g_poll(&poll, 1, 0) <= 0) {
            g_source_remove_by_user_data(stream);
            stream_close(stream);
        } else if (!stream_readable(fd, G_IO_IN, stream)) {
            g_source_remove_by_user_data(stream);
            return;
        }
    }
}

static void child_exited(GPid pid, int status, gpointer data)
{
    Child *child = data;

    child->code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    g_spawn_close_pid(pid);
    stream_drain(&child->out);
    stream_drain(&child->err);
    child->exited = true;
    child_finish(child);
}

static void stream_watch(Stream *stream, Child *child, const char *name, int fd)
{
    stream->child = child;
    stream->name = name;
    stream->fd = fd;
    stream->pending = g_string_new(NULL);
    if (fd < 0)
        return;
    g_unix_set_fd_nonblocking(fd, TRUE, NULL);
    g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, stream_readable, stream);
}

static void redirect(const char *log)
{
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);

    if (fd < 0)
        _exit(126);
    dup2(fd, 1);
    dup2(fd, 2);
    close(fd);
}

/* Runs in the forked child. */
static void child_setup(gpointer data)
{
    Setup *setup = data;
    struct passwd *user = setup->user;

    setsid();
    if (setup->log)
        redirect(setup->log);
    if (user && (initgroups(user->pw_name, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
                 setuid(user->pw_uid) < 0))
        _exit(126);
}

static void fail(Agent *agent, gint64 id, const char *message)
{
    JsonBuilder *event = message_new("event", "failed");

    message_int(event, "id", id);
    message_string(event, "error", message);
    agent_send(agent, event);
}

static char **request_environment(JsonObject *request, const struct passwd *user)
{
    char **envp = g_get_environ();
    JsonObject *env = json_object_get_object_member(request, "env");
    g_autoptr(GList) names = env ? json_object_get_members(env) : NULL;

    if (user) {
        envp = g_environ_setenv(envp, "HOME", "/tmp", TRUE);
        envp = g_environ_setenv(envp, "USER", user->pw_name, TRUE);
    }
    for (GList *name = names; name; name = name->next)
        envp = g_environ_setenv(envp, name->data, json_object_get_string_member(env, name->data),
                                TRUE);
    return envp;
}

static char **request_argv(JsonObject *request)
{
    JsonArray *array = json_object_get_array_member(request, "argv");
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();

    for (guint i = 0; i < json_array_get_length(array); i++)
        g_strv_builder_add(argv, json_array_get_string_element(array, i));
    return g_strv_builder_end(argv);
}

static Child *child_new(Agent *agent, gint64 id, GPid pid, int input, int out, int err)
{
    Child *child = g_new0(Child, 1);

    child->agent = agent;
    child->id = id;
    child->pid = pid;
    child->input = input;
    stream_watch(&child->out, child, "out", out);
    stream_watch(&child->err, child, "err", err);
    g_child_watch_add(pid, child_exited, child);
    g_hash_table_insert(agent->children, &child->id, child);
    return child;
}

static void request_start(Agent *agent, JsonObject *request)
{
    gint64 id = json_object_get_int_member(request, "id");
    const char *name = json_object_get_string_member_with_default(request, "user", NULL);
    const char *log = json_object_get_string_member_with_default(request, "log", NULL);
    Setup setup = {.user = name ? getpwnam(name) : NULL, .log = log};
    g_auto(GStrv) argv = request_argv(request);
    g_auto(GStrv) envp = request_environment(request, setup.user);
    bool wants_input = json_object_get_boolean_member_with_default(request, "stdin", FALSE);
    GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH_FROM_ENVP;
    g_autoptr(GError) error = NULL;
    int input = -1, out = -1, err = -1;
    JsonBuilder *event;
    GPid pid;

    if (name && !setup.user) {
        fail(agent, id, "no such user in the guest");
        return;
    }
    if (!g_spawn_async_with_pipes(json_object_get_string_member(request, "cwd"), argv, envp, flags,
                                  child_setup, &setup, &pid, wants_input ? &input : NULL,
                                  log ? NULL : &out, log ? NULL : &err, &error)) {
        fail(agent, id, error->message);
        return;
    }
    child_new(agent, id, pid, input, out, err);
    event = message_new("event", "started");
    message_int(event, "id", id);
    message_int(event, "pid", pid);
    message_int(event, "t", now_ns());
    agent_send(agent, event);
}

static void request_write(Child *child, const char *text)
{
    size_t length = strlen(text);

    while (length > 0 && child->input >= 0) {
        ssize_t written = write(child->input, text, length);

        if (written < 0 && errno != EINTR) {
            close(child->input);
            child->input = -1;
            return;
        }
        if (written > 0) {
            text += written;
            length -= written;
        }
    }
}

static void request_signal(Child *child, JsonObject *request)
{
    bool group = json_object_get_boolean_member_with_default(request, "group", FALSE);
    int number = json_object_get_int_member(request, "signal");

    /* Not after it was reaped: its number may be somebody else's by then. */
    if (!child->exited)
        kill(group ? -child->pid : child->pid, number);
}

static void request_to_child(Agent *agent, const char *verb, JsonObject *request)
{
    gint64 id = json_object_get_int_member(request, "id");
    Child *child = g_hash_table_lookup(agent->children, &id);

    if (!child)
        return;
    if (g_str_equal(verb, "signal")) {
        request_signal(child, request);
    } else if (g_str_equal(verb, "write")) {
        request_write(child, json_object_get_string_member(request, "text"));
    } else if (g_str_equal(verb, "close") && child->input >= 0) {
        close(child->input);
        child->input = -1;
    }
}

static void send_time(Agent *agent, const char *name)
{
    JsonBuilder *event = message_new("event", name);

    message_int(event, "t", now_ns());
    agent_send(agent, event);
}

static void handle_line(const char *line, void *data)
{
    Agent *agent = data;
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    JsonObject *request;
    const char *verb;

    if (!line) {
        g_main_loop_quit(agent->loop);
        return;
    }
    if (!json_parser_load_from_data(parser, line, -1, &error))
        g_error("from the host: %s", error->message);
    request = json_node_get_object(json_parser_get_root(parser));
    verb = json_object_get_string_member(request, "do");
    if (g_str_equal(verb, "start"))
        request_start(agent, request);
    else if (g_str_equal(verb, "clock"))
        send_time(agent, "clock");
    else
        request_to_child(agent, verb, request);
}

/* There is no udev in the room, so /dev/virtio-ports is not made: look the port up in sysfs. */
static int port_open(void)
{
    const char *class = "/sys/class/virtio-ports";
    g_autoptr(GDir) dir = g_dir_open(class, 0, NULL);
    const char *entry;

    while (dir && (entry = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(class, entry, "name", NULL);
        g_autofree char *device = g_build_filename("/dev", entry, NULL);
        g_autofree char *name = NULL;

        if (g_file_get_contents(path, &name, NULL, NULL) && g_str_equal(g_strstrip(name), "room"))
            return open(device, O_RDWR | O_CLOEXEC);
    }
    return -1;
}

int main(void)
{
    Agent agent = {.port = port_open()};

    if (agent.port < 0) {
        g_printerr("agent: no virtio port named room\n");
        return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    agent.loop = g_main_loop_new(NULL, FALSE);
    agent.children = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, child_free);
    lines_watch(agent.port, handle_line, &agent);
    send_time(&agent, "hello");
    g_main_loop_run(agent.loop);
    g_hash_table_unref(agent.children);
    g_main_loop_unref(agent.loop);
    return 0;
}
