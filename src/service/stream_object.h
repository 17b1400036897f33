/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* StreamObject: org.echocast.Stream1, the interface that a speaker's object has while its transport
 * is acquired. It needs no state of its own: facts go into gdbus-codegen's skeleton. Main loop
 * only. */
#pragma once

#include "service/service.h"

#include <dbus-echocast.h>

void stream_object_publish(EchocastStream1 *skeleton, const StreamFacts *facts);
