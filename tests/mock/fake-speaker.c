/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* FakeSpeaker: the device at the other end, and what it does of its own accord. */
#include "fake-internal.h"

#include <string.h>
#include <time.h>

typedef struct {
    FakeSpeaker speaker;
    FakeBluez *bluez;
} World;

static FakeBluez *bluez_of(FakeSpeaker *speaker)
{
    return ((World *)speaker)->bluez;
}

static FakeSpeaker *add(FakeBluez *bluez, const char *address, const char *name,
                        uint32_t class_of_device, const char *const *uuids)
{
    static const uint8_t all[4] = {0xff, 0xff, 0x02, 0x35};
    World *world = g_new0(World, 1);

    world->bluez = bluez;
    world->speaker = (FakeSpeaker){
        .address = g_ascii_strup(address, -1),
        .name = g_strdup(name),
        .class_of_device = class_of_device,
        .uuids = g_strdupv((char **)uuids),
        .on = true,
        .pairing_mode = true,
        .pin = g_strdup("0000"),
        .rssi = -60,
        .capabilities = g_bytes_new_static(all, sizeof(all)),
        .volume = -1,
        .reads = true,
    };
    g_ptr_array_add(bluez->speakers, world);
    return &world->speaker;
}

FakeSpeaker *fake_bluez_add_speaker(FakeBluez *bluez, const char *address, const char *name)
{
    static const char *const uuids[] = {UUID_SINK, UUID_AVRCP_TG, UUID_AVRCP, NULL};

    return add(bluez, address, name, 0x240414, uuids);
}

FakeSpeaker *fake_bluez_add_phone(FakeBluez *bluez, const char *address, const char *name)
{
    static const char *const uuids[] = {UUID_SOURCE, UUID_AVRCP_TG, UUID_AVRCP,
                                        "0000111f-0000-1000-8000-00805f9b34fb", NULL};

    return add(bluez, address, name, 0x5a020c, uuids);
}

FakeSpeaker *fake_bluez_find_speaker(FakeBluez *bluez, const char *address)
{
    for (guint i = 0; i < bluez->speakers->len; i++) {
        FakeSpeaker *speaker = bluez->speakers->pdata[i];

        if (g_ascii_strcasecmp(speaker->address, address) == 0)
            return speaker;
    }
    return NULL;
}

void speaker_free(gpointer pointer)
{
    FakeSpeaker *speaker = pointer;

    g_free(speaker->address);
    g_free(speaker->name);
    g_strfreev(speaker->uuids);
    g_free(speaker->pin);
    g_bytes_unref(speaker->capabilities);
    g_free(speaker);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void speaker_got(FakeSpeaker *speaker, const uint8_t *bytes, size_t size)
{
    speaker->last_packet_ns = now_ns();
    if (!speaker->packets++)
        speaker->first_packet_ns = speaker->last_packet_ns;
    if (speaker->packets == 1)
        fake_log(bluez_of(speaker), "first packet %s", speaker->address);
    speaker->bytes += size;
    speaker->largest = MAX(speaker->largest, size);
}

FakeConnect speaker_take_connect(FakeSpeaker *speaker)
{
    FakeConnect taken = speaker->connect;

    if (speaker->connect_times && !--speaker->connect_times)
        speaker->connect = FAKE_CONNECT_ACCEPTS;
    return taken;
}

FakeStart speaker_take_start(FakeSpeaker *speaker)
{
    FakeStart taken = speaker->start;

    if (speaker->start_times && !--speaker->start_times)
        speaker->start = FAKE_START_ACCEPTS;
    return taken;
}

/* --- deeds --- */

static Device *first_device(FakeSpeaker *speaker)
{
    FakeBluez *bluez = bluez_of(speaker);

    return bluez->adapters->len ? adapter_device(bluez->adapters->pdata[0], speaker) : NULL;
}

static Transport *stream_of(FakeSpeaker *speaker)
{
    FakeBluez *bluez = bluez_of(speaker);

    for (guint i = 0; i < bluez->transports->len; i++) {
        Transport *transport = bluez->transports->pdata[i];

        if (transport->device->speaker == speaker)
            return transport;
    }
    return NULL;
}

void fake_speaker_bond(FakeSpeaker *speaker)
{
    Device *device = first_device(speaker);

    g_return_if_fail(device && !device->object);
    device->paired = device->bonded = device->trusted = true;
    device->uuids_known = true;
    speaker->bonded = true;
    if (device->adapter->object)
        device_export(device);
}

void fake_speaker_lose_link(FakeSpeaker *speaker, FakeLinkLoss why)
{
    FakeBluez *bluez = bluez_of(speaker);

    for (guint i = 0; i < bluez->adapters->len; i++)
        device_link_down(adapter_device(bluez->adapters->pdata[i], speaker), why);
}

void fake_speaker_switch(FakeSpeaker *speaker, bool on)
{
    speaker->on = on;
    fake_log(bluez_of(speaker), "speaker %s %s", speaker->address, on ? "on" : "off");
    if (!on)
        fake_speaker_lose_link(speaker, FAKE_LINK_REMOTE);
}

void fake_speaker_forget_us(FakeSpeaker *speaker)
{
    speaker->bonded = false;
}

void fake_speaker_connect_to_us(FakeSpeaker *speaker, const uint8_t *blob)
{
    Device *device = first_device(speaker);

    g_return_if_fail(device);
    if (device->adapter->object)
        connect_incoming(device, blob);
}

void fake_speaker_pair_with_us(FakeSpeaker *speaker)
{
    Device *device = first_device(speaker);

    g_return_if_fail(device);
    if (device->adapter->object)
        device_incoming_pairing(device);
}

void fake_speaker_suspend(FakeSpeaker *speaker)
{
    Transport *transport = stream_of(speaker);

    if (!transport || transport->state == STREAM_REQUESTING)
        return;
    g_clear_pointer(&transport->owner, g_free);
    transport_shown(transport, STREAM_IDLE);
}

void fake_speaker_start(FakeSpeaker *speaker)
{
    Transport *transport = stream_of(speaker);

    if (transport && transport->state == STREAM_IDLE)
        transport_shown(transport, STREAM_PENDING);
}

void fake_speaker_close(FakeSpeaker *speaker)
{
    Transport *transport = stream_of(speaker);
    Device *device;

    if (!transport)
        return;
    device = transport->device;
    g_clear_pointer(&device->transport, transport_free);
    device_watch_idle(device);
}

void fake_speaker_abort(FakeSpeaker *speaker)
{
    Transport *transport = stream_of(speaker);

    if (transport)
        transport_shown(transport, STREAM_ABORTED);
}

/* 5.66 shows no delay of zero. */
void fake_speaker_report_delay(FakeSpeaker *speaker, uint16_t tenth_ms)
{
    Transport *transport = stream_of(speaker);

    speaker->delay = tenth_ms;
    if (transport && transport->endpoint->delay_reporting &&
        (tenth_ms || fake_has(bluez_of(speaker), QUIRK_DELAY_ALWAYS)))
        fake_object_set(transport->object, IF_TRANSPORT, "Delay", g_variant_new_uint16(tenth_ms));
}

void fake_speaker_turn_volume(FakeSpeaker *speaker, uint8_t volume)
{
    Transport *transport = stream_of(speaker);

    speaker->volume = volume;
    if (transport)
        fake_object_set(transport->object, IF_TRANSPORT, "Volume", g_variant_new_uint16(volume));
}

void fake_speaker_press(FakeSpeaker *speaker, const char *button)
{
    Device *device = first_device(speaker);

    if (device && device->connected && device->adapter->player_client)
        fake_call(bluez_of(speaker), device->adapter->player_client, device->adapter->player_path,
                  "org.mpris.MediaPlayer2.Player", button, NULL, 1000, device, 0, NULL);
    else
        fake_log(bluez_of(speaker), "button %s unheard", button);
}

void fake_speaker_read(FakeSpeaker *speaker, bool reads)
{
    Transport *transport = stream_of(speaker);

    speaker->reads = reads;
    if (transport)
        transport_read(transport, reads);
}
