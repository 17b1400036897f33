/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "errand.h"
#include "calls.h"
#include "device.h"
#include "errors.h"
#include "names.h"
#include "probe.h"

/* Page 5 s, L2CAP 40 s, each AVDTP request 6 s: GDBus's 25 s would give up on what still works. */
#define CONNECT_TIMEOUT_MS 95000
/* bluetoothd answers a connect that has died with its link before it says that the link is down. */
#define LINK_GRACE_MS 500

typedef enum {
    ERRAND_CONNECT,
    ERRAND_DISCONNECT,
    ERRAND_UNSTICK,
    ERRAND_REMOVE,
} ErrandKind;

typedef struct {
    Errands *errands;
    ErrandKind kind;
    Address address;
    char *path;
    Calls *calls;
    Probe *probe;
    guint grace;
    GError *failure; /* what bluetoothd said, while it is being explained */
    Verdict verdict;
    bool cancelled; /* a connect, by our own disconnect */
    bool crowded;   /* another connect ran meanwhile: what our endpoints were asked may be its */
} Errand;

struct Errands {
    const Objects *objects;
    const Adapter *adapter;
    Endpoints *endpoints;
    const Transports *transports;
    GPtrArray *running; /* Errand */
    Calls *calls;
    GHashTable *blocked; /* Address: by us, and not seen unblocked since */
    const ErrandsEvents *events;
    void *data;
};

static void errand_free(gpointer data)
{
    Errand *errand = data;

    probe_free(errand->probe);
    if (errand->grace)
        g_source_remove(errand->grace);
    calls_free(errand->calls);
    g_clear_error(&errand->failure);
    g_free(errand->path);
    g_free(errand);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Errand, errand_free)

static void errand_answer(const Errand *errand, const GError *error)
{
    const ErrandsEvents *events = errand->errands->events;
    void *data = errand->errands->data;

    switch (errand->kind) {
    case ERRAND_CONNECT:
        events->connect_done(&errand->address, error, data);
        break;
    case ERRAND_DISCONNECT:
        events->disconnect_done(&errand->address, error, data);
        break;
    case ERRAND_UNSTICK:
        events->unstick_done(&errand->address, error, data);
        break;
    case ERRAND_REMOVE:
        events->remove_done(&errand->address, error, data);
        break;
    }
}

/* The errand is gone after it. */
static void errand_end(Errand *errand, const GError *error)
{
    g_autoptr(Errand) ended = errand;
    guint index;

    if (g_ptr_array_find(errand->errands->running, errand, &index))
        g_ptr_array_steal_index(errand->errands->running, index);
    errand_answer(ended, error);
}

static void errand_end_with(Errand *errand, EchocastError code, const GError *words)
{
    g_autoptr(GError) error = errors_restate(code, words);

    errand_end(errand, error);
}

static Errand *errand_new(Errands *errands, ErrandKind kind, const Address *address)
{
    Errand *errand = g_new0(Errand, 1);

    errand->errands = errands;
    errand->kind = kind;
    errand->address = *address;
    errand->path = device_path(adapter_path(errands->adapter), address);
    errand->calls = calls_new(errands->objects);
    g_ptr_array_add(errands->running, errand);
    return errand;
}

/* Connect */

static bool errand_has_transport(const Errand *errand)
{
    return transports_have(errand->errands->transports, &errand->address);
}

static bool errand_is_linked(const Errand *errand)
{
    return device_is_linked(errand->errands->objects, errand->path);
}

/* A transport of that device that was not configured with one of our endpoints. */
static bool errand_was_taken(const Errand *errand)
{
    g_auto(GStrv) paths = objects_paths(errand->errands->objects, BLUEZ_TRANSPORT);

    for (size_t i = 0; paths[i]; i++) {
        if (g_str_has_prefix(paths[i], errand->path) && !errand_has_transport(errand))
            return true;
    }
    return false;
}

static void errand_connected(Errand *errand)
{
    g_autoptr(GError) taken = NULL;

    if (errand_was_taken(errand))
        taken = g_error_new_literal(ECHOCAST_ERROR, ECHOCAST_ERROR_ENDPOINT_TAKEN,
                                    "Another program has taken the speaker's stream");
    errand_end(errand, taken);
}

/* code: what it is if nothing better was learnt meanwhile. */
static void errand_conclude(Errand *errand, EchocastError code)
{
    if (errand->cancelled)
        errand_end_with(errand, ECHOCAST_ERROR_CANCELLED, errand->failure);
    else if (errand_has_transport(errand))
        errand_end(errand, NULL);
    else
        errand_end_with(errand, code, errand->failure);
}

static EchocastError errand_judge_probe(const Errand *errand, int errnum)
{
    if (errnum == PROBE_IMPOSSIBLE)
        return (EchocastError)errand->failure->code;
    /* It talks to us, but not about audio: its AVDTP is another's, or it has no place for us. */
    if (errnum == 0 && !errand->crowded && !endpoints_were_asked(errand->errands->endpoints))
        return ECHOCAST_ERROR_SPEAKER_BUSY;
    return errors_judge_probe(errnum);
}

static void on_probed(int errnum, void *data)
{
    Errand *errand = data;

    g_debug("Probe of %s: %s", errand->path,
            errnum == PROBE_IMPOSSIBLE ? "not possible" : g_strerror(errnum));
    errand_conclude(errand, errand_judge_probe(errand, errnum));
}

static void errand_explain_without_link(Errand *errand)
{
    const Address adapter = adapter_address(errand->errands->adapter);

    if (errand->grace)
        g_source_remove(errand->grace);
    errand->grace = 0;
    /* BlueZ 5.66 to 5.78: when the AVDTP session drops while SET_CONFIGURATION is pending, sink.c
     * keeps its connect_id, and every later attempt is called busy until Blocked is toggled. */
    if (errand->verdict == VERDICT_STUCK)
        errand_conclude(errand, ECHOCAST_ERROR_HANDSHAKE_BROKEN);
    else
        errand->probe = probe_new(&adapter, &errand->address, on_probed, errand);
}

static gboolean on_grace_over(gpointer data)
{
    Errand *errand = data;

    /* The link stays: a probe would only tell the link's errors. */
    errand->grace = 0;
    errand_conclude(errand, (EchocastError)errand->failure->code);
    return G_SOURCE_REMOVE;
}

/* What it means depends on whether there still is a link. */
static void errand_explain_by_link(Errand *errand, EchocastError code, Verdict verdict,
                                   const GError *error)
{
    errand->failure = errors_restate(code, error);
    errand->verdict = verdict;
    if (errand_is_linked(errand))
        errand->grace = g_timeout_add(LINK_GRACE_MS, on_grace_over, errand);
    else
        errand_explain_without_link(errand);
}

/* The speaker has refused the configuration, or we have, or no endpoint of ours was free. */
static void errand_explain_setup(Errand *errand, const GError *error)
{
    const Errands *errands = errand->errands;
    const GError *refusal = endpoints_refusal(errands->endpoints);

    if (refusal && !errand->crowded)
        errand_end_with(errand, ECHOCAST_ERROR_INCOMPATIBLE, refusal);
    else if (transports_count(errands->transports) >= endpoints_count(errands->endpoints))
        errand_end_with(errand, ECHOCAST_ERROR_TOO_MANY_SPEAKERS, error);
    else
        errand_end_with(errand, ECHOCAST_ERROR_HANDSHAKE_BROKEN, error);
}

static void errand_explain(Errand *errand, const GError *error)
{
    Verdict verdict;
    EchocastError code = errors_judge(BLUEZ_CALL_CONNECT, error, &verdict);

    switch (verdict) {
    case VERDICT_FINAL:
        errand_end_with(errand, code, error);
        break;
    case VERDICT_PROBE:
    case VERDICT_STUCK:
        errand_explain_by_link(errand, code, verdict, error);
        break;
    case VERDICT_SETUP:
        errand_explain_setup(errand, error);
        break;
    }
}

static void on_connected(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    Errand *errand = data;

    if (!error || errors_is(error, "AlreadyConnected")) {
        errand_connected(errand);
    } else if (errand->cancelled) {
        errand_end_with(errand, ECHOCAST_ERROR_CANCELLED, error);
    } else if (errand_has_transport(errand)) {
        /* The speaker has connected to us meanwhile, or bluetoothd's own retry has. */
        errand_end(errand, NULL);
    } else {
        if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
            calls_say(errand->calls, errand->path, BLUEZ_DEVICE, "Disconnect", NULL);
        errand_explain(errand, error);
    }
}

/* SelectConfiguration names no device. */
static void errands_mark_crowded(Errands *errands)
{
    unsigned connecting = 0;

    for (guint i = 0; i < errands->running->len; i++)
        connecting += ((Errand *)errands->running->pdata[i])->kind == ERRAND_CONNECT;
    for (guint i = 0; connecting > 1 && i < errands->running->len; i++)
        ((Errand *)errands->running->pdata[i])->crowded = true;
}

void errands_connect(Errands *errands, const Address *address)
{
    Errand *errand = errand_new(errands, ERRAND_CONNECT, address);

    errands_mark_crowded(errands);
    endpoints_begin(errands->endpoints);
    /* Not Connect: with a dual-mode speaker it goes on to LE and blocks for 42 s, or falls back to
     * it after a page timeout (device.c:device_profile_connected). */
    calls_make(errand->calls, errand->path, BLUEZ_DEVICE, "ConnectProfile",
               g_variant_new("(s)", UUID_A2DP_SINK), CONNECT_TIMEOUT_MS, on_connected, errand);
}

static Errand *errands_find(const Errands *errands, ErrandKind kind, const Address *address)
{
    for (guint i = 0; i < errands->running->len; i++) {
        Errand *errand = errands->running->pdata[i];

        if (errand->kind == kind && address_equal(&errand->address, address))
            return errand;
    }
    return NULL;
}

bool errands_are_connecting(const Errands *errands, const Address *address)
{
    return errands_find(errands, ERRAND_CONNECT, address) != NULL;
}

/* The others */

static void on_done(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    Errand *errand = data;
    g_autoptr(GError) ours = error ? errors_translate(BLUEZ_CALL_ANY, error) : NULL;

    errand_end(errand, ours);
}

static void on_disconnected(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    bool gone = error && (errors_is(error, "NotConnected") || errors_is(error, "UnknownObject") ||
                          errors_is(error, "UnknownMethod"));

    on_done(reply, fds, gone ? NULL : error, data);
}

static void on_removed(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    bool gone = error && (errors_is(error, "DoesNotExist") || errors_is(error, "UnknownObject"));

    on_done(reply, fds, gone ? NULL : error, data);
}

void errands_disconnect(Errands *errands, const Address *address)
{
    Errand *connecting = errands_find(errands, ERRAND_CONNECT, address);
    Errand *errand = errand_new(errands, ERRAND_DISCONNECT, address);

    if (connecting)
        connecting->cancelled = true;
    calls_make(errand->calls, errand->path, BLUEZ_DEVICE, "Disconnect", NULL, CALL_TIMEOUT_MS,
               on_disconnected, errand);
}

/* bluetoothd keeps Blocked on disk: had it died between the two, the speaker stayed locked out. */
static void errands_unblock(Errands *errands, const Address *address, const char *path)
{
    if (!objects_bool(errands->objects, path, BLUEZ_DEVICE, "Blocked") ||
        !g_hash_table_remove(errands->blocked, address))
        return;
    g_message("%s was left blocked; unblocking it", path);
    calls_set(errands->calls, path, BLUEZ_DEVICE, "Blocked", g_variant_new_boolean(FALSE), NULL,
              NULL);
}

static void on_unblocked(GVariant *reply, GUnixFDList *fds, const GError *error, void *data)
{
    Errand *errand = data;

    if (!error)
        g_hash_table_remove(errand->errands->blocked, &errand->address);
    else if (errors_judge(BLUEZ_CALL_ANY, error, NULL) != ECHOCAST_ERROR_BLUEZ_NOT_RUNNING)
        errands_unblock(errand->errands, &errand->address, errand->path);
    on_done(reply, fds, error, data);
}

void errands_unstick(Errands *errands, const Address *address)
{
    Errand *errand = errand_new(errands, ERRAND_UNSTICK, address);

    g_hash_table_add(errands->blocked, g_memdup2(address, sizeof *address));
    /* Both at once: nothing that happens to us in between may leave the speaker blocked. */
    calls_set(errand->calls, errand->path, BLUEZ_DEVICE, "Blocked", g_variant_new_boolean(TRUE),
              NULL, NULL);
    calls_set(errand->calls, errand->path, BLUEZ_DEVICE, "Blocked", g_variant_new_boolean(FALSE),
              on_unblocked, errand);
}

void errands_remove(Errands *errands, const Address *address)
{
    Errand *errand = errand_new(errands, ERRAND_REMOVE, address);

    calls_make(errand->calls, adapter_path(errands->adapter), BLUEZ_ADAPTER, "RemoveDevice",
               g_variant_new("(o)", errand->path), CALL_TIMEOUT_MS, on_removed, errand);
}

void errands_device_changed(Errands *errands, const Address *address)
{
    Errand *connecting = errands_find(errands, ERRAND_CONNECT, address);
    g_autofree char *path = device_path(adapter_path(errands->adapter), address);

    if (!errands_find(errands, ERRAND_UNSTICK, address))
        errands_unblock(errands, address, path);
    if (connecting && connecting->grace && !errand_is_linked(connecting))
        errand_explain_without_link(connecting);
}

static void errand_device_removed(Errand *errand)
{
    g_autoptr(GError) error = g_error_new_literal(ECHOCAST_ERROR, ECHOCAST_ERROR_NOT_FOUND,
                                                  "bluetoothd has dropped the device");

    switch (errand->kind) {
    case ERRAND_CONNECT:
    case ERRAND_UNSTICK:
        errand_end(errand, error);
        break;
    case ERRAND_DISCONNECT:
    case ERRAND_REMOVE:
        errand_end(errand, NULL);
        break;
    }
}

void errands_device_removed(Errands *errands, const Address *address)
{
    for (guint i = errands->running->len; i > 0; i--) {
        Errand *errand = errands->running->pdata[i - 1];

        if (address_equal(&errand->address, address))
            errand_device_removed(errand);
    }
}

void errands_abort(Errands *errands, EchocastError code)
{
    g_autoptr(GError) error = g_error_new_literal(ECHOCAST_ERROR, (int)code, error_meaning(code));

    /* Those that an answer begins are not of this time. */
    for (guint count = errands->running->len; count > 0 && errands->running->len > 0; count--)
        errand_end(errands->running->pdata[0], error);
}

Errands *errands_new(const Objects *objects, const Adapter *adapter, Endpoints *endpoints,
                     const Transports *transports, const ErrandsEvents *events, void *data)
{
    Errands *errands = g_new0(Errands, 1);

    errands->objects = objects;
    errands->adapter = adapter;
    errands->endpoints = endpoints;
    errands->transports = transports;
    errands->running = g_ptr_array_new_with_free_func(errand_free);
    errands->calls = calls_new(objects);
    errands->blocked = g_hash_table_new_full(address_hash_key, address_equal_key, g_free, NULL);
    errands->events = events;
    errands->data = data;
    return errands;
}

void errands_free(Errands *errands)
{
    if (!errands)
        return;
    g_ptr_array_unref(errands->running);
    g_hash_table_unref(errands->blocked);
    calls_free(errands->calls);
    g_free(errands);
}
