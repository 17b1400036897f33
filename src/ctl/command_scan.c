/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "ctl/command.h"
#include "ctl/describe.h"
#include "ctl/document.h"
#include "ctl/terminal.h"
#include "ctl/text.h"
#include "echocast/names.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WINDOW_S     15.0
#define ANSWER_S     10.0
#define RSSI_WEAK    (-80)
#define RSSI_STEP    5  /* a smaller change is noise */
#define NAME_COLUMNS 25 /* 17 + 2 + 8 + 2 + 10 + 2 + 25 + 2 + 11 = 79 columns */

static gboolean all;

static const GOptionEntry entries[] = {
    {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "also devices that are no speakers", NULL},
    {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
};

/* What was last known and last printed of a device. BlueZ takes the signal back when a search ends.
 */
typedef struct {
    char *line; /* without the signal */
    int64_t rssi;
    int64_t printed_rssi;
} Seen;

typedef struct {
    Client *client;
    GHashTable *seen; /* path -> Seen */
    bool print;
    bool live;
    EchocastError trouble; /* what ended it; meaningful with stopped */
    bool stopped;
} Scan;

static void seen_free(gpointer data)
{
    Seen *seen = data;
    g_free(seen->line);
    g_free(seen);
}

static bool is_wanted(const Facts *speaker)
{
    const char *kind = facts_string(speaker, "Kind");
    return all || strcmp(kind, "speaker") == 0 || strcmp(kind, "candidate") == 0;
}

/* "new" may be paired; "maybe" looks like a speaker and pairing will tell. */
static const char *standing(const Facts *speaker)
{
    const char *kind = facts_string(speaker, "Kind");
    if (facts_flag(speaker, "Saved"))
        return facts_string(speaker, "State");
    if (strcmp(kind, "speaker") == 0)
        return "new";
    return strcmp(kind, "candidate") == 0 ? "maybe" : kind;
}

static void print_signal(int64_t rssi, const Facts *speaker, const char *line)
{
    g_autofree char *signal = rssi != 0 ? g_strdup_printf("%4d dBm", (int)rssi) : g_strdup("?");
    printf("%-17s  %8s  %s%s\n", facts_string(speaker, "Address"), signal, line,
           rssi < RSSI_WEAK ? "  move closer" : "");
    fflush(stdout);
}

static Seen *seen_ensure(Scan *scan, const char *path)
{
    Seen *seen = g_hash_table_lookup(scan->seen, path);
    if (!seen) {
        seen = g_new0(Seen, 1);
        g_hash_table_insert(scan->seen, g_strdup(path), seen);
    }
    return seen;
}

/* A device is printed when it appears and when more is known of it; a change of its signal is worth
 * a line only to somebody who watches. */
static bool is_news(const Scan *scan, const Seen *seen, const char *line)
{
    if (!seen->line || strcmp(seen->line, line) != 0)
        return true;
    if (seen->printed_rssi == 0)
        return seen->rssi != 0;
    return scan->live && ABS(seen->rssi - seen->printed_rssi) >= RSSI_STEP;
}

static void show(Scan *scan, const Entry *entry)
{
    int64_t rssi = facts_number(entry->speaker, "Rssi");
    g_autofree char *name = text_cut(facts_string(entry->speaker, "Name"), NAME_COLUMNS);
    g_autofree char *line = g_strdup_printf("%-10s  %s", standing(entry->speaker), name);
    Seen *seen = seen_ensure(scan, entry->path);
    if (rssi != 0)
        seen->rssi = rssi;
    if (!is_news(scan, seen, line))
        return;
    g_free(seen->line);
    seen->line = g_strdup(line);
    seen->printed_rssi = seen->rssi;
    if (scan->print)
        print_signal(seen->rssi, entry->speaker, line);
}

/* What the daemon remembers, saved or from an earlier search, is in reach only if it has a signal
 * now; what it finds now is, with or without. */
static void consider(Scan *scan, const char *path, bool found_now)
{
    const Entry *entry = catalogue_get(client_catalogue(scan->client), path);
    if (entry && is_wanted(entry->speaker) &&
        (found_now || g_hash_table_contains(scan->seen, path) ||
         facts_number(entry->speaker, "Rssi") != 0))
        show(scan, entry);
}

static bool adapter_trouble(const char *state, EchocastError *trouble)
{
    static const struct {
        const char *state;
        EchocastError code;
    } table[] = {{"off", ECHOCAST_ERROR_ADAPTER_OFF},
                 {"blocked", ECHOCAST_ERROR_ADAPTER_BLOCKED},
                 {"missing", ECHOCAST_ERROR_NO_ADAPTER},
                 {"no-bluetoothd", ECHOCAST_ERROR_BLUEZ_NOT_RUNNING}};
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (strcmp(state, table[i].state) == 0) {
            *trouble = table[i].code;
            return true;
        }
    }
    return false;
}

static void on_added(const char *path, GVariant *interfaces, void *data)
{
    Scan *scan = data;
    const Entry *entry = catalogue_get(client_catalogue(scan->client), path);
    consider(scan, path, entry && strcmp(facts_string(entry->speaker, "State"), "discovered") == 0);
}

static bool becomes_discovered(GVariant *changed)
{
    const char *state = "";
    return g_variant_lookup(changed, "State", "&s", &state) && strcmp(state, "discovered") == 0;
}

static void on_changed(const char *path, const char *interface, GVariant *changed, void *data)
{
    Scan *scan = data;
    const char *state;
    if (strcmp(interface, ECHOCAST_SPEAKER_INTERFACE) == 0) {
        consider(scan, path, becomes_discovered(changed));
    } else if (g_variant_lookup(changed, "AdapterState", "&s", &state) &&
               adapter_trouble(state, &scan->trouble)) {
        scan->stopped = true;
        client_end(scan->client);
    }
}

static const ClientEvents scan_events = {.added = on_added, .changed = on_changed};

static bool start(Client *client, double window_s, GError **error)
{
    GVariantBuilder wish;
    g_variant_builder_init(&wish, G_VARIANT_TYPE_VARDICT);
    g_variant_builder_add(&wish, "{sv}", "timeout", g_variant_new_uint32((guint32)ceil(window_s)));
    g_variant_builder_add(&wish, "{sv}", "all", g_variant_new_boolean(all));
    client_limit(client, ANSWER_S);
    g_autoptr(GVariant) answer =
        client_ask(client, "StartScan", g_variant_new("(a{sv})", &wish), "()", error);
    return answer;
}

static void print_head(double window_s)
{
    printf("Searching for %s, %g s; Ctrl-C ends it.\n", all ? "devices" : "speakers", window_s);
    printf("%-17s  %8s  %-10s  %s\n", "ADDRESS", "SIGNAL", "STATE", "NAME");
    fflush(stdout);
}

static void print_end(const Scan *scan)
{
    guint count = g_hash_table_size(scan->seen);
    if (count > 0) {
        printf("%u found. To use one: echocastctl pair NAME\n", count);
        return;
    }
    puts("None found.\n"
         "  next: hold the speaker's Bluetooth button until it blinks fast, keep it\n"
         "        within 2 m, and search again.");
}

static JsonObject *device_json(const Entry *entry, const Seen *seen)
{
    JsonObject *object = describe_json(entry, NULL);
    json_object_set_int_member(object, "rssi", seen->rssi);
    return object;
}

static void print_json(const Scan *scan)
{
    g_autoptr(GPtrArray) list = catalogue_list(client_catalogue(scan->client));
    g_autoptr(JsonObject) object = json_object_new();
    JsonArray *speakers = json_array_new();
    for (guint i = 0; i < list->len; i++) {
        const Entry *entry = list->pdata[i];
        const Seen *seen = g_hash_table_lookup(scan->seen, entry->path);
        if (seen)
            json_array_add_object_element(speakers, device_json(entry, seen));
    }
    json_object_set_array_member(object, "speakers", speakers);
    document_print(object);
}

static void show_known(Scan *scan)
{
    g_autoptr(GPtrArray) list = catalogue_list(client_catalogue(scan->client));
    for (guint i = 0; i < list->len; i++)
        consider(scan, ((const Entry *)list->pdata[i])->path, false);
}

/* Ends well at the limit and with Ctrl-C. */
static bool watch(Scan *scan, double window_s, GError **error)
{
    client_limit(scan->client, window_s);
    ClientStop stop = client_wait(scan->client);
    if (stop == CLIENT_OWNER_CHANGED || stop == CLIENT_BUS_CLOSED) {
        g_set_error(error, ECHOCAST_ERROR, ECHOCAST_ERROR_DAEMON_NOT_RUNNING,
                    "echocastd went away during the search.");
        return false;
    }
    client_farewell(scan->client, "StopScan");
    if (scan->stopped) {
        g_set_error_literal(error, ECHOCAST_ERROR, (int)scan->trouble,
                            error_meaning(scan->trouble));
        return false;
    }
    return true;
}

static bool scan_and_print(Scan *scan, const Options *options, double window_s, GError **error)
{
    if (!start(scan->client, window_s, error))
        return false;
    if (scan->print && !options->quiet)
        print_head(window_s);
    show_known(scan);
    if (!watch(scan, window_s, error))
        return false;
    if (options->json)
        print_json(scan);
    else if (!options->quiet)
        print_end(scan);
    return true;
}

static bool run_scan(Client *client, const Options *options, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, seen_free);
    Scan scan = {
        .client = client, .seen = seen, .print = !options->json, .live = terminal_is_live(stdout)};
    client_watch(client, &scan_events, &scan);
    bool done = scan_and_print(&scan, options,
                               options->timeout_s > 0 ? options->timeout_s : WINDOW_S, error);
    client_watch(client, NULL, NULL);
    return done;
}

const Command command_scan = {
    .name = "scan",
    .arguments = "",
    .summary = "Search for speakers in reach, show their signal",
    .about = "A new speaker answers only in pairing mode: hold its Bluetooth button until it "
             "blinks fast. STATE is how a saved speaker stands; new is one that can be paired, "
             "maybe a device that looks like one, source and other are none (--all).\n--timeout "
             "is how long to search: 15 s if not given. Ctrl-C ends it earlier. With --json all "
             "that were found are printed at the end. To find none is no failure.",
    .entries = entries,
    .run = run_scan,
};
