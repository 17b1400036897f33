/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

/* SpeakerObject: a speaker's object on the bus, org.echocast.Speaker1 at
 * /org/echocast/speaker/AA_BB_CC_DD_EE_FF, and Stream1 beside it while it streams.
 * Main loop only; owned by the service. */
#pragma once

#include "service/method.h"

typedef struct SpeakerObject SpeakerObject;

/* hook: called for each method call on an interface of the object; lives as long as the object. */
SpeakerObject *speaker_object_new(const SpeakerFacts *facts, const MethodHook *hook);
/* It must not be exported any more. */
void speaker_object_free(SpeakerObject *speaker);
GDBusObjectSkeleton *speaker_object_skeleton(SpeakerObject *speaker);
void speaker_object_publish(SpeakerObject *speaker, const SpeakerFacts *facts);
/* NULL takes Stream1 away. */
void speaker_object_publish_stream(SpeakerObject *speaker, const StreamFacts *facts);

/* "/org/echocast/speaker/AA_BB_CC_DD_EE_FF"; for answers too. */
char *speaker_object_path(const Address *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SpeakerObject, speaker_object_free)
