/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* The inside of the fake BlueZ, shared by its files alone. Adapters, devices and speakers are kept
 * until the end of the fake, so that no timer and no answer outlives what it points to; a life is
 * one run of bluetoothd: the connection, the objects, agents, endpoints, transports, timers. */
#pragma once

#include "fake-bluez.h"
#include "fake-tree.h"

#define ERROR_PREFIX  "org.bluez.Error."
#define UUID_SOURCE   "0000110a-0000-1000-8000-00805f9b34fb"
#define UUID_SINK     "0000110b-0000-1000-8000-00805f9b34fb"
#define UUID_AVRCP_TG "0000110c-0000-1000-8000-00805f9b34fb"
#define UUID_AVDTP    "0000110d-0000-1000-8000-00805f9b34fb"
#define UUID_AVRCP    "0000110e-0000-1000-8000-00805f9b34fb"
#define IF_ADAPTER    "org.bluez.Adapter1"
#define IF_AGENT      "org.bluez.Agent1"
#define IF_AGENTS     "org.bluez.AgentManager1"
#define IF_CONTROL    "org.bluez.MediaControl1"
#define IF_DEVICE     "org.bluez.Device1"
#define IF_ENDPOINT   "org.bluez.MediaEndpoint1"
#define IF_MEDIA      "org.bluez.Media1"
#define IF_TRANSPORT  "org.bluez.MediaTransport1"
#define MEDIA_MTU     672

typedef struct Adapter Adapter;
typedef struct Device Device;
typedef struct Transport Transport;

/* What one version of BlueZ does and another does not. README.md has the table. */
typedef enum {
    QUIRK_BONDED,              /* Device1.Bonded exists */
    QUIRK_SUPPORTED_UUIDS,     /* Media1.SupportedUUIDs */
    QUIRK_POWER_STATE,         /* Adapter1.PowerState without -E */
    QUIRK_REFUSED,             /* says br-connection-refused */
    QUIRK_CONNECTABLE,         /* Adapter1.Connectable */
    QUIRK_DELAY_ALWAYS,        /* Delay exists whenever negotiated */
    QUIRK_STUCK,               /* a broken handshake sticks until Blocked is toggled */
    QUIRK_RELEASE_DROPS,       /* Release during Acquire drops the stream */
    QUIRK_DISCONNECTED_SIGNAL, /* Device1.Disconnected(reason, message) */
    QUIRK_KEY_MISSING,         /* says br-connection-key-missing */
    QUIRK_SHARED_ENDPOINT,     /* one local endpoint, several streams */
    QUIRK_PROFILE_ERROR,       /* BREDR.ProfileUnavailable */
    QUIRK_FD_REUSE,            /* fdM starts again at the lowest free number */
    QUIRK_UUID_FILTER_CRASH,   /* dies when a UUID filter matches */
} Quirk;

typedef struct {
    char *client; /* unique name */
    char *path;
    char *capability;
} Agent;

typedef struct {
    char *client;
    char *path;
    char *uuid;
    uint8_t codec;
    GVariant *capabilities;
    bool delay_reporting;
    unsigned streams;
} Endpoint;

typedef struct {
    char *client;
    char **uuids; /* of its filter, NULL for none */
    bool running;
} Discovery;

struct Adapter {
    FakeBluez *bluez;
    char *name;
    char *address;
    char *path;
    bool plugged;
    bool blocked;
    FakeObject *object; /* NULL: not on the bus */
    GPtrArray *devices;
    GPtrArray *discoveries; /* of clients; filters count too */
    GSource *inquiry;
    GPtrArray *endpoints; /* in the order of registration */
    char *player_client, *player_path;
};

struct Device {
    Adapter *adapter;
    FakeSpeaker *speaker;
    char *path;
    FakeObject *object; /* NULL: not on the bus */
    FakeObject *sep;    /* the speaker's SBC endpoint, while AVDTP is up */
    char *alias;
    bool paired, bonded, trusted, blocked;
    bool uuids_known;
    bool connected;
    bool stuck;
    Transport *transport;
    GSource *idle, *forget, *policy;

    /* The one connection being made. */
    bool connecting;
    bool incoming;
    unsigned serial;                     /* of it: answers of an older one are not for this one */
    GDBusMethodInvocation *connect_call; /* NULL: nobody asked (policy, speaker) */
    GSource *connect_step;
    const uint8_t *blob; /* what an incoming one asks for */
    guint endpoint_tried;

    /* The one pairing. */
    bool pairing;
    bool had_link;
    unsigned pair_serial;
    GDBusMethodInvocation *pair_call;
    char *pair_client;
    GSource *pair_step;
};

typedef enum {
    STREAM_IDLE,
    STREAM_PENDING,
    STREAM_REQUESTING,
    STREAM_ACTIVE,
    STREAM_SUSPENDING,
    STREAM_ABORTED, /* shown active */
} StreamState;

struct Transport {
    Device *device;
    Endpoint *endpoint;
    char *path;
    FakeObject *object;
    StreamState state;
    char *owner;
    unsigned number;
    int ours, theirs; /* bluetoothd's copy and the speaker's end */
    GSource *reader;
    GSource *step;
    GDBusMethodInvocation *call; /* Acquire or Release that runs */
};

struct FakeBluez {
    char *address;
    unsigned version;
    FakeTimes times;
    FakeEvents events;
    void *data;
    GMainContext *context;
    GPtrArray *adapters;
    GPtrArray *speakers;
    GPtrArray *log;
    GPtrArray *faults;
    bool auto_enable;
    unsigned pending; /* calls of ours whose answer is still to come */

    /* One life. */
    GDBusConnection *bus;
    GCancellable *cancellable;
    FakeTree *tree;
    guint names_watch;
    GPtrArray *agents; /* the first is the default */
    GPtrArray *transports;
    GPtrArray *timers;
    GPtrArray *held; /* invocations that get no answer */
    GPtrArray *delayed;
    unsigned next_fd;
};

typedef void (*FakeStep)(void *noun);
typedef void (*FakeLateAnswer)(void *noun, GDBusMethodInvocation *invocation);
typedef void (*FakeAnswer)(Device *device, unsigned serial, GVariant *value, const GError *error);

/* fake-bluez.c */
G_GNUC_PRINTF(2, 3) void fake_log(FakeBluez *bluez, const char *format, ...);
bool fake_has(const FakeBluez *bluez, Quirk quirk);
GDBusInterfaceInfo *fake_interface(const char *name);
/* One shot; *slot is cleared before step runs. A slot that is set is replaced. */
void fake_after(FakeBluez *bluez, GSource **slot, unsigned ms, FakeStep step, void *noun);
/* Takes the invocation. */
void fake_answer_after(FakeBluez *bluez, unsigned ms, FakeLateAnswer answer, void *noun,
                       GDBusMethodInvocation *invocation);
void fake_cancel(FakeBluez *bluez, GSource **slot);
/* ERROR_PREFIX + error. Takes the invocation; NULL is nothing. */
void fake_fail(GDBusMethodInvocation *invocation, const char *error, const char *message);
void fake_reply(GDBusMethodInvocation *invocation, GVariant *value);
/* Calls a client. answer may be NULL; it gets back device and serial. */
void fake_call(FakeBluez *bluez, const char *client, const char *path, const char *interface,
               const char *method, GVariant *arguments, unsigned timeout_ms, Device *device,
               unsigned serial, FakeAnswer answer);

/* fake-adapter.c */
Adapter *adapter_new(FakeBluez *bluez, const char *name, const char *address);
void adapter_free(Adapter *adapter);
void adapter_export(Adapter *adapter);
void adapter_withdraw(Adapter *adapter);
void adapter_power(Adapter *adapter, bool powered);
bool adapter_is_powered(const Adapter *adapter);
bool adapter_is_pairable(const Adapter *adapter);
void adapter_set_pairable(Adapter *adapter, bool pairable);
void adapter_publish_uuids(Adapter *adapter);
bool adapter_is_discovering(const Adapter *adapter);
Device *adapter_device(Adapter *adapter, FakeSpeaker *speaker);
void adapter_call(Adapter *adapter, const char *method, GVariant *arguments, const char *client,
                  GDBusMethodInvocation *invocation);
void adapter_set(Adapter *adapter, const char *property, GVariant *value,
                 GDBusMethodInvocation *invocation);
void adapter_client_gone(Adapter *adapter, const char *client);

/* fake-agent.c */
void agent_call(FakeBluez *bluez, const char *method, GVariant *arguments, const char *client,
                GDBusMethodInvocation *invocation);
void agent_client_gone(FakeBluez *bluez, const char *client);
Agent *agent_for(FakeBluez *bluez, const char *client);
void agent_free(gpointer agent);

/* fake-device.c */
Device *device_new(Adapter *adapter, FakeSpeaker *speaker);
void device_free(gpointer device);
void device_export(Device *device);
/* Off the bus; links and streams are gone before. */
void device_withdraw(Device *device);
/* Off the bus and out of the store: bond and all. */
void device_remove(Device *device);
void device_make_temporary(Device *device);
void device_link_up(Device *device);
void device_link_down(Device *device, FakeLinkLoss why);
/* A link that carries nothing falls after a while. */
void device_watch_idle(Device *device);
void device_services_down(Device *device);
void device_probe(Device *device);
void device_know_services(Device *device);
bool device_lists(const Device *device, const char *uuid);
void device_call(Device *device, const char *method, GVariant *arguments, const char *client,
                 GDBusMethodInvocation *invocation);
void device_set(Device *device, const char *property, GVariant *value,
                GDBusMethodInvocation *invocation);
void device_client_gone(Device *device, const char *client);
void device_incoming_pairing(Device *device);

/* fake-pairing.c */
void pairing_begin(Device *device, const char *client, GDBusMethodInvocation *invocation);
void pairing_fail(Device *device, const char *error, const char *message);

/* fake-connect.c */
void connect_begin(Device *device, GDBusMethodInvocation *invocation);
void connect_incoming(Device *device, const uint8_t *blob);
void connect_fail(Device *device, const char *error, const char *message);

/* fake-media.c */
void media_call(Adapter *adapter, const char *method, GVariant *arguments, const char *client,
                GDBusMethodInvocation *invocation);
void media_client_gone(Adapter *adapter, const char *client);
void endpoint_free(gpointer endpoint);

/* fake-transport.c */
Transport *transport_new(Device *device, Endpoint *endpoint, const uint8_t configuration[4]);
void transport_free(Transport *transport); /* tells the endpoint */
GVariant *transport_properties(const Transport *transport);
/* The speaker takes packets off its socket, or does not. */
void transport_read(Transport *transport, bool reads);
void transport_shown(Transport *transport, StreamState state);
void transport_call(Transport *transport, const char *method, const char *client,
                    GDBusMethodInvocation *invocation);
void transport_set(Transport *transport, const char *property, GVariant *value,
                   GDBusMethodInvocation *invocation);
void transport_client_gone(Transport *transport, const char *client);

/* fake-speaker.c */
void speaker_free(gpointer speaker);
void speaker_got(FakeSpeaker *speaker, const uint8_t *bytes, size_t size);
/* Its behaviour for this time; counts connect_times and start_times down. */
FakeConnect speaker_take_connect(FakeSpeaker *speaker);
FakeStart speaker_take_start(FakeSpeaker *speaker);
