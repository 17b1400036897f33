/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Address: a Bluetooth device address, the identity of a speaker. Pure; a value, copied freely. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define ADDRESS_STRING_SIZE 18 /* "AA:BB:CC:DD:EE:FF" and its NUL */

typedef struct {
    uint8_t octet[6]; /* in printed order: octet[0] is the AA of AA:BB:CC:DD:EE:FF */
} Address;

/* Accepts AA:BB:CC:DD:EE:FF in either case, nothing before or behind it. */
bool address_parse(const char *text, Address *address);
/* Accepts any object path with an element dev_AA_BB_CC_DD_EE_FF or AA_BB_CC_DD_EE_FF in it. */
bool address_parse_path(const char *path, Address *address);
void address_format(const Address *address, char text[ADDRESS_STRING_SIZE]);
/* The same with underscores, as elements of object paths have it. */
void address_format_path(const Address *address, char text[ADDRESS_STRING_SIZE]);
bool address_equal(const Address *a, const Address *b);
bool address_is_zero(const Address *address);
/* For GHashTable with Address * keys. */
guint address_hash_key(gconstpointer address);
gboolean address_equal_key(gconstpointer a, gconstpointer b);
