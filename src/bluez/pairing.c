/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "pairing.h"
#include "calls.h"
#include "device.h"
#include "errors.h"
#include "names.h"

/* bluetoothd gives up after 120 s (BONDING_TIMEOUT), or says nothing at all about a refusal. */
#define WATCHDOG_S      120
#define PAIR_TIMEOUT_MS 125000

typedef enum {
    STEP_NONE,
    STEP_OPENING, /* Pairable is being switched on */
    STEP_PAIRING, /* Pair is under way */
    STEP_TRUSTING,
    STEP_REMOVING, /* the bond is being taken back */
} Step;

struct Pairing {
    const Objects *objects;
    Adapter *adapter;
    Calls *calls;
    PairingDone done;
    void *data;

    Step step;
    Address address;
    char *device;
    char *pin;
    unsigned pin_index;
    bool pin_asked;    /* in this attempt */
    bool repeated;     /* once after the speaker has dropped the link */
    bool was_bonded;   /* before it began: that bond is not ours to undo */
    bool bond_is_ours; /* made by this pairing */
    GError *stop;      /* cancelled, or out of time: how it will end */
    GError *failure;   /* what is said after the bond was taken back */
    guint watchdog;
};

/* What speakers of before 2007 have, the likeliest first. */
static const char *const usual_pins[] = {"0000", "1234", "1111", "8888", "1212", "9999"};

static void pairing_pair(Pairing *pairing);

static void pairing_clear(Pairing *pairing)
{
    calls_forget(pairing->calls);
    if (pairing->watchdog)
        g_source_remove(pairing->watchdog);
    pairing->watchdog = 0;
    pairing->step = STEP_NONE;
    pairing->pin_index = 0;
    pairing->pin_asked = false;
    pairing->repeated = false;
    pairing->was_bonded = false;
    pairing->bond_is_ours = false;
    g_clear_error(&pairing->stop);
    g_clear_error(&pairing->failure);
    g_clear_pointer(&pairing->device, g_free);
    g_clear_pointer(&pairing->pin, g_free);
}

static void pairing_end(Pairing *pairing, const GError *error)
{
    g_autoptr(GError) copy = error ? g_error_copy(error) : NULL;
    const Address address = pairing->address;

    adapter_set_pairable(pairing->adapter, false, NULL, NULL);
    pairing_clear(pairing);
    pairing->done(&address, copy, pairing->data);
}

static void on_removed(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    Pairing *pairing = data;

    pairing_end(pairing, pairing->failure);
}

static void pairing_fail(Pairing *pairing, const GError *error)
{
    if (!pairing->bond_is_ours) {
        pairing_end(pairing, error);
        return;
    }
    pairing->step = STEP_REMOVING;
    pairing->failure = g_error_copy(error);
    calls_make(pairing->calls, adapter_path(pairing->adapter), BLUEZ_ADAPTER, "RemoveDevice",
               g_variant_new("(o)", pairing->device), CALL_TIMEOUT_MS, on_removed, pairing);
}

static void on_trusted(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    Pairing *pairing = data;
    g_autoptr(GError) ours = error ? errors_translate(BLUEZ_CALL_PAIR, error) : NULL;

    if (pairing->stop || ours)
        pairing_fail(pairing, pairing->stop ? pairing->stop : ours);
    else
        pairing_end(pairing, NULL);
}

static bool pairing_check(Pairing *pairing, GError **error)
{
    PeerKind kind = device_kind(pairing->objects, pairing->device);
    bool resolved =
        objects_bool(pairing->objects, pairing->device, BLUEZ_DEVICE, "ServicesResolved");

    /* Pair succeeds without a bond if either side did not want to keep one: Paired alone. */
    if (!device_is_bonded(pairing->objects, pairing->device)) {
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_PAIRING_REFUSED,
                    "It was paired, but the key was not kept");
        return false;
    }
    /* Pair succeeds although the service search after it failed; then a candidate may pass, and
     * connecting will tell. */
    if (kind == PEER_SINK || (kind == PEER_CANDIDATE && !resolved))
        return true;
    g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_NOT_A_SPEAKER, "It %s",
                kind == PEER_SOURCE ? "sends sound and takes none" : "has no A2DP sink");
    return false;
}

static void pairing_trust(Pairing *pairing)
{
    g_autoptr(GError) error = NULL;

    if (!pairing_check(pairing, &error)) {
        pairing_fail(pairing, error);
        return;
    }
    pairing->step = STEP_TRUSTING;
    calls_set(pairing->calls, pairing->device, BLUEZ_DEVICE, "Trusted", g_variant_new_boolean(TRUE),
              on_trusted, pairing);
}

static bool pairing_may_repeat(Pairing *pairing, const GError *error)
{
    if (pairing->stop)
        return false;
    if (errors_is(error, "AuthenticationFailed") && pairing->pin_asked && !pairing->pin)
        return ++pairing->pin_index < G_N_ELEMENTS(usual_pins);
    if (!errors_is(error, "AuthenticationCanceled") || pairing->repeated)
        return false;
    pairing->repeated = true;
    return true;
}

static void pairing_refused(Pairing *pairing, const GError *error)
{
    g_autoptr(GError) ours = errors_translate(BLUEZ_CALL_PAIR, error);

    if (pairing_may_repeat(pairing, error))
        pairing_pair(pairing);
    else
        pairing_fail(pairing, pairing->stop ? pairing->stop : ours);
}

static void on_paired(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    Pairing *pairing = data;

    if (pairing->watchdog)
        g_source_remove(pairing->watchdog);
    pairing->watchdog = 0;
    if (error && !errors_is(error, "AlreadyExists")) {
        pairing_refused(pairing, error);
        return;
    }
    pairing->bond_is_ours = !error;
    /* A CancelPairing that came too late has deleted the kernel's key, though Device1 still says
     * Bonded (device.c:cancel_pairing): the bond has to go as a whole. */
    if (pairing->stop)
        pairing_fail(pairing, pairing->stop);
    else
        pairing_trust(pairing);
}

static void pairing_stop(Pairing *pairing, EchocastError code)
{
    if (pairing->stop)
        return;
    pairing->stop = g_error_new_literal(ECHOCAST_ERROR, (int)code, "The pairing was ended");
    /* Only while a Pair of ours is pending: an idle CancelPairing deletes the bond's key in the
     * kernel and leaves Device1 saying Bonded (BlueZ 5.66 and later). */
    if (pairing->step == STEP_PAIRING)
        calls_make(pairing->calls, pairing->device, BLUEZ_DEVICE, "CancelPairing", NULL,
                   CALL_TIMEOUT_MS, NULL, NULL);
}

static gboolean on_watchdog(gpointer data)
{
    Pairing *pairing = data;

    pairing->watchdog = 0;
    pairing_stop(pairing, ECHOCAST_ERROR_TIMED_OUT);
    return G_SOURCE_REMOVE;
}

static void pairing_pair(Pairing *pairing)
{
    pairing->step = STEP_PAIRING;
    pairing->pin_asked = false;
    pairing->watchdog = g_timeout_add_seconds(WATCHDOG_S, on_watchdog, pairing);
    calls_make(pairing->calls, pairing->device, BLUEZ_DEVICE, "Pair", NULL, PAIR_TIMEOUT_MS,
               on_paired, pairing);
}

static void on_pairable(const GError *error, void *data)
{
    Pairing *pairing = data;
    g_autoptr(GError) ours = error ? errors_translate(BLUEZ_CALL_PAIR, error) : NULL;

    if (pairing->stop || ours)
        pairing_end(pairing, pairing->stop ? pairing->stop : ours);
    else
        pairing_pair(pairing);
}

void pairing_start(Pairing *pairing, const char *device, const Address *address, const char *pin)
{
    pairing->device = g_strdup(device);
    pairing->was_bonded = device_is_bonded(pairing->objects, device);
    pairing->address = *address;
    pairing->pin = g_strdup(pin);
    /* With Pairable off, Pair says it has succeeded and drops the key with the link (the kernel's
     * hci_io_capa_request_evt() asks for no bonding then). */
    pairing->step = STEP_OPENING;
    adapter_set_pairable(pairing->adapter, true, on_pairable, pairing);
}

void pairing_cancel(Pairing *pairing)
{
    if (pairing->step != STEP_NONE)
        pairing_stop(pairing, ECHOCAST_ERROR_CANCELLED);
}

/* Last words: nothing half-paired is left. The bond stands in bluetoothd long before Pair is
 * answered (it searches the services first), so that CancelPairing alone might leave one without a
 * key. */
static void pairing_say_undo(Pairing *pairing)
{
    bool is_pairing = pairing->step == STEP_PAIRING && !pairing->was_bonded;

    if (!pairing->device || !adapter_owns(pairing->adapter, pairing->device))
        return;
    if (is_pairing)
        calls_say(pairing->calls, pairing->device, BLUEZ_DEVICE, "CancelPairing", NULL);
    if (is_pairing || pairing->bond_is_ours)
        calls_say(pairing->calls, adapter_path(pairing->adapter), BLUEZ_ADAPTER, "RemoveDevice",
                  g_variant_new("(o)", pairing->device));
}

void pairing_abort(Pairing *pairing, EchocastError code)
{
    g_autoptr(GError) error = g_error_new_literal(ECHOCAST_ERROR, (int)code, error_meaning(code));

    if (pairing->step == STEP_NONE)
        return;
    pairing_say_undo(pairing);
    pairing_end(pairing, error);
}

bool pairing_is_running(const Pairing *pairing)
{
    return pairing->step != STEP_NONE;
}

bool pairing_is_of(const Pairing *pairing, const char *device)
{
    return pairing->step != STEP_NONE && g_strcmp0(pairing->device, device) == 0;
}

const char *pairing_pin(Pairing *pairing)
{
    pairing->pin_asked = true;
    return pairing->pin ? pairing->pin : usual_pins[pairing->pin_index];
}

Pairing *pairing_new(const Objects *objects, Adapter *adapter, PairingDone done, void *data)
{
    Pairing *pairing = g_new0(Pairing, 1);

    pairing->objects = objects;
    pairing->adapter = adapter;
    pairing->calls = calls_new(objects);
    pairing->done = done;
    pairing->data = data;
    return pairing;
}

void pairing_free(Pairing *pairing)
{
    if (!pairing)
        return;
    pairing_say_undo(pairing);
    pairing_clear(pairing);
    calls_free(pairing->calls);
    g_free(pairing);
}
