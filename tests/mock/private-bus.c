/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "private-bus.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/prctl.h>

struct PrivateBus {
    GSubprocess *daemon;
    char *address;
    char *config;
};

static const char config_text[] =
    "<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN'\n"
    " 'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'>\n"
    "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>\n"
    "<policy context='default'><allow send_destination='*' eavesdrop='true'/>"
    "<allow eavesdrop='true'/><allow own='*'/></policy></busconfig>\n";

static void die_with_parent(gpointer unused)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static char *read_line(GInputStream *stream)
{
    g_autoptr(GDataInputStream) lines = g_data_input_stream_new(stream);

    return g_data_input_stream_read_line(lines, NULL, NULL, NULL);
}

static char *write_config(void)
{
    char *path = NULL;
    int fd = g_file_open_tmp("echocast-bus-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, config_text, -1, NULL));
    return path;
}

PrivateBus *private_bus_new(void)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
    g_autoptr(GError) error = NULL;
    g_autofree char *option = NULL;
    PrivateBus *bus = g_new0(PrivateBus, 1);

    bus->config = write_config();
    option = g_strconcat("--config-file=", bus->config, NULL);
    g_subprocess_launcher_set_child_setup(launcher, die_with_parent, NULL, NULL);
    bus->daemon = g_subprocess_launcher_spawn(launcher, &error, "dbus-daemon", "--nofork",
                                              "--print-address", option, NULL);
    g_assert_no_error(error);
    bus->address = read_line(g_subprocess_get_stdout_pipe(bus->daemon));
    g_assert_nonnull(bus->address);
    return bus;
}

void private_bus_free(PrivateBus *bus)
{
    g_subprocess_send_signal(bus->daemon, SIGTERM);
    g_subprocess_wait(bus->daemon, NULL, NULL);
    g_object_unref(bus->daemon);
    g_unlink(bus->config);
    g_free(bus->config);
    g_free(bus->address);
    g_free(bus);
}

const char *private_bus_address(const PrivateBus *bus)
{
    return bus->address;
}
