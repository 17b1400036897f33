/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* The names that the daemon and its clients share. They are public: add freely, rename nothing. */
#pragma once

#define ECHOCAST_BUS_NAME           "org.echocast"
#define ECHOCAST_OBJECT_PATH        "/org/echocast"
#define ECHOCAST_SPEAKER_PATH       "/org/echocast/speaker"
#define ECHOCAST_MANAGER_INTERFACE  "org.echocast.Manager1"
#define ECHOCAST_SPEAKER_INTERFACE  "org.echocast.Speaker1"
#define ECHOCAST_STREAM_INTERFACE   "org.echocast.Stream1"
#define ECHOCAST_ERROR_PREFIX       "org.echocast.Error."
#define ECHOCAST_CONTROL_GROUP      "audio"
#define ECHOCAST_CARD_ID            "Echocast"
