/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* echocastd: parse, set up, run, clean up. */
#include "base/error.h"
#include "daemon/daemon.h"
#include "service/config.h"
#include "service/notify.h"

#include <echocast/names.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <malloc.h>
#include <stdlib.h>

#define DEFAULT_CONFIG ECHOCAST_SYSCONFDIR "/echocast/echocast.conf"

enum {
    EXIT_USAGE = 2,
};

typedef struct {
    char *config_path;
    char *log_level;
    gboolean foreground;
    gboolean check_config;
    gboolean version;
} Options;

typedef struct {
    Options options;
    GMainLoop *loop;
    GDBusConnection *bus;
    Daemon *daemon;
    int status;
} Program;

/* ---- log ---- */

static GLogLevelFlags shown_levels;
static bool to_journal;

static const struct {
    const char *word;
    GLogLevelFlags levels;
} LEVELS[] = {
    {"error", G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL},
    {"warning", G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING},
    {"info", G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE |
                 G_LOG_LEVEL_INFO},
    {"debug", G_LOG_LEVEL_MASK},
};

static bool find_level(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(LEVELS); i++) {
        if (g_strcmp0(LEVELS[i].word, word) == 0) {
            shown_levels = LEVELS[i].levels;
            return true;
        }
    }
    return false;
}

static GLogWriterOutput write_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                                  gpointer data)
{
    if ((level & shown_levels) == 0)
        return G_LOG_WRITER_HANDLED;
    if (to_journal)
        return g_log_writer_journald(level, fields, n_fields, NULL);
    return g_log_writer_standard_streams(level, fields, n_fields, NULL);
}

static void set_up_log(const Options *options)
{
    to_journal = !options->foreground && g_log_writer_is_journald(fileno(stderr));
    /* Below it a failed assertion would go on in a state nobody thought of. */
    g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
    g_log_writer_default_set_use_stderr(true);
    g_log_set_writer_func(write_log, NULL, NULL);
}

/* ---- command line ---- */

static bool parse(Options *options, int argc, char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config_path,
         "Configuration (default " DEFAULT_CONFIG ")", "FILE"},
        {"foreground", 'f', 0, G_OPTION_ARG_NONE, &options->foreground,
         "Log to standard error even under systemd", NULL},
        {"log-level", 0, 0, G_OPTION_ARG_STRING, &options->log_level,
         "error, warning, info (default) or debug", "LEVEL"},
        {"check-config", 0, 0, G_OPTION_ARG_NONE, &options->check_config,
         "Check the configuration and leave", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version and leave",
         NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(context,
                                 "Plays what ALSA applications play on a Bluetooth speaker.");
    g_option_context_set_description(context, "See echocastd(8) and echocast.conf(5).");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    if (argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "unexpected argument \"%s\"",
                    argv[1]);
        return false;
    }
    if (!find_level(options->log_level != NULL ? options->log_level : "info")) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "log level \"%s\" is none of error, warning, info, debug", options->log_level);
        return false;
    }
    return true;
}

/* Without -c a missing file means the defaults; a named file has to be there. */
static Config *load_config(const Options *options, GError **error)
{
    if (options->config_path != NULL)
        return config_load(options->config_path, error);
    if (!g_file_test(DEFAULT_CONFIG, G_FILE_TEST_EXISTS))
        return config_new_defaults();
    return config_load(DEFAULT_CONFIG, error);
}

/* ---- run ---- */

static void leave(Program *program, int status)
{
    program->status = status;
    g_main_loop_quit(program->loop);
}

static gboolean on_terminate(gpointer data)
{
    g_message("leaving");
    leave(data, EXIT_SUCCESS);
    return G_SOURCE_CONTINUE;
}

static gboolean on_reload(gpointer data)
{
    Program *program = data;
    g_autoptr(GError) error = NULL;
    Config *config = load_config(&program->options, &error);

    if (config == NULL)
        g_warning("the configuration stays as it was: %s", error->message);
    else
        daemon_reload(program->daemon, config);
    return G_SOURCE_CONTINUE;
}

static gboolean on_watchdog(gpointer data)
{
    notify_manager("WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

static void on_name_acquired(GDBusConnection *bus, const char *name, gpointer data)
{
    notify_manager("READY=1");
}

static void on_name_lost(GDBusConnection *bus, const char *name, gpointer data)
{
    if (bus == NULL || g_dbus_connection_is_closed(bus))
        g_warning("the system bus is gone");
    else
        g_warning("%s belongs to another process: is echocastd running already?", name);
    leave(data, EXIT_FAILURE);
}

static void watch_main_loop(void)
{
    uint64_t interval_us = notify_watchdog_interval_us();

    if (interval_us > 0)
        g_timeout_add(interval_us / 2000, on_watchdog, NULL);
}

static int run(Program *program, Config *config)
{
    g_autoptr(GError) error = NULL;

    program->bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, &error);
    if (program->bus == NULL) {
        g_warning("no system bus: %s", error->message);
        config_free(config);
        return EXIT_FAILURE;
    }
    g_dbus_connection_set_exit_on_close(program->bus, false);
    program->loop = g_main_loop_new(NULL, false);
    program->daemon = daemon_new(program->bus, config, &error);
    if (program->daemon == NULL) {
        g_warning("%s", error->message);
        return EXIT_FAILURE;
    }
    guint name = g_bus_own_name_on_connection(program->bus, ECHOCAST_BUS_NAME,
                                              G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE, on_name_acquired,
                                              on_name_lost, program, NULL);
    g_unix_signal_add(SIGTERM, on_terminate, program);
    g_unix_signal_add(SIGINT, on_terminate, program);
    g_unix_signal_add(SIGHUP, on_reload, program);
    watch_main_loop();
    g_main_loop_run(program->loop);
    notify_manager("STOPPING=1");
    g_bus_unown_name(name);
    return program->status;
}

static void clean_up(Program *program)
{
    g_clear_pointer(&program->daemon, daemon_free);
    if (program->bus != NULL && !g_dbus_connection_is_closed(program->bus))
        g_dbus_connection_flush_sync(program->bus, NULL, NULL);
    g_clear_object(&program->bus);
    g_clear_pointer(&program->loop, g_main_loop_unref);
    g_free(program->options.config_path);
    g_free(program->options.log_level);
}

/* Parse, set up, run: the exit code. */
static int act(Program *program, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (!parse(&program->options, argc, argv, &error)) {
        g_printerr("echocastd: %s\nTry: echocastd --help\n", error->message);
        return EXIT_USAGE;
    }
    if (program->options.version) {
        g_print("echocastd %s\n", ECHOCAST_VERSION);
        return EXIT_SUCCESS;
    }
    Config *config = load_config(&program->options, &error);
    if (config == NULL) {
        g_printerr("echocastd: %s\n", error->message);
        return EXIT_USAGE;
    }
    if (program->options.check_config) {
        g_print("the configuration is good\n");
        config_free(config);
        return EXIT_SUCCESS;
    }
    set_up_log(&program->options);
    return run(program, config);
}

int main(int argc, char **argv)
{
    Program program = {0};
    int status;

    /* One arena: the audio thread never allocates, and a second one costs memory. */
    mallopt(M_ARENA_MAX, 1);
    status = act(&program, argc, argv);
    clean_up(&program);
    return status;
}
