/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors */

#include "service/speaker_object.h"

#include "service/stream_object.h"
#include "service/word.h"

#include <dbus-echocast.h>
#include <echocast/names.h>

struct SpeakerObject {
    EchocastObjectSkeleton *object;
    EchocastSpeaker1 *skeleton;
    EchocastStream1 *stream; /* NULL: does not stream */
    const MethodHook *hook;
};

char *speaker_object_path(const Address *address)
{
    char text[ADDRESS_STRING_SIZE];

    address_format_path(address, text);
    return g_strdup_printf("%s/%s", ECHOCAST_SPEAKER_PATH, text);
}

void speaker_object_publish(SpeakerObject *speaker, const SpeakerFacts *facts)
{
    EchocastSpeaker1 *skeleton = speaker->skeleton;
    char address[ADDRESS_STRING_SIZE];

    address_format(&facts->address, address);
    echocast_speaker1_set_address(skeleton, address);
    echocast_speaker1_set_name(skeleton, word(facts->name));
    echocast_speaker1_set_state(skeleton, word(facts->state));
    echocast_speaker1_set_reason(skeleton, word(facts->reason));
    echocast_speaker1_set_detail(skeleton, word(facts->detail));
    echocast_speaker1_set_advice(skeleton, word(facts->advice));
    echocast_speaker1_set_rung(skeleton, word(facts->rung));
    echocast_speaker1_set_kind(skeleton, word(facts->kind));
    echocast_speaker1_set_saved(skeleton, facts->saved);
    echocast_speaker1_set_bonded(skeleton, facts->bonded);
    echocast_speaker1_set_default(skeleton, facts->is_default);
    echocast_speaker1_set_rssi(skeleton, facts->rssi);
    echocast_speaker1_set_class(skeleton, facts->class_of_device);
    echocast_speaker1_set_last_used(skeleton, facts->last_used);
    /* At once and in one signal: an answer that follows must not overtake what it is about. */
    g_dbus_interface_skeleton_flush(G_DBUS_INTERFACE_SKELETON(skeleton));
}

SpeakerObject *speaker_object_new(const SpeakerFacts *facts, const MethodHook *hook)
{
    SpeakerObject *speaker = g_new0(SpeakerObject, 1);
    g_autofree char *path = speaker_object_path(&facts->address);

    speaker->hook = hook;
    speaker->object = echocast_object_skeleton_new(path);
    speaker->skeleton = echocast_speaker1_skeleton_new();
    method_hook(G_DBUS_INTERFACE_SKELETON(speaker->skeleton), ECHOCAST_TYPE_SPEAKER1, hook);
    speaker_object_publish(speaker, facts);
    echocast_object_skeleton_set_speaker1(speaker->object, speaker->skeleton);
    return speaker;
}

void speaker_object_free(SpeakerObject *speaker)
{
    if (!speaker)
        return;
    g_clear_object(&speaker->stream);
    g_object_unref(speaker->skeleton);
    g_object_unref(speaker->object);
    g_free(speaker);
}

GDBusObjectSkeleton *speaker_object_skeleton(SpeakerObject *speaker)
{
    return G_DBUS_OBJECT_SKELETON(speaker->object);
}

void speaker_object_publish_stream(SpeakerObject *speaker, const StreamFacts *facts)
{
    bool is_new = facts && !speaker->stream;

    if (!facts) {
        if (speaker->stream)
            echocast_object_skeleton_set_stream1(speaker->object, NULL);
        g_clear_object(&speaker->stream);
        return;
    }
    if (is_new) {
        speaker->stream = echocast_stream1_skeleton_new();
        method_hook(G_DBUS_INTERFACE_SKELETON(speaker->stream), ECHOCAST_TYPE_STREAM1,
                    speaker->hook);
    }
    stream_object_publish(speaker->stream, facts);
    /* Added with its values in: InterfacesAdded carries the whole truth. */
    if (is_new)
        echocast_object_skeleton_set_stream1(speaker->object, speaker->stream);
}
