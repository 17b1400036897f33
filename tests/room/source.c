/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * source: the least that can feed a speaker, so that the room can be tested without Echocast.
 * Finds a speaker, pairs, connects, sends a sine and leaves. Prints each step that succeeded as
 * {"step":…,"seconds":…}; at the first that fails {"step":…,"error":…} and exits 1.
 *
 * source [--index N] [--address A] [--seconds S] [--freq HZ] [--no-pair]
 *
 * The main thread runs the steps one after the other, each call blocking; a second one runs the
 * main loop in which bluetoothd's calls to our endpoint arrive.
 */
#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <math.h>
#include <poll.h>
#include <sbc/sbc.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "endpoint.h"
#include "message.h"

#define ENDPOINT_PATH   "/room/source"
#define AGENT_PATH      "/room/source_agent"
#define STEP_TIMEOUT_MS 60000

enum { RATE = 44100, SBC_FRAME = 128, HEADER = 13 };

typedef struct {
    GDBusConnection *bus;
    char *adapter;
    char *device;
    Endpoint *endpoint;
    GMutex lock; /* what the main loop tells the steps: */
    GCond changed;
    char *transport;
    bool found;
} Source;

static int64_t step_began;

static void step_done(const char *step)
{
    JsonBuilder *message = message_new("step", step);

    message_double(message, "seconds", (now_ns() - step_began) / 1e9);
    message_int(message, "t", now_ns());
    message_print(message);
    step_began = now_ns();
}

static void step_failed(const char *step, const char *error)
{
    JsonBuilder *message = message_new("step", step);

    message_string(message, "error", error);
    message_double(message, "seconds", (now_ns() - step_began) / 1e9);
    message_print(message);
}

static GVariant *call(Source *source, const char *path, const char *interface, const char *method,
                      GVariant *parameters, GError **error)
{
    return g_dbus_connection_call_sync(source->bus, "org.bluez", path, interface, method,
                                       parameters, NULL, G_DBUS_CALL_FLAGS_NONE, STEP_TIMEOUT_MS,
                                       NULL, error);
}

static bool step(Source *source, const char *name, const char *path, const char *interface,
                 const char *method, GVariant *parameters)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer = call(source, path, interface, method, parameters, &error);

    if (answer)
        step_done(name);
    else
        step_failed(name, error->message);
    return answer != NULL;
}

/* -- told by bluetoothd, in the second thread -- */

static void configured(const char *transport, const char *configuration, void *data)
{
    Source *source = data;

    g_mutex_lock(&source->lock);
    source->transport = g_strdup(transport);
    g_cond_broadcast(&source->changed);
    g_mutex_unlock(&source->lock);
}

static void cleared(const char *transport, void *data)
{
    Source *source = data;

    g_mutex_lock(&source->lock);
    g_clear_pointer(&source->transport, g_free);
    g_cond_broadcast(&source->changed);
    g_mutex_unlock(&source->lock);
}

static void released(void *data)
{
}

static void agent_called(GDBusConnection *bus, const char *sender, const char *path,
                         const char *interface, const char *method, GVariant *parameters,
                         GDBusMethodInvocation *invocation, gpointer data)
{
    g_dbus_method_invocation_return_value(invocation, NULL);
}

static void interfaces_added(GDBusConnection *bus, const char *sender, const char *path,
                             const char *interface, const char *signal, GVariant *parameters,
                             gpointer data)
{
    Source *source = data;
    const char *object;

    g_variant_get(parameters, "(&o@a{sa{sv}})", &object, NULL);
    if (!g_str_equal(object, source->device))
        return;
    g_mutex_lock(&source->lock);
    source->found = true;
    g_cond_broadcast(&source->changed);
    g_mutex_unlock(&source->lock);
}

static gpointer loop_run(gpointer data)
{
    g_main_loop_run(data);
    return NULL;
}

/* -- steps -- */

static bool wait_until(Source *source, const char *step_name, bool (*ready)(const Source *source))
{
    int64_t end = g_get_monotonic_time() + STEP_TIMEOUT_MS * G_TIME_SPAN_MILLISECOND;
    bool is_ready, in_time = true;

    g_mutex_lock(&source->lock);
    while (!(is_ready = ready(source)) && in_time)
        in_time = g_cond_wait_until(&source->changed, &source->lock, end);
    g_mutex_unlock(&source->lock);
    if (is_ready)
        step_done(step_name);
    else
        step_failed(step_name, "timed out");
    return is_ready;
}

static bool is_found(const Source *source)
{
    return source->found;
}

static bool has_transport(const Source *source)
{
    return source->transport != NULL;
}

static bool step_power(Source *source)
{
    return step(
        source, "power", source->adapter, "org.freedesktop.DBus.Properties", "Set",
        g_variant_new("(ssv)", "org.bluez.Adapter1", "Powered", g_variant_new_boolean(TRUE)));
}

static bool step_register(Source *source)
{
    static const uint8_t capabilities[] = {0xff, 0xff, 2, 53};

    return step(source, "agent", "/org/bluez", "org.bluez.AgentManager1", "RegisterAgent",
                g_variant_new("(os)", AGENT_PATH, "DisplayYesNo")) &&
           step(source, "endpoint", source->adapter, "org.bluez.Media1", "RegisterEndpoint",
                endpoint_registration(source->endpoint, ENDPOINT_SOURCE, capabilities));
}

/* A device that bluetoothd knows from before is not announced again. */
static void look_for_known(Source *source)
{
    g_autoptr(GVariant) answer =
        call(source, source->device, "org.freedesktop.DBus.Properties", "Get",
             g_variant_new("(ss)", "org.bluez.Device1", "Address"), NULL);

    g_mutex_lock(&source->lock);
    source->found |= answer != NULL;
    g_mutex_unlock(&source->lock);
}

static bool step_start_discovery(Source *source)
{
    GVariantBuilder filter = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);

    g_variant_builder_add(&filter, "{sv}", "Transport", g_variant_new_string("bredr"));
    return step(source, "filter", source->adapter, "org.bluez.Adapter1", "SetDiscoveryFilter",
                g_variant_new("(a{sv})", &filter)) &&
           step(source, "discovery", source->adapter, "org.bluez.Adapter1", "StartDiscovery", NULL);
}

static bool step_find(Source *source)
{
    if (!step_start_discovery(source))
        return false;
    look_for_known(source);
    return wait_until(source, "found", is_found) &&
           step(source, "stop", source->adapter, "org.bluez.Adapter1", "StopDiscovery", NULL);
}

static bool step_connect(Source *source)
{
    return step(source, "connect", source->device, "org.bluez.Device1", "ConnectProfile",
                g_variant_new("(s)", ENDPOINT_SINK)) &&
           wait_until(source, "transport", has_transport);
}

static int step_acquire(Source *source, guint16 *mtu)
{
    g_autoptr(GUnixFDList) fds = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer = g_dbus_connection_call_with_unix_fd_list_sync(
        source->bus, "org.bluez", source->transport, "org.bluez.MediaTransport1", "Acquire", NULL,
        G_VARIANT_TYPE("(hqq)"), G_DBUS_CALL_FLAGS_NONE, STEP_TIMEOUT_MS, NULL, &fds, NULL, &error);
    guint16 read_mtu;
    gint32 handle;

    if (!answer) {
        step_failed("acquire", error->message);
        return -1;
    }
    step_done("acquire");
    g_variant_get(answer, "(hqq)", &handle, &read_mtu, mtu);
    return g_unix_fd_list_get(fds, handle, NULL);
}

/* -- sound -- */

static void encoder_init(sbc_t *encoder)
{
    sbc_init(encoder, 0);
    encoder->frequency = SBC_FREQ_44100;
    encoder->mode = SBC_MODE_JOINT_STEREO;
    encoder->subbands = SBC_SB_8;
    encoder->blocks = SBC_BLK_16;
    encoder->allocation = SBC_AM_LOUDNESS;
    encoder->bitpool = 53;
    encoder->endian = SBC_LE;
}

static void sine(int16_t *pcm, uint64_t position, double freq)
{
    for (int i = 0; i < SBC_FRAME; i++) {
        double value = 0.5 * sin(2 * G_PI * freq * (position + i) / RATE);

        pcm[2 * i] = pcm[2 * i + 1] = lrint(32768 * value);
    }
}

static void packet_header(uint8_t *packet, uint16_t sequence, uint32_t timestamp, int frames)
{
    const uint8_t header[HEADER] = {
        0x80,
        96,
        sequence >> 8,
        sequence,
        timestamp >> 24,
        timestamp >> 16,
        timestamp >> 8,
        timestamp,
        0,
        0,
        0,
        1,
        frames,
    };

    memcpy(packet, header, HEADER);
}

static void wait_for_turn(int64_t began_ns, uint64_t position)
{
    int64_t due = began_ns + (int64_t)(position * UINT64_C(1000000000) / RATE);
    struct timespec until = {due / 1000000000, due % 1000000000};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static bool packet_send(int fd, const uint8_t *packet, size_t length)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};

    return poll(&poll_fd, 1, 2000) == 1 && send(fd, packet, length, MSG_NOSIGNAL) >= 0;
}

static bool send_sine(int fd, int mtu, double freq, double seconds)
{
    sbc_t encoder;
    uint8_t packet[2048];
    int64_t began = now_ns();
    uint64_t position = 0;
    uint16_t sequence = 0;
    bool sent = true;

    encoder_init(&encoder);
    while (sent && position < seconds * RATE) {
        int frames = (mtu - HEADER) / sbc_get_frame_length(&encoder);
        ssize_t length = HEADER;

        packet_header(packet, sequence++, position, frames);
        for (int i = 0; i < frames; i++, position += SBC_FRAME) {
            int16_t pcm[2 * SBC_FRAME];
            ssize_t written;

            sine(pcm, position, freq);
            sbc_encode(&encoder, pcm, sizeof(pcm), packet + length, sizeof(packet) - length,
                       &written);
            length += written;
        }
        wait_for_turn(began, position);
        sent = packet_send(fd, packet, length);
    }
    sbc_finish(&encoder);
    return sent;
}

static bool step_play(Source *source, double freq, double seconds)
{
    guint16 mtu;
    int fd = step_acquire(source, &mtu);

    if (fd < 0)
        return false;
    if (!send_sine(fd, mtu, freq, seconds)) {
        step_failed("play", g_strerror(errno));
        return false;
    }
    step_done("play");
    close(fd);
    return step(source, "release", source->transport, "org.bluez.MediaTransport1", "Release",
                NULL) &&
           step(source, "disconnect", source->device, "org.bluez.Device1", "Disconnect", NULL);
}

/* -- beginning -- */

static void source_init(Source *source, int index, const char *address)
{
    static const GDBusInterfaceVTable table = {.method_call = agent_called};
    static const EndpointCalls calls = {configured, cleared, released};
    g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(
        "<node><interface name='org.bluez.Agent1'><method name='Release'/>"
        "<method name='RequestConfirmation'><arg type='o' direction='in'/>"
        "<arg type='u' direction='in'/></method>"
        "<method name='RequestAuthorization'><arg type='o' direction='in'/></method>"
        "<method name='AuthorizeService'><arg type='o' direction='in'/>"
        "<arg type='s' direction='in'/></method><method name='Cancel'/></interface></node>",
        NULL);
    g_autofree char *part = g_strdelimit(g_strdup(address), ":", '_');

    source->bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
    source->adapter = g_strdup_printf("/org/bluez/hci%d", index);
    source->device = g_strdup_printf("%s/dev_%s", source->adapter, part);
    source->endpoint = endpoint_new(source->bus, ENDPOINT_PATH, &calls, source);
    g_dbus_connection_register_object(source->bus, AGENT_PATH, node->interfaces[0], &table, NULL,
                                      NULL, NULL);
    g_dbus_connection_signal_subscribe(
        source->bus, "org.bluez", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", "/",
        NULL, G_DBUS_SIGNAL_FLAGS_NONE, interfaces_added, source, NULL);
    g_thread_unref(g_thread_new("bus", loop_run, g_main_loop_new(NULL, FALSE)));
}

int main(int argc, char **argv)
{
    int index = 0;
    double seconds = 2, freq = 440;
    gboolean no_pair = FALSE;
    g_autofree char *address = g_strdup("00:AA:01:01:00:01");
    const GOptionEntry entries[] = {
        {"index", 0, 0, G_OPTION_ARG_INT, &index, "adapter hciN", "N"},
        {"address", 0, 0, G_OPTION_ARG_STRING, &address, "the speaker", "A"},
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, "how long to play", "S"},
        {"freq", 0, 0, G_OPTION_ARG_DOUBLE, &freq, "which tone", "HZ"},
        {"no-pair", 0, 0, G_OPTION_ARG_NONE, &no_pair, "it is bonded already", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    Source source = {0};
    bool done;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, NULL))
        return 2;
    source_init(&source, index, address);
    step_began = now_ns();
    done = step_power(&source) && step_register(&source);
    if (!no_pair)
        done = done && step_find(&source) &&
               step(&source, "pair", source.device, "org.bluez.Device1", "Pair", NULL);
    done = done && step_connect(&source) && step_play(&source, freq, seconds);
    return done ? 0 : 1;
}
