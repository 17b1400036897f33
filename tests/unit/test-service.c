/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "base/error.h"
#include "service/service.h"

#include <string.h>

#define MANAGER "org.echocast.Manager1"
#define SPEAKER "org.echocast.Speaker1"
#define STREAM  "org.echocast.Stream1"
#define ROOT    "/org/echocast"
#define PATH    "/org/echocast/speaker/AA_BB_CC_DD_EE_01"

/* The daemon's side of the tests: what it was asked, as text, and the requests to answer. */
typedef struct {
    GTestDBus *bus;
    GDBusConnection *server;
    GDBusConnection *client;
    Service *service;
    GString *asked;
    GQueue requests;
    GString *seen; /* what the client saw on the bus, in order */
    guint watch;
} World;

static void ask(World *world, Request *request, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void ask(World *world, Request *request, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_string_append_vprintf(world->asked, format, arguments);
    va_end(arguments);
    g_string_append_c(world->asked, '\n');
    if (request)
        g_queue_push_tail(&world->requests, request);
}

static void on_start_scan(Request *request, bool all, unsigned timeout_s, void *data)
{
    ask(data, request, "start-scan %d %u", all, timeout_s);
}

static void on_stop_scan(Request *request, void *data)
{
    ask(data, request, "stop-scan");
}

static void on_pair(Request *request, const char *selector, const PairWish *wish, void *data)
{
    ask(data, request, "pair '%s' %u %s %d", selector, wish->timeout_s, wish->pin ? wish->pin : "-",
        wish->tone);
}

static void on_cancel_pairing(Request *request, void *data)
{
    ask(data, request, "cancel-pairing");
}

static void on_connect(Request *request, const char *selector, void *data)
{
    ask(data, request, "connect '%s'", selector);
}

static void on_disconnect(Request *request, const char *selector, void *data)
{
    ask(data, request, "disconnect '%s'", selector);
}

static void on_forget(Request *request, const char *selector, void *data)
{
    ask(data, request, "forget '%s'", selector);
}

static void on_test_tone(Request *request, const char *selector, const ToneWish *wish, void *data)
{
    ask(data, request, "test-tone '%s' %u %u %u", selector, wish->frequency_hz, wish->duration_ms,
        wish->channels);
}

static void on_get_counters(Request *request, const Address *speaker, void *data)
{
    char text[ADDRESS_STRING_SIZE];

    address_format(speaker, text);
    ask(data, request, "get-counters %s", text);
}

static void on_client_gone(const char *client, void *data)
{
    ask(data, NULL, "gone %s", client);
}

static const ServiceCalls CALLS = {
    .start_scan = on_start_scan,
    .stop_scan = on_stop_scan,
    .pair = on_pair,
    .cancel_pairing = on_cancel_pairing,
    .connect = on_connect,
    .disconnect = on_disconnect,
    .forget = on_forget,
    .test_tone = on_test_tone,
    .get_counters = on_get_counters,
    .client_gone = on_client_gone,
};

static GDBusConnection *dial(World *world)
{
    g_autoptr(GError) error = NULL;
    GDBusConnection *connection =
        g_dbus_connection_new_for_address_sync(g_test_dbus_get_bus_address(world->bus),
                                               G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                               NULL, NULL, &error);

    g_assert_no_error(error);
    return connection;
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "changed Speaker1 Rssi=-70 State='streaming'": sorted, since D-Bus promises no order. */
static char *print_changed(GVariant *parameters)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GVariantIter) iter = NULL;
    g_autofree char *joined = NULL;
    const char *interface;
    const char *key;
    GVariant *value;

    g_variant_get(parameters, "(&sa{sv}as)", &interface, &iter, NULL);
    while (g_variant_iter_loop(iter, "{&sv}", &key, &value)) {
        g_autofree char *text = g_variant_print(value, FALSE);

        g_ptr_array_add(texts, g_strdup_printf("%s=%s", key, text));
    }
    g_ptr_array_sort(texts, compare_texts);
    g_ptr_array_add(texts, NULL);
    joined = g_strjoinv(" ", (char **)texts->pdata);
    return g_strdup_printf("%s %s", interface + strlen("org.echocast."), joined);
}

static void on_signal(GDBusConnection *connection, const char *sender, const char *path,
                      const char *interface, const char *name, GVariant *parameters, void *data)
{
    World *world = data;
    bool changed = strcmp(name, "PropertiesChanged") == 0;
    g_autofree char *text =
        changed ? print_changed(parameters) : g_variant_print(parameters, FALSE);

    g_string_append_printf(world->seen, "%s %s\n", changed ? "changed" : name, text);
}

static void set_up(World *world, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    world->bus = g_test_dbus_new(G_TEST_DBUS_NONE);
    g_test_dbus_up(world->bus);
    world->server = dial(world);
    world->client = dial(world);
    world->asked = g_string_new(NULL);
    world->seen = g_string_new(NULL);
    g_queue_init(&world->requests);
    world->service = service_new(world->server, &CALLS, world, &error);
    g_assert_no_error(error);
    world->watch = g_dbus_connection_signal_subscribe(
        world->client, g_dbus_connection_get_unique_name(world->server), NULL, NULL, NULL, NULL,
        G_DBUS_SIGNAL_FLAGS_NONE, on_signal, world, NULL);
}

static void hang_up(GDBusConnection **connection)
{
    g_assert_true(g_dbus_connection_close_sync(*connection, NULL, NULL));
    g_clear_object(connection);
}

static void tear_down(World *world, gconstpointer data)
{
    g_assert_true(g_queue_is_empty(&world->requests));
    g_dbus_connection_signal_unsubscribe(world->client, world->watch);
    service_free(world->service);
    if (world->client)
        hang_up(&world->client);
    hang_up(&world->server);
    g_test_dbus_down(world->bus);
    g_object_unref(world->bus);
    g_string_free(world->asked, TRUE);
    g_string_free(world->seen, TRUE);
}

/* One call of the client; its answer comes whenever the loop runs. */
typedef struct {
    GAsyncResult *result;
} Call;

static void on_answer(GObject *source, GAsyncResult *result, void *data)
{
    ((Call *)data)->result = g_object_ref(result);
}

static void call(GDBusConnection *client, World *world, const char *path, const char *interface,
                 const char *method, const char *arguments, Call *call_of_it)
{
    g_autoptr(GError) error = NULL;
    GVariant *parameters = g_variant_parse(NULL, arguments, NULL, NULL, &error);

    g_assert_no_error(error);
    g_dbus_connection_call(client, g_dbus_connection_get_unique_name(world->server), path,
                           interface, method, parameters, NULL, G_DBUS_CALL_FLAGS_NONE, 20000, NULL,
                           on_answer, call_of_it);
}

static GVariant *answer_of(World *world, Call *of, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;

    while (!of->result)
        g_main_context_iteration(NULL, TRUE);
    result = g_steal_pointer(&of->result);
    return g_dbus_connection_call_finish(world->client, result, error);
}

/* For answers and signals that are under way: a call that comes back after them. */
static void round_trip(World *world)
{
    g_autoptr(GVariant) answer = NULL;
    Call of = {0};

    call(world->client, world, ROOT, "org.freedesktop.DBus.Peer", "Ping", "()", &of);
    answer = answer_of(world, &of, NULL);
    g_assert_nonnull(answer);
}

static Request *next_request(World *world)
{
    while (g_queue_is_empty(&world->requests))
        g_main_context_iteration(NULL, TRUE);
    return g_queue_pop_head(&world->requests);
}

static void assert_text(GString *text, const char *expected)
{
    g_assert_cmpstr(text->str, ==, expected);
    g_string_truncate(text, 0);
}

static Address number(uint8_t last)
{
    return (Address){{0xaa, 0xbb, 0xcc, 0xdd, 0xee, last}};
}

static SpeakerFacts speaker_facts(uint8_t last)
{
    return (SpeakerFacts){
        .address = number(last),
        .name = "Kitchen",
        .state = "saved",
        .rung = "saved",
        .kind = "speaker",
        .saved = true,
        .last_used = 1700000000,
    };
}

static StreamFacts stream_facts(void)
{
    return (StreamFacts){
        .codec = "SBC",
        .channels = "joint",
        .rate_hz = 44100,
        .bitpool = 53,
        .bitrate = 327993,
        .mtu = 672,
        .sbc_frames_per_packet = 5,
        .delay_us = 125000,
    };
}

static void publish_speaker_1(World *world)
{
    SpeakerFacts facts = speaker_facts(1);
    StreamFacts stream = stream_facts();

    service_publish_speaker(world->service, &facts);
    service_publish_stream(world->service, &facts.address, &stream);
}

typedef struct {
    const char *path;
    const char *interface;
    const char *method;
    const char *arguments;
    const char *asked;
    const char *value; /* what the daemon answers */
    const char *answer;
} Conversation;

#define A_PATH "(objectpath '" PATH "',)"

static const Conversation CONVERSATIONS[] = {
    {ROOT, MANAGER, "StartScan", "(@a{sv} {},)", "start-scan 0 30\n", NULL, "()"},
    {ROOT, MANAGER, "StartScan", "({'all': <true>, 'timeout': <uint32 5>},)", "start-scan 1 5\n",
     NULL, "()"},
    {ROOT, MANAGER, "StopScan", "()", "stop-scan\n", NULL, "()"},
    {ROOT, MANAGER, "Pair", "('', @a{sv} {})", "pair '' 0 - 1\n", A_PATH, A_PATH},
    {ROOT, MANAGER, "Pair", "('kit', {'timeout': <uint32 10>, 'pin': <'0000'>, 'tone': <false>})",
     "pair 'kit' 10 0000 0\n", A_PATH, A_PATH},
    {ROOT, MANAGER, "CancelPairing", "()", "cancel-pairing\n", NULL, "()"},
    {ROOT, MANAGER, "Connect", "('default',)", "connect 'default'\n", A_PATH, A_PATH},
    {ROOT, MANAGER, "Disconnect", "('',)", "disconnect ''\n", NULL, "()"},
    {ROOT, MANAGER, "Forget", "('" PATH "',)", "forget '" PATH "'\n", NULL, "()"},
    {ROOT, MANAGER, "TestTone", "('', @a{sv} {})", "test-tone '' 440 1000 3\n",
     "({'packets': <uint64 69>},)", "({'packets': <uint64 69>},)"},
    {ROOT, MANAGER, "TestTone",
     "('x', {'frequency': <uint32 880>, 'duration': <uint32 50>, 'channels': <'left'>})",
     "test-tone 'x' 880 50 1\n", "(@a{sv} {},)", "(@a{sv} {},)"},
    /* answered like Manager1.Connect: the value falls away */
    {PATH, SPEAKER, "Connect", "()", "connect '" PATH "'\n", A_PATH, "()"},
    {PATH, SPEAKER, "Disconnect", "()", "disconnect '" PATH "'\n", NULL, "()"},
    {PATH, SPEAKER, "Forget", "()", "forget '" PATH "'\n", NULL, "()"},
    {PATH, STREAM, "GetCounters", "()", "get-counters AA:BB:CC:DD:EE:01\n",
     "({'packets': uint64 7},)", "({'packets': uint64 7},)"},
};

static void hold(World *world, const Conversation *lines)
{
    g_autoptr(GVariant) answer = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    Call of = {0};
    Request *request;

    call(world->client, world, lines->path, lines->interface, lines->method, lines->arguments, &of);
    request = next_request(world);
    g_assert_cmpstr(request_client(request), ==, g_dbus_connection_get_unique_name(world->client));
    assert_text(world->asked, lines->asked);
    request_return(request, lines->value ? g_variant_new_parsed(lines->value) : NULL);
    answer = answer_of(world, &of, &error);
    g_assert_no_error(error);
    text = g_variant_print(answer, TRUE);
    g_assert_cmpstr(text, ==, lines->answer);
}

static void test_methods(World *world, gconstpointer data)
{
    publish_speaker_1(world);
    for (size_t i = 0; i < G_N_ELEMENTS(CONVERSATIONS); i++)
        hold(world, &CONVERSATIONS[i]);
}

static void assert_refused(World *world, Call *of, const char *name, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GVariant) answer = answer_of(world, of, &error);
    g_autofree char *remote = error ? g_dbus_error_get_remote_error(error) : NULL;

    g_assert_null(answer);
    g_assert_cmpstr(remote, ==, name);
    g_dbus_error_strip_remote_error(error);
    g_assert_cmpstr(error->message, ==, message);
}

static void test_bad_options(World *world, gconstpointer data)
{
    Call scan = {0};
    Call pair = {0};
    Call tone = {0};

    call(world->client, world, ROOT, MANAGER, "StartScan", "({'al': <true>},)", &scan);
    call(world->client, world, ROOT, MANAGER, "Pair", "('', {'timeout': <uint32 5>})", &pair);
    call(world->client, world, ROOT, MANAGER, "TestTone", "('', {'channels': <'l'>})", &tone);
    assert_refused(world, &scan, "org.echocast.Error.InvalidArguments",
                   "unknown option 'al'; known: all, timeout");
    assert_refused(world, &pair, "org.echocast.Error.InvalidArguments",
                   "option 'timeout' must be 10 to 180, not 5");
    assert_refused(world, &tone, "org.echocast.Error.InvalidArguments",
                   "option 'channels' must be left, right or both, not 'l'");
    assert_text(world->asked, "");
}

static void test_errors(World *world, gconstpointer data)
{
    for (unsigned code = 0; code <= ECHOCAST_ERROR_COUNT; code++) {
        bool foreign = code == ECHOCAST_ERROR_COUNT;
        g_autoptr(GError) error = foreign
                                      ? g_error_new(G_IO_ERROR, G_IO_ERROR_BUSY, "text %u", code)
                                      : g_error_new(ECHOCAST_ERROR, (int)code, "text %u", code);
        Call of = {0};

        call(world->client, world, ROOT, MANAGER, "Connect", "('x',)", &of);
        request_fail(next_request(world), error);
        assert_refused(world, &of,
                       error_dbus_name(foreign ? ECHOCAST_ERROR_FAILED : (EchocastError)code),
                       error->message);
    }
}

static ManagerFacts manager_facts(void)
{
    return (ManagerFacts){
        .version = "1.2",
        .adapter = "00:AA:01:00:00:00",
        .adapter_alias = "Echocast-board",
        .adapter_state = "ready",
        .loopback_state = "open",
        .headline = "Connected — Active",
    };
}

static void test_manager(World *world, gconstpointer data)
{
    ManagerFacts facts = manager_facts();
    Address one = number(1);

    service_publish_manager(world->service, &facts);
    round_trip(world);
    assert_text(world->seen,
                "changed Manager1 Adapter='00:AA:01:00:00:00' AdapterAlias='Echocast-board' "
                "AdapterState='ready' Headline='Connected — Active' LoopbackState='open' "
                "Version='1.2'\n");
    /* the same again: nothing on the bus */
    service_publish_manager(world->service, &facts);
    round_trip(world);
    assert_text(world->seen, "");
    facts.pairing = true;
    facts.pairing_deadline_us = 5;
    facts.active = &one;
    facts.default_speaker = &one;
    service_publish_manager(world->service, &facts);
    round_trip(world);
    assert_text(world->seen, "changed Manager1 ActiveSpeaker='" PATH "' DefaultSpeaker='" PATH "' "
                             "Pairing=true PairingDeadline=5\n");
}

static char *get_all(World *world, const char *path, const char *interface)
{
    g_autofree char *arguments = g_strdup_printf("('%s',)", interface);
    g_autoptr(GVariant) answer = NULL;
    g_autoptr(GError) error = NULL;
    Call of = {0};

    call(world->client, world, path, "org.freedesktop.DBus.Properties", "GetAll", arguments, &of);
    answer = answer_of(world, &of, &error);
    g_assert_no_error(error);
    return g_variant_print(answer, FALSE);
}

static void test_before_facts(World *world, gconstpointer data)
{
    g_autofree char *text = get_all(world, ROOT, MANAGER);

    g_assert_cmpstr(
        text, ==,
        "({'Version': <''>, 'Role': <'a2dp-source'>, 'Adapter': <''>, "
        "'AdapterAlias': <''>, 'AdapterState': <'no-bluetoothd'>, 'Scanning': <false>, "
        "'Pairing': <false>, 'PairingDeadline': <uint64 0>, 'ActiveSpeaker': <objectpath '/'>, "
        "'DefaultSpeaker': <objectpath '/'>, 'LoopbackState': <'missing'>, "
        "'PlayerActive': <false>, 'Headline': <''>, 'Reason': <''>, 'Detail': <''>, "
        "'Advice': <''>},)");
}

#define SPEAKER_VALUES                                                                             \
    "'Address': <'AA:BB:CC:DD:EE:01'>, 'Name': <'Kitchen'>, 'State': <'saved'>, 'Reason': <''>, "  \
    "'Detail': <''>, 'Advice': <''>, 'Rung': <'saved'>, 'Kind': <'speaker'>, 'Saved': <true>, "    \
    "'Bonded': <false>, 'Default': <false>, 'Rssi': <int16 0>, 'Class': <uint32 0>, 'LastUsed': "  \
    "<uint64 1700000000>"
#define STREAM_VALUES                                                                              \
    "'Codec': <'SBC'>, 'Channels': <'joint'>, 'RateHz': <uint32 44100>, 'Bitpool': <uint32 53>, "  \
    "'Bitrate': <uint32 327993>, 'Mtu': <uint32 672>, 'FramesPerPacket': <uint32 5>, 'DelayUs': "  \
    "<uint32 125000>, "                                                                            \
    "'DelayReported': <false>"

static void test_speaker(World *world, gconstpointer data)
{
    SpeakerFacts facts = speaker_facts(1);
    StreamFacts stream = stream_facts();

    service_publish_speaker(world->service, &facts);
    round_trip(world);
    assert_text(world->seen, "InterfacesAdded ('" PATH "', {'org.echocast.Speaker1': "
                             "{" SPEAKER_VALUES "}})\n");
    facts.state = "streaming";
    facts.rssi = -70;
    service_publish_speaker(world->service, &facts);
    service_publish_stream(world->service, &facts.address, &stream);
    service_publish_stream(world->service, &facts.address, &stream);
    round_trip(world);
    assert_text(world->seen, "changed Speaker1 Rssi=-70 State='streaming'\n"
                             "InterfacesAdded ('" PATH "', {'org.echocast.Stream1': "
                             "{" STREAM_VALUES "}})\n");
    stream.bitpool = 35;
    service_publish_stream(world->service, &facts.address, &stream);
    service_publish_stream(world->service, &facts.address, NULL);
    service_publish_stream(world->service, &facts.address, NULL);
    service_withdraw_speaker(world->service, &facts.address);
    service_withdraw_speaker(world->service, &facts.address);
    service_publish_stream(world->service, &facts.address, NULL);
    round_trip(world);
    assert_text(world->seen, "changed Stream1 Bitpool=35\n"
                             "InterfacesRemoved ('" PATH "', ['org.echocast.Stream1'])\n"
                             "InterfacesRemoved ('" PATH "', ['org.echocast.Speaker1'])\n");
}

static void test_managed_objects(World *world, gconstpointer data)
{
    g_autoptr(GVariant) answer = NULL;
    g_autofree char *text = NULL;
    Call of = {0};

    publish_speaker_1(world);
    call(world->client, world, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
         "()", &of);
    answer = answer_of(world, &of, NULL);
    text = g_variant_print(answer, FALSE);
    g_assert_true(g_strrstr(text, SPEAKER_VALUES) && g_strrstr(text, STREAM_VALUES));
    g_assert_true(g_str_has_prefix(text, "({'" PATH "': {'org.echocast."));
}

/* Withdrawn at any moment of a call to it: the call is answered, by the daemon or by D-Bus. */
static void test_call_withdrawn(World *world, gconstpointer data)
{
    Address one = number(1);

    for (unsigned turns = 0; turns < 8; turns++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) answer = NULL;
        Call of = {0};

        publish_speaker_1(world);
        call(world->client, world, PATH, SPEAKER, "Connect", "()", &of);
        for (unsigned i = 0; i < turns && !world->requests.length && !of.result; i++)
            g_main_context_iteration(NULL, TRUE);
        service_withdraw_speaker(world->service, &one);
        while (!world->requests.length && !of.result)
            g_main_context_iteration(NULL, TRUE);
        if (world->requests.length)
            request_return(next_request(world), NULL);
        answer = answer_of(world, &of, &error);
        if (error)
            g_assert_error(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD);
    }
}

static void test_progress(World *world, gconstpointer data)
{
    Address one = number(1);

    service_announce_progress(world->service, NULL, "scanning", "Looking");
    service_announce_progress(world->service, &one, "found", NULL);
    round_trip(world);
    assert_text(world->seen, "Progress ('/', 'scanning', 'Looking')\n"
                             "Progress ('" PATH "', 'found', '')\n");
}

/* The change that an answer is about has been seen when the answer comes. */
static void test_answer_follows_change(World *world, gconstpointer data)
{
    SpeakerFacts facts = speaker_facts(1);
    g_autoptr(GVariant) answer = NULL;
    Call of = {0};

    service_publish_speaker(world->service, &facts);
    round_trip(world);
    g_string_truncate(world->seen, 0);
    call(world->client, world, ROOT, MANAGER, "Disconnect", "('',)", &of);
    Request *request = next_request(world);
    facts.state = "waiting";
    service_publish_speaker(world->service, &facts);
    request_return(request, NULL);
    answer = answer_of(world, &of, NULL);
    assert_text(world->seen, "changed Speaker1 State='waiting'\n");
}

static void test_client_gone(World *world, gconstpointer data)
{
    g_autofree char *expected = NULL;
    GDBusConnection *other = dial(world);
    GDBusConnection *reader = dial(world);
    Call calls[3] = {0};
    Request *left;

    expected = g_strdup_printf("gone %s\n", g_dbus_connection_get_unique_name(other));
    publish_speaker_1(world);
    /* who only reads is not missed */
    call(reader, world, PATH, STREAM, "GetCounters", "()", &calls[0]);
    request_return(next_request(world), g_variant_new_parsed("(@a{st} {},)"));
    call(other, world, ROOT, MANAGER, "StopScan", "()", &calls[1]);
    request_return(next_request(world), NULL);
    call(other, world, ROOT, MANAGER, "Pair", "('', @a{sv} {})", &calls[2]);
    left = next_request(world);
    g_string_truncate(world->asked, 0);
    hang_up(&reader);
    hang_up(&other);
    while (world->asked->len == 0)
        g_main_context_iteration(NULL, TRUE);
    round_trip(world);
    assert_text(world->asked, expected);
    /* an answer to one that has left goes nowhere, quietly */
    request_return(left, g_variant_new_parsed(A_PATH));
    round_trip(world);
    for (unsigned i = 0; i < G_N_ELEMENTS(calls); i++) {
        while (!calls[i].result)
            g_main_context_iteration(NULL, TRUE);
        g_object_unref(calls[i].result);
    }
}

/* Calls of one client keep their order, the first while the bus is asked about the client, those
 * that follow when its verdict is known. */
static void test_order(World *world, gconstpointer data)
{
    Call calls[4] = {0};

    call(world->client, world, ROOT, MANAGER, "Connect", "('a',)", &calls[0]);
    call(world->client, world, ROOT, MANAGER, "Disconnect", "('b',)", &calls[1]);
    for (unsigned i = 0; i < 2; i++)
        request_return(next_request(world), i ? NULL : g_variant_new_parsed(A_PATH));
    call(world->client, world, ROOT, MANAGER, "Forget", "('c',)", &calls[2]);
    call(world->client, world, ROOT, MANAGER, "Connect", "('d',)", &calls[3]);
    request_return(next_request(world), NULL);
    request_return(next_request(world), g_variant_new_parsed(A_PATH));
    assert_text(world->asked, "connect 'a'\ndisconnect 'b'\nforget 'c'\nconnect 'd'\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_autoptr(GVariant) answer = answer_of(world, &calls[i], NULL);

        g_assert_nonnull(answer);
    }
}

/* Freed while a call waits for the verdict: it is answered. */
static void test_free_with_call(World *world, gconstpointer data)
{
    Call of = {0};

    call(world->client, world, ROOT, MANAGER, "Connect", "('a',)", &of);
    /* The bus delivers in order: when the ping is back, the call has come, and no loop ran since
     * that would have brought the verdict. */
    round_trip(world);
    g_clear_pointer(&world->service, service_free);
    if (world->requests.length) {
        g_autoptr(GError) error = g_error_new(ECHOCAST_ERROR, ECHOCAST_ERROR_CANCELLED,
                                              "the call was given up before it "
                                              "began");

        request_fail(next_request(world), error);
    }
    assert_refused(world, &of, "org.echocast.Error.Cancelled",
                   "the call was given up before it began");
}

static void test_twice(World *world, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(service_new(world->server, &CALLS, world, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS);
    g_assert_true(g_str_has_prefix(error->message, "cannot export /org/echocast: "));
}

#define ADD(name, function) g_test_add("/service/" name, World, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("methods", test_methods);
    ADD("bad-options", test_bad_options);
    ADD("errors", test_errors);
    ADD("before-facts", test_before_facts);
    ADD("manager", test_manager);
    ADD("speaker", test_speaker);
    ADD("managed-objects", test_managed_objects);
    ADD("call-withdrawn", test_call_withdrawn);
    ADD("progress", test_progress);
    ADD("answer-follows-change", test_answer_follows_change);
    ADD("client-gone", test_client_gone);
    ADD("order", test_order);
    ADD("free-with-call", test_free_with_call);
    ADD("twice", test_twice);
    return g_test_run();
}
