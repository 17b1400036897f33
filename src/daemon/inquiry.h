/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* Inquiry: who needs discovery now. A scan of one client, the search of one pairing, or neither;
 * discovery runs exactly as long as one of them does. */
#pragma once

#include "bluez/bluez.h"
#include "service/request.h"
#include "service/service.h"
#include "daemon/daemon.h"
#include "speaker/search.h"

typedef struct {
    /* the scan */
    char *scan_client; /* NULL: none runs */
    bool scan_all;
    guint scan_timer;
    /* the search of a pairing */
    Search *search; /* NULL: none runs */
    Request *search_request;
    bool search_tone;
    char *search_pin;
    gint64 search_deadline_us;
    guint search_timer;
    guint linger_timer;
    guint check; /* idle: verdicts are not given inside of a call from BlueZ */
} Inquiry;

void inquiry_clear(Daemon *daemon);
void inquiry_start_scan(Daemon *daemon, Request *request, bool all, unsigned timeout_s);
void inquiry_stop_scan(Daemon *daemon);
void inquiry_start_search(Daemon *daemon, Request *request, const char *target,
                          const PairWish *wish);
/* Ends the search with that error. */
void inquiry_fail_search(Daemon *daemon, EchocastError code, const char *text);
void inquiry_see(Daemon *daemon, const DeviceFacts *device, bool is_saved);
void inquiry_client_gone(Daemon *daemon, const char *client);
/* BlueZ came or went: the scan is started anew, a search fails. */
void inquiry_bluez_changed(Daemon *daemon);
/* A pairing or connection is over, for which BlueZ's discovery was stopped: it goes on if needed.
 */
void inquiry_resume(Daemon *daemon);
