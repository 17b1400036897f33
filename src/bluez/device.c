/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "device.h"
#include "names.h"

static const char *device_string(const Objects *objects, const char *path, const char *property)
{
    return objects_string(objects, path, BLUEZ_DEVICE, property);
}

static bool device_bool(const Objects *objects, const char *path, const char *property)
{
    return objects_bool(objects, path, BLUEZ_DEVICE, property);
}

char *device_path(const char *adapter, const Address *address)
{
    char text[ADDRESS_STRING_SIZE];

    if (!adapter)
        return NULL;
    address_format_path(address, text);
    return g_strdup_printf("%s/dev_%s", adapter, text);
}

bool device_address(const char *path, Address *address)
{
    return address_parse_path(path, address);
}

bool device_is_bonded(const Objects *objects, const char *path)
{
    /* Bonded came with BlueZ 5.65. */
    const char *property =
        objects_has_property(objects, path, BLUEZ_DEVICE, "Bonded") ? "Bonded" : "Paired";

    return device_bool(objects, path, property);
}

bool device_is_linked(const Objects *objects, const char *path)
{
    return device_bool(objects, path, "Connected");
}

PeerKind device_kind(const Objects *objects, const char *path)
{
    g_autofree const char **uuids = objects_strings(objects, path, BLUEZ_DEVICE, "UUIDs");
    const char *icon = device_string(objects, path, "Icon");
    uint32_t class_of_device = (uint32_t)objects_int(objects, path, BLUEZ_DEVICE, "Class");

    return peer_judge((const char *const *)uuids, class_of_device, icon);
}

/* BlueZ's alias of a device without a name is its address with dashes; ours is the address. */
static const char *device_name(const Objects *objects, const char *path, const Address *address,
                               char text[ADDRESS_STRING_SIZE])
{
    const char *alias = device_string(objects, path, "Alias");
    g_autofree char *colons = g_strdelimit(g_strdup(alias), "-", ':');
    Address made;

    address_format(address, text);
    if (*alias && !(address_parse(colons, &made) && address_equal(&made, address)))
        return alias;
    return text;
}

bool device_read(const Objects *objects, const char *path, DeviceFacts *facts,
                 char text[ADDRESS_STRING_SIZE])
{
    Address address;

    if (!objects_have(objects, path, BLUEZ_DEVICE) || !device_address(path, &address))
        return false;
    *facts = (DeviceFacts){
        .address = address,
        .name = device_name(objects, path, &address, text),
        .icon = device_string(objects, path, "Icon"),
        .class_of_device = (uint32_t)objects_int(objects, path, BLUEZ_DEVICE, "Class"),
        .rssi = (int16_t)objects_int(objects, path, BLUEZ_DEVICE, "RSSI"),
        .kind = device_kind(objects, path),
        .bonded = device_is_bonded(objects, path),
        .trusted = device_bool(objects, path, "Trusted"),
        .blocked = device_bool(objects, path, "Blocked"),
        .linked = device_is_linked(objects, path),
    };
    return true;
}
