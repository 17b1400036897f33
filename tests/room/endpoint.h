/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * endpoint: an org.bluez.MediaEndpoint1 for SBC, sink or source, on one bus connection. Its calls
 * come in the main context it was exported in.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENDPOINT_SINK   "0000110b-0000-1000-8000-00805f9b34fb"
#define ENDPOINT_SOURCE "0000110a-0000-1000-8000-00805f9b34fb"

typedef struct {
    /* configuration: hexadecimal */
    void (*configured)(const char *transport, const char *configuration, void *data);
    void (*cleared)(const char *transport, void *data);
    /* bluetoothd has dropped the endpoint */
    void (*released)(void *data);
} EndpointCalls;

typedef struct Endpoint Endpoint;

/* Exports it at `path`; lives as long as the connection. */
Endpoint *endpoint_new(GDBusConnection *bus, const char *path, const EndpointCalls *calls,
                       void *data);
/* Refuses, or never answers, the next `count` configurations. */
void endpoint_reject(Endpoint *endpoint, unsigned int count);
void endpoint_ignore(Endpoint *endpoint, unsigned int count);

/* Arguments of Media1.RegisterEndpoint. `capabilities` are four bytes. */
GVariant *endpoint_registration(Endpoint *endpoint, const char *uuid, const uint8_t *capabilities);
/* Chooses the best of the four bytes of capabilities; false: there is nothing in common. */
bool endpoint_choose(const uint8_t *capabilities, uint8_t *configuration);
/* Eight hexadecimal digits to four bytes. */
bool endpoint_parse(const char *hexadecimal, uint8_t *bytes);
