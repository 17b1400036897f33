/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "base/address.h"

#include <string.h>

#define STRING_LENGTH (ADDRESS_STRING_SIZE - 1)

static bool parse_octet(const char *text, uint8_t *octet)
{
    int high = g_ascii_xdigit_value(text[0]);
    int low = high < 0 ? -1 : g_ascii_xdigit_value(text[1]);

    if (low < 0)
        return false;
    *octet = (uint8_t)(high << 4 | low);
    return true;
}

/* Exactly so many characters: six octets and five separators. */
static bool parse_exact(const char *text, size_t length, char separator, Address *address)
{
    Address parsed;

    if (length != STRING_LENGTH)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(parsed.octet); i++) {
        const char *octet = text + 3 * i;

        if (i > 0 && octet[-1] != separator)
            return false;
        if (!parse_octet(octet, &parsed.octet[i]))
            return false;
    }
    *address = parsed;
    return true;
}

static void format_with(const Address *address, char separator, char *text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < G_N_ELEMENTS(address->octet); i++) {
        text[3 * i] = digits[address->octet[i] >> 4];
        text[3 * i + 1] = digits[address->octet[i] & 0x0f];
        text[3 * i + 2] = separator;
    }
    text[STRING_LENGTH] = '\0';
}

bool address_parse(const char *text, Address *address)
{
    return text != NULL && parse_exact(text, strlen(text), ':', address);
}

bool address_parse_path(const char *path, Address *address)
{
    while (path != NULL && *path != '\0') {
        const char *element = *path == '/' ? path + 1 : path;
        size_t length = strcspn(element, "/");
        size_t prefix = g_str_has_prefix(element, "dev_") ? strlen("dev_") : 0;

        if (parse_exact(element + prefix, length - prefix, '_', address))
            return true;
        path = element + length;
    }
    return false;
}

void address_format(const Address *address, char text[ADDRESS_STRING_SIZE])
{
    format_with(address, ':', text);
}

void address_format_path(const Address *address, char text[ADDRESS_STRING_SIZE])
{
    format_with(address, '_', text);
}

bool address_equal(const Address *a, const Address *b)
{
    return memcmp(a->octet, b->octet, sizeof(a->octet)) == 0;
}

bool address_is_zero(const Address *address)
{
    static const Address zero;

    return address_equal(address, &zero);
}

guint address_hash_key(gconstpointer address)
{
    const uint8_t *octet = ((const Address *)address)->octet;

    /* The last four octets: the first ones are the maker's and differ little. */
    return (guint)octet[2] << 24 | (guint)octet[3] << 16 | (guint)octet[4] << 8 | octet[5];
}

gboolean address_equal_key(gconstpointer a, gconstpointer b)
{
    return address_equal(a, b);
}
