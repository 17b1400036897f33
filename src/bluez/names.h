/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* BlueZ's names on the bus, and our own objects that it calls. */
#pragma once

#define BLUEZ_NAME      "org.bluez"
#define BLUEZ_ROOT_PATH "/org/bluez"

#define BLUEZ_ADAPTER       "org.bluez.Adapter1"
#define BLUEZ_AGENT_MANAGER "org.bluez.AgentManager1"
#define BLUEZ_DEVICE        "org.bluez.Device1"
#define BLUEZ_MEDIA         "org.bluez.Media1"
#define BLUEZ_TRANSPORT     "org.bluez.MediaTransport1"

#define BLUEZ_ERROR_REJECTED          "org.bluez.Error.Rejected"
#define BLUEZ_ERROR_INVALID_ARGUMENTS "org.bluez.Error.InvalidArguments"

#define OUR_AGENT_PATH    "/org/echocast/bluez/agent"
#define OUR_ENDPOINT_PATH "/org/echocast/bluez/endpoint"

#define A2DP_CODEC_SBC 0
