/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* FakeBluez: org.bluez on a private bus, as bluetoothd plays it to an A2DP source, and the speakers
 * in the air around it. Everything a test can do to it is a call here; everything it was asked
 * stands in its log. It runs on a connection of its own in the thread-default main context of its
 * maker: the test's loop must run. What it answers, and where it differs from the real one, stands
 * in README.md. Not thread-safe. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct FakeBluez FakeBluez;
typedef struct FakeSpeaker FakeSpeaker;

#define FAKE_VERSION_DEBIAN_12 566u /* BlueZ 5.66; 550, 572, 579, 583 and later differ */

typedef enum {
    FAKE_PAIR_ACCEPTS,
    FAKE_PAIR_REFUSES, /* AuthenticationFailed */
    FAKE_PAIR_REJECTS, /* AuthenticationRejected */
    FAKE_PAIR_DROPS,   /* the link falls: AuthenticationCanceled */
    FAKE_PAIR_SILENT,  /* nothing until bluetoothd's own 120 s */
} FakePairing;

typedef enum {
    FAKE_CONNECT_ACCEPTS,
    FAKE_CONNECT_REFUSES, /* busy with a phone: no ACL */
    FAKE_CONNECT_ABORTS,  /* closes while connecting */
    FAKE_CONNECT_SILENT,  /* edge of range: ACL black hole */
    FAKE_CONNECT_BREAKS,  /* the first handshake of two BlueZ 5.66 hosts breaks, and leaves
                             bluetoothd stuck: br-connection-busy until Blocked is toggled */
    FAKE_CONNECT_REJECTS_CONFIGURATION,
    FAKE_CONNECT_IGNORES_CONFIGURATION,
    FAKE_CONNECT_REJECTS_OPEN,
} FakeConnect;

typedef enum {
    FAKE_START_ACCEPTS,
    FAKE_START_REJECTS, /* Acquire: Failed, transport stays idle */
    FAKE_START_SILENT,  /* the same after AVDTP's 6 s */
} FakeStart;

/* Why a link fell, by HCI's reason. */
typedef enum {
    FAKE_LINK_TIMEOUT,        /* 0x08: out of range; bluetoothd's policy tries again by itself */
    FAKE_LINK_REMOTE,         /* 0x13: switched off, or its user let go */
    FAKE_LINK_AUTHENTICATION, /* 0x05, 0x06 */
} FakeLinkLoss;

/* A device in the air. Fields may be changed at any time and say how it behaves from then on; what
 * it does of its own accord are the functions below. */
struct FakeSpeaker {
    char *address;
    char *name;
    uint32_t class_of_device;
    char **uuids;      /* what its SDP records say */
    bool lists_uuids;  /* in its EIR: known before the browse */
    bool on;           /* answers pages; change it by fake_speaker_switch */
    bool pairing_mode; /* answers inquiries, takes a new bond */
    bool displays;     /* has a display: RequestConfirmation */
    bool legacy;       /* no SSP: RequestPinCode, then pin has to be right */
    char *pin;
    bool bonded; /* holds our link key */
    int16_t rssi;
    FakePairing pairing;
    FakeConnect connect;
    unsigned connect_times; /* how often connect happens before it accepts again; 0: for ever */
    FakeStart start;
    unsigned start_times;
    GBytes *capabilities; /* SBC */
    uint16_t delay;       /* 1/10 ms; 0: reports none */
    int volume;           /* 0 to 127, -1: no absolute volume */
    bool reads;           /* takes packets off its socket; change it by fake_speaker_read */

    /* What it got. */
    bool connected;
    uint8_t configuration[4];
    uint64_t packets;
    uint64_t bytes;
    size_t largest;           /* bytes */
    uint64_t first_packet_ns; /* CLOCK_MONOTONIC */
    uint64_t last_packet_ns;
};

/* Milliseconds. The defaults are short; fake_times_real are those of the air. */
typedef struct {
    unsigned page_timeout;
    unsigned inquiry; /* until a device is found */
    unsigned pairing; /* each step of it */
    unsigned bonding_timeout;
    unsigned connecting; /* each step of it */
    unsigned silence;    /* until a request that got no answer fails */
    unsigned disconnect; /* DISCONNECT_TIMER: between the services and the link */
    unsigned idle_link;  /* a link that nobody uses falls */
    unsigned temporary;  /* an unpaired device is forgotten */
    unsigned start;      /* AVDTP START and SUSPEND */
    unsigned endpoint;   /* REQUEST_TIMEOUT: how long an endpoint may think */
    unsigned policy;     /* first reconnection by the policy plugin; 0: none */
} FakeTimes;

extern const FakeTimes fake_times_quick, fake_times_real;

typedef struct {
    /* A line of the log, the moment it is written. */
    void (*logged)(const char *line, void *data);
    /* A media packet arrived at the speaker. */
    void (*packet)(FakeSpeaker *speaker, const uint8_t *bytes, size_t size, void *data);
} FakeEvents;

/* address: of the bus. Nothing is on the bus before fake_bluez_start. */
FakeBluez *fake_bluez_new(const char *address, unsigned version);
void fake_bluez_free(FakeBluez *bluez);
void fake_bluez_listen(FakeBluez *bluez, const FakeEvents *events, void *data);
FakeTimes *fake_bluez_times(FakeBluez *bluez);

/* bluetoothd starts and dies. Adapters, bonds and the world outlive it; links, agents, endpoints,
 * discoveries do not. */
void fake_bluez_start(FakeBluez *bluez);
void fake_bluez_stop(FakeBluez *bluez);
bool fake_bluez_is_running(const FakeBluez *bluez);

/* A controller comes and goes: name "hci0", address "00:AA:01:00:00:00". Powered as by AutoEnable.
 */
void fake_bluez_plug(FakeBluez *bluez, const char *name, const char *address);
void fake_bluez_unplug(FakeBluez *bluez, const char *name);
/* rfkill: Powered goes false and cannot be set. */
void fake_bluez_block(FakeBluez *bluez, const char *name, bool blocked);
/* Somebody else, bluetoothctl say, switches it on or off. */
void fake_bluez_power(FakeBluez *bluez, const char *name, bool powered);
/* AutoEnable of main.conf: adapters are powered when they come. Default true. */
void fake_bluez_auto_enable(FakeBluez *bluez, bool enable);

/* A loudspeaker near every adapter: on, in pairing mode, SBC, no bond. Owned by bluez. */
FakeSpeaker *fake_bluez_add_speaker(FakeBluez *bluez, const char *address, const char *name);
/* A phone: an audio source, no sink. */
FakeSpeaker *fake_bluez_add_phone(FakeBluez *bluez, const char *address, const char *name);
FakeSpeaker *fake_bluez_find_speaker(FakeBluez *bluez, const char *address);

/* Bonds it with the first adapter as if long ago (Paired, Bonded, Trusted, its services known).
 * Only while bluetoothd is down or the device unknown. */
void fake_speaker_bond(FakeSpeaker *speaker);
/* Off: its links fall (FAKE_LINK_REMOTE). On: nothing happens by itself. */
void fake_speaker_switch(FakeSpeaker *speaker, bool on);
void fake_speaker_forget_us(FakeSpeaker *speaker);
void fake_speaker_lose_link(FakeSpeaker *speaker, FakeLinkLoss why);
/* It pages us and configures a stream: SetConfiguration without SelectConfiguration.
 * blob: NULL for a good one, else what it asks for (4 bytes). */
void fake_speaker_connect_to_us(FakeSpeaker *speaker, const uint8_t *blob);
/* It wants a new bond with us. The answer stands in the log: "incoming-pairing AA:.. accepted". */
void fake_speaker_pair_with_us(FakeSpeaker *speaker);
/* AVDTP of the speaker. Each is nothing if there is no stream. */
void fake_speaker_suspend(FakeSpeaker *speaker); /* active -> idle, owner gone */
void fake_speaker_start(FakeSpeaker *speaker);   /* idle -> pending */
void fake_speaker_close(FakeSpeaker *speaker);   /* the stream goes, the link stays */
void fake_speaker_abort(FakeSpeaker *speaker);   /* stays active, and nothing works */
void fake_speaker_report_delay(FakeSpeaker *speaker, uint16_t tenth_ms);
void fake_speaker_turn_volume(FakeSpeaker *speaker, uint8_t volume);
/* false: its socket fills up, as behind a radio that is not getting through. */
void fake_speaker_read(FakeSpeaker *speaker, bool reads);
/* AVRCP passthrough: "Play" "Pause" "Stop" "Next" "Previous", to the registered player. */
void fake_speaker_press(FakeSpeaker *speaker, const char *button);

/* Scripted answers. method: "Device1.Pair", "Adapter1.Set.Powered"... as the log writes them.
 * times: how often, 0 for ever. They come in the order they were given. */
void fake_bluez_fail(FakeBluez *bluez, const char *method, unsigned times, const char *error,
                     const char *message);
void fake_bluez_swallow(FakeBluez *bluez, const char *method, unsigned times); /* no answer */
void fake_bluez_delay(FakeBluez *bluez, const char *method, unsigned times, unsigned delay_ms);
/* bluetoothd dies the moment the method is called. */
void fake_bluez_crash(FakeBluez *bluez, const char *method);
void fake_bluez_clear_faults(FakeBluez *bluez);

/* The log: one line a call that came in ("Device1.Pair /org/bluez/hci0/dev_... :1.5"), a call of
 * ours to a client ("-> MediaEndpoint1.SetConfiguration ...") and what happened ("link up AA:..").
 */
const GPtrArray *fake_bluez_log(const FakeBluez *bluez);
/* How many lines begin with prefix. */
unsigned fake_bluez_count(const FakeBluez *bluez, const char *prefix);
/* Runs the main context until the log has so many lines with that prefix. False: timeout. */
bool fake_bluez_wait(FakeBluez *bluez, const char *prefix, unsigned count, unsigned timeout_ms);
/* Truth behind the properties, for "nothing half-done is left" checks. */
bool fake_bluez_is_discovering(const FakeBluez *bluez);
unsigned fake_bluez_transports(const FakeBluez *bluez);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeBluez, fake_bluez_free)
