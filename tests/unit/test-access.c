/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Who may do what: the rule by itself, and the whole on a bus that has the policy file as shipped,
 * with clients of several users. The latter needs root, to become these users. */

#include "service/access.h"
#include "service/service.h"

#include <dbus-echocast.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "/org/echocast"
#define PATH "/org/echocast/speaker/AA_BB_CC_DD_EE_01"

typedef struct {
    const char *credentials;
    bool allowed;
} Rule;

/* The daemon is user 990, the group is 29. */
static const Rule RULES[] = {
    {"{'UnixUserID': <uint32 0>}", true},
    {"{'UnixUserID': <uint32 990>}", true},
    {"{'UnixUserID': <uint32 1000>, 'UnixGroupIDs': <[uint32 29]>}", true},
    {"{'UnixUserID': <uint32 1000>, 'UnixGroupIDs': <[uint32 1000, 29]>}", true},
    {"{'UnixUserID': <uint32 1000>, 'UnixGroupIDs': <[uint32 1000, 30]>}", false},
    {"{'UnixUserID': <uint32 1000>, 'UnixGroupIDs': <@au []>}", false},
    {"{'UnixUserID': <uint32 1000>, 'UnixGroupIDs': <[29]>}", false},
    {"{'UnixUserID': <uint32 1000>}", false},
    {"{'UnixUserID': <0>}", false},
    {"{'UnixGroupIDs': <[uint32 29]>}", false},
    {"@a{sv} {}", false},
};

static void test_rule(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(RULES); i++) {
        g_autoptr(GVariant) credentials =
            g_variant_ref_sink(g_variant_new_parsed(RULES[i].credentials));

        g_assert_true(access_allows(credentials, 990, 29) == RULES[i].allowed);
    }
}

static void test_no_group(void)
{
    g_autoptr(GVariant) credentials = g_variant_ref_sink(g_variant_new_parsed(
        "{'UnixUserID': <uint32 1000>, 'UnixGroupIDs': <[uint32 29, 4294967295]>}"));

    g_assert_false(access_allows(credentials, 990, (gid_t)-1));
}

/* A bus like the system's: nothing may be owned or called but what a policy file allows. */
static const char CONFIG[] =
    "<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN'\n"
    " 'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'>\n"
    "<busconfig><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>\n"
    "<policy context='default'><allow user='*'/><deny own='*'/>\n"
    "<deny send_type='method_call'/><allow send_type='signal'/>\n"
    "<allow send_requested_reply='true' send_type='method_return'/>\n"
    "<allow send_requested_reply='true' send_type='error'/>\n"
    "<allow receive_type='method_call'/><allow receive_type='method_return'/>\n"
    "<allow receive_type='error'/><allow receive_type='signal'/>\n"
    "<allow send_destination='org.freedesktop.DBus'/></policy>\n"
    "<include>%s</include></busconfig>\n";

typedef struct {
    char *directory;
    char *address;
    GSubprocess *daemon;
    GDBusConnection *server;
    Service *service;
    unsigned calls; /* that reached the daemon */
} World;

static void answer(Request *request, World *world)
{
    world->calls++;
    request_return(request, NULL);
}

static void answer_path(Request *request, World *world)
{
    world->calls++;
    request_return(request, g_variant_new("(o)", PATH));
}

static void on_start_scan(Request *request, bool all, unsigned timeout_s, void *data)
{
    answer(request, data);
}

static void on_call(Request *request, void *data)
{
    answer(request, data);
}

static void on_pair(Request *request, const char *selector, const PairWish *wish, void *data)
{
    answer_path(request, data);
}

static void on_connect(Request *request, const char *selector, void *data)
{
    answer_path(request, data);
}

static void on_selector(Request *request, const char *selector, void *data)
{
    answer(request, data);
}

static void on_test_tone(Request *request, const char *selector, const ToneWish *wish, void *data)
{
    ((World *)data)->calls++;
    request_return(request, g_variant_new_parsed("(@a{sv} {},)"));
}

static void on_get_counters(Request *request, const Address *speaker, void *data)
{
    ((World *)data)->calls++;
    request_return(request, g_variant_new_parsed("(@a{st} {},)"));
}

static void on_client_gone(const char *client, void *data)
{
}

static const ServiceCalls CALLS = {
    .start_scan = on_start_scan,
    .stop_scan = on_call,
    .pair = on_pair,
    .cancel_pairing = on_call,
    .connect = on_connect,
    .disconnect = on_selector,
    .forget = on_selector,
    .test_tone = on_test_tone,
    .get_counters = on_get_counters,
    .client_gone = on_client_gone,
};

static void start_bus(World *world)
{
    g_autofree char *text = NULL;
    g_autofree char *path = NULL;
    g_autofree char *option = NULL;
    g_autoptr(GDataInputStream) output = NULL;
    g_autoptr(GError) error = NULL;

    world->directory = g_dir_make_tmp("echocast-XXXXXX", &error);
    g_assert_no_error(error);
    g_assert_cmpint(chmod(world->directory, 0755), ==, 0);
    text = g_strdup_printf(CONFIG, world->directory, SHIPPED_POLICY);
    path = g_build_filename(world->directory, "bus.conf", NULL);
    g_assert_true(g_file_set_contents(path, text, -1, &error));
    option = g_strconcat("--config-file=", path, NULL);
    world->daemon =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error,
                         "dbus-daemon", "--nofork", "--print-address", option, NULL);
    g_assert_no_error(error);
    output = g_data_input_stream_new(g_subprocess_get_stdout_pipe(world->daemon));
    world->address = g_data_input_stream_read_line(output, NULL, NULL, &error);
    g_assert_nonnull(world->address);
}

static void publish(World *world)
{
    const Address one = {{0xaa, 0xbb, 0xcc, 0xdd, 0xee, 1}};
    const SpeakerFacts facts = {.address = one, .name = "Kitchen"};
    const StreamFacts stream = {.codec = "SBC"};

    service_publish_speaker(world->service, &facts);
    service_publish_stream(world->service, &one, &stream);
}

static void set_up(World *world)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) owned = NULL;

    start_bus(world);
    world->server =
        g_dbus_connection_new_for_address_sync(world->address,
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, &error);
    g_assert_no_error(error);
    world->service = service_new(world->server, &CALLS, world, &error);
    g_assert_no_error(error);
    publish(world);
    owned = g_dbus_connection_call_sync(
        world->server, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "RequestName", g_variant_new("(su)", "org.echocast", 4), NULL, 0, -1, NULL, &error);
    g_assert_no_error(error);
}

static void tear_down(World *world)
{
    g_autofree char *config = g_build_filename(world->directory, "bus.conf", NULL);
    g_autofree char *bus = g_build_filename(world->directory, "bus", NULL);

    service_free(world->service);
    g_assert_true(g_dbus_connection_close_sync(world->server, NULL, NULL));
    g_object_unref(world->server);
    g_subprocess_force_exit(world->daemon);
    g_subprocess_wait(world->daemon, NULL, NULL);
    g_object_unref(world->daemon);
    g_unlink(config);
    g_unlink(bus);
    g_assert_cmpint(g_rmdir(world->directory), ==, 0);
    g_free(world->directory);
    g_free(world->address);
}

/* 65534 is nobody and nogroup everywhere. data: the group it has besides, 0 for none. */
static void become_nobody(void *data)
{
    gid_t group = GPOINTER_TO_UINT(data);

    if (setgroups(group ? 1 : 0, &group) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
        _exit(99);
}

static void on_done(GObject *source, GAsyncResult *result, void *data)
{
    *(GAsyncResult **)data = g_object_ref(result);
}

/* gdbus as that user, on our bus; what it said, in both streams. */
static char *gdbus_as(World *world, gid_t group, const char *path, const char *method,
                      char *const *arguments)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autoptr(GSubprocess) child = NULL;
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) words = NULL;
    char *said = NULL;

    g_strv_builder_add_many(builder, "gdbus", "call", "--address", world->address, "--dest",
                            "org.echocast", "--object-path", path, "--method", method, NULL);
    g_strv_builder_addv(builder, (const char **)arguments);
    words = g_strv_builder_end(builder);
    g_subprocess_launcher_set_cwd(launcher, "/");
    g_subprocess_launcher_setenv(launcher, "LC_ALL", "C.UTF-8", TRUE);
    g_subprocess_launcher_unsetenv(launcher, "G_MESSAGES_DEBUG");
    g_subprocess_launcher_set_child_setup(launcher, become_nobody, GUINT_TO_POINTER(group), NULL);
    child = g_subprocess_launcher_spawnv(launcher, (const char *const *)words, &error);
    g_assert_no_error(error);
    g_subprocess_communicate_utf8_async(child, NULL, NULL, on_done, &result);
    while (!result)
        g_main_context_iteration(NULL, TRUE);
    g_assert_true(g_subprocess_communicate_utf8_finish(child, result, &said, NULL, &error));
    g_assert_cmpint(g_subprocess_get_exit_status(child), !=, 99);
    return said;
}

typedef struct {
    const char *path;
    GDBusInterfaceInfo *(*interface)(void);
} Object;

static const Object OBJECTS[] = {
    {ROOT, echocast_manager1_interface_info},
    {PATH, echocast_speaker1_interface_info},
    {PATH, echocast_stream1_interface_info},
};

/* An argument for each of the method, whatever it is: "" or {}. */
static char **arguments_for(const GDBusMethodInfo *method)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (GDBusArgInfo **argument = method->in_args; argument && *argument; argument++)
        g_strv_builder_add(builder, strcmp((*argument)->signature, "s") == 0 ? "x" : "{}");
    return g_strv_builder_end(builder);
}

static void check_method(World *world, const Object *object, const GDBusMethodInfo *method)
{
    bool reads = strcmp(method->name, "GetCounters") == 0;
    g_autofree char *full = g_strdup_printf("%s.%s", object->interface()->name, method->name);
    g_auto(GStrv) arguments = arguments_for(method);
    g_autofree char *stranger = gdbus_as(world, 0, object->path, full, arguments);
    g_autofree char *denied = g_strdup_printf(
        "Error: GDBus.Error:org.echocast.Error.AccessDenied: %s changes something: needs root or "
        "membership of the group audio (usermod -aG audio NAME)\n",
        method->name);
    g_autofree char *member = NULL;
    unsigned before = world->calls;

    if (reads)
        g_assert_true(g_str_has_prefix(stranger, "("));
    else
        g_assert_cmpstr(stranger, ==, denied);
    member = gdbus_as(world, getgrnam("audio")->gr_gid, object->path, full, arguments);
    g_assert_true(g_str_has_prefix(member, "("));
    g_assert_cmpuint(world->calls, ==, before + 1);
}

static bool skips(void)
{
    if (getuid() != 0)
        g_test_skip("needs root, to be other users");
    else if (!getgrnam("audio"))
        g_test_skip("this system has no group audio");
    return getuid() != 0 || !getgrnam("audio");
}

/* Every method that the XML has, so that a new one cannot be forgotten. */
static void test_methods(void)
{
    World world = {0};

    if (skips())
        return;
    set_up(&world);
    for (size_t i = 0; i < G_N_ELEMENTS(OBJECTS); i++) {
        GDBusMethodInfo **methods = OBJECTS[i].interface()->methods;

        for (unsigned n = 0; methods && methods[n]; n++)
            check_method(&world, &OBJECTS[i], methods[n]);
    }
    tear_down(&world);
}

static void test_reading(void)
{
    char *const all[] = {(char *)"org.echocast.Manager1", NULL};
    char *const none[] = {NULL};
    World world = {0};
    g_autofree char *properties = NULL;
    g_autofree char *objects = NULL;
    g_autofree char *introspection = NULL;

    if (skips())
        return;
    set_up(&world);
    properties = gdbus_as(&world, 0, ROOT, "org.freedesktop.DBus.Properties.GetAll", all);
    g_assert_nonnull(strstr(properties, "'Role': <'a2dp-source'>"));
    objects =
        gdbus_as(&world, 0, ROOT, "org.freedesktop.DBus.ObjectManager.GetManagedObjects", none);
    g_assert_nonnull(strstr(objects, "'Name': <'Kitchen'>"));
    introspection =
        gdbus_as(&world, 0, PATH, "org.freedesktop.DBus.Introspectable.Introspect", none);
    g_assert_nonnull(strstr(introspection, "org.echocast.Stream1"));
    tear_down(&world);
}

/* Nobody else can stand in for the daemon. */
static void test_name(void)
{
    World world = {0};
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_autoptr(GSubprocess) child = NULL;
    g_autofree char *said = NULL;

    if (skips())
        return;
    set_up(&world);
    g_subprocess_launcher_set_cwd(launcher, "/");
    g_subprocess_launcher_set_child_setup(launcher, become_nobody, NULL, NULL);
    child = g_subprocess_launcher_spawn(
        launcher, NULL, "gdbus", "call", "--address", world.address, "--dest",
        "org.freedesktop.DBus", "--object-path", "/org/freedesktop/DBus", "--method",
        "org.freedesktop.DBus.RequestName", "org.echocast", "3", NULL);
    g_assert_true(g_subprocess_communicate_utf8(child, NULL, NULL, &said, NULL, NULL));
    g_assert_nonnull(strstr(said, "org.freedesktop.DBus.Error.AccessDenied"));
    tear_down(&world);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/access/rule", test_rule);
    g_test_add_func("/access/no-group", test_no_group);
    g_test_add_func("/access/methods", test_methods);
    g_test_add_func("/access/reading", test_reading);
    g_test_add_func("/access/name", test_name);
    return g_test_run();
}
