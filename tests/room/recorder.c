/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 */
#include "recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sbc/sbc.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define AUDIBLE_PEAK 104 /* -50 dBFS */
#define LATE_NS      (60 * INT64_C(1000000))

enum { RTP_HEADER = 12, PAYLOAD_HEADER = 1, WAV_HEADER = 44, MAX_CHANNELS = 2 };

/* All that recorder_reset() forgets. */
typedef struct {
    uint64_t packets, lost, gaps, late, bad, bytes, sbc_frames, pcm_frames, pcm_bytes;
    uint64_t histogram[16]; /* packets by the number of their frames */
    int64_t first_ns, audible_ns, last_ns, max_late_ns;
    int rate, channels, bitpool;
    int peak[MAX_CHANNELS];
    double squares[MAX_CHANNELS];
} Counters;

struct Recorder {
    char *directory;
    unsigned int number;
    FILE *wav, *sbc, *log;
    sbc_t decoder;
    Counters counters;
    bool in_stream; /* the three below are known */
    uint16_t sequence;
    uint32_t origin_timestamp;
    int64_t origin_ns;
};

static char *file_path(const Recorder *recorder, const char *suffix)
{
    return g_strdup_printf("%s/%u.%s", recorder->directory, recorder->number, suffix);
}

static FILE *file_open(const Recorder *recorder, const char *suffix)
{
    g_autofree char *path = file_path(recorder, suffix);
    FILE *file = fopen(path, "wb");

    if (!file)
        g_error("%s: %s", path, g_strerror(errno));
    return file;
}

static void put(uint8_t *to, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        to[i] = value >> (8 * i);
}

/* Before the first packet nothing is known of the format: then it is what most files have. */
static void wav_write_header(Recorder *recorder)
{
    const Counters *counters = &recorder->counters;
    int channels = counters->channels ? counters->channels : 2;
    int rate = counters->rate ? counters->rate : 44100;
    uint8_t header[WAV_HEADER] = "RIFF\0\0\0\0WAVEfmt ";

    put(header + 4, WAV_HEADER - 8 + counters->pcm_bytes, 4);
    put(header + 16, 16, 4);
    put(header + 20, 1, 2);
    put(header + 22, channels, 2);
    put(header + 24, rate, 4);
    put(header + 28, rate * channels * 2, 4);
    put(header + 32, channels * 2, 2);
    put(header + 34, 16, 2);
    memcpy(header + 36, "data", 4);
    put(header + 40, counters->pcm_bytes, 4);
    fseek(recorder->wav, 0, SEEK_SET);
    fwrite(header, sizeof(header), 1, recorder->wav);
    fseek(recorder->wav, 0, SEEK_END);
}

static void recording_open(Recorder *recorder)
{
    recorder->wav = file_open(recorder, "wav");
    recorder->sbc = file_open(recorder, "sbc");
    recorder->log = file_open(recorder, "csv");
    wav_write_header(recorder);
    fputs("arrival_ns,sequence,timestamp,frames,bytes\n", recorder->log);
}

static void recording_close(Recorder *recorder)
{
    recorder_flush(recorder);
    fclose(recorder->wav);
    fclose(recorder->sbc);
    fclose(recorder->log);
}

Recorder *recorder_new(const char *directory)
{
    Recorder *recorder = g_new0(Recorder, 1);

    recorder->directory = g_strdup(directory);
    if (g_mkdir_with_parents(directory, 0755) < 0)
        g_error("%s: %s", directory, g_strerror(errno));
    sbc_init(&recorder->decoder, 0);
    recorder->decoder.endian = SBC_LE;
    recording_open(recorder);
    return recorder;
}

void recorder_free(Recorder *recorder)
{
    if (!recorder)
        return;
    recording_close(recorder);
    sbc_finish(&recorder->decoder);
    g_free(recorder->directory);
    g_free(recorder);
}

void recorder_begin_stream(Recorder *recorder)
{
    recorder->in_stream = false;
    sbc_reinit(&recorder->decoder, 0);
    recorder->decoder.endian = SBC_LE;
}

static void note_format(Counters *counters, const sbc_t *decoder)
{
    static const int rates[] = {16000, 32000, 44100, 48000};

    counters->rate = rates[decoder->frequency & 3];
    counters->channels = decoder->mode == SBC_MODE_MONO ? 1 : 2;
    counters->bitpool = decoder->bitpool;
}

/* The packet's highest peak. */
static int note_level(Counters *counters, const int16_t *pcm, size_t samples)
{
    int highest = 0;

    for (size_t i = 0; i < samples; i++) {
        int channel = counters->channels == 1 ? 0 : i & 1;
        int peak = abs(pcm[i]);

        counters->peak[channel] = MAX(counters->peak[channel], peak);
        counters->squares[channel] += (double)pcm[i] * pcm[i];
        highest = MAX(highest, peak);
    }
    return highest;
}

/* Decodes one frame: how long it was, 0 if it is none. */
static size_t take_frame(Recorder *recorder, const uint8_t *data, size_t length, int *peak)
{
    Counters *counters = &recorder->counters;
    int16_t pcm[2048];
    size_t pcm_bytes;
    ssize_t used = sbc_decode(&recorder->decoder, data, length, pcm, sizeof(pcm), &pcm_bytes);
    int frame_peak;

    if (used <= 0)
        return 0;
    note_format(counters, &recorder->decoder);
    frame_peak = note_level(counters, pcm, pcm_bytes / 2);
    *peak = MAX(*peak, frame_peak);
    counters->sbc_frames++;
    counters->pcm_bytes += pcm_bytes;
    counters->pcm_frames += pcm_bytes / 2 / counters->channels;
    fwrite(pcm, pcm_bytes, 1, recorder->wav);
    fwrite(data, used, 1, recorder->sbc);
    return used;
}

/* Decodes all frames of a packet: how many it held, -1 if it is broken. */
static int take_frames(Recorder *recorder, const uint8_t *data, size_t length, int announced,
                       int *peak)
{
    int frames = 0;

    while (length > 0) {
        size_t used = take_frame(recorder, data, length, peak);

        if (used == 0)
            return -1;
        data += used;
        length -= used;
        frames++;
    }
    return frames == announced ? frames : -1;
}

static void note_sequence(Recorder *recorder, uint16_t sequence)
{
    uint16_t missing = sequence - recorder->sequence - 1;

    if (recorder->in_stream && missing > 0) {
        recorder->counters.gaps++;
        recorder->counters.lost += missing;
    }
    recorder->sequence = sequence;
}

/* How much later than its timestamp says, seen from the stream's first packet. */
static void note_lateness(Recorder *recorder, uint32_t timestamp, int64_t arrival_ns)
{
    Counters *counters = &recorder->counters;
    int64_t due_ns, late_ns;

    if (!recorder->in_stream) {
        recorder->origin_timestamp = timestamp;
        recorder->origin_ns = arrival_ns;
    }
    due_ns = recorder->origin_ns + (int64_t)(uint32_t)(timestamp - recorder->origin_timestamp) *
                                       INT64_C(1000000000) / counters->rate;
    late_ns = arrival_ns - due_ns;
    counters->max_late_ns = MAX(counters->max_late_ns, late_ns);
    counters->late += late_ns > LATE_NS;
}

static RecorderNews note_times(Counters *counters, int64_t arrival_ns, int peak)
{
    RecorderNews news = 0;

    if (counters->first_ns == 0) {
        counters->first_ns = arrival_ns;
        news |= RECORDER_FIRST;
    }
    if (counters->audible_ns == 0 && peak > AUDIBLE_PEAK) {
        counters->audible_ns = arrival_ns;
        news |= RECORDER_AUDIBLE;
    }
    counters->last_ns = arrival_ns;
    return news;
}

RecorderNews recorder_packet(Recorder *recorder, const uint8_t *data, size_t length,
                             int64_t arrival_ns)
{
    Counters *counters = &recorder->counters;
    uint16_t sequence;
    uint32_t timestamp;
    int frames, peak = 0;

    counters->packets++;
    counters->bytes += length;
    if (length <= RTP_HEADER + PAYLOAD_HEADER || data[0] != 0x80) {
        counters->bad++;
        return 0;
    }
    sequence = data[2] << 8 | data[3];
    timestamp = (uint32_t)data[4] << 24 | data[5] << 16 | data[6] << 8 | data[7];
    frames = take_frames(recorder, data + RTP_HEADER + PAYLOAD_HEADER,
                         length - RTP_HEADER - PAYLOAD_HEADER, data[RTP_HEADER] & 0x0f, &peak);
    fprintf(recorder->log, "%" PRId64 ",%u,%u,%d,%zu\n", arrival_ns, sequence, timestamp, frames,
            length);
    if (frames < 0) {
        counters->bad++;
        return 0;
    }
    counters->histogram[frames]++;
    note_sequence(recorder, sequence);
    note_lateness(recorder, timestamp, arrival_ns);
    recorder->in_stream = true;
    return note_times(counters, arrival_ns, peak);
}

uint64_t recorder_packets(const Recorder *recorder)
{
    return recorder->counters.packets;
}

void recorder_flush(Recorder *recorder)
{
    wav_write_header(recorder);
    fflush(recorder->wav);
    fflush(recorder->sbc);
    fflush(recorder->log);
}

void recorder_reset(Recorder *recorder)
{
    recording_close(recorder);
    recorder->number++;
    recorder->counters = (Counters){0};
    /* The decoder stays: the stream goes on. Only lateness is measured anew. */
    recorder->in_stream = false;
    recording_open(recorder);
}

static double decibel(double amplitude)
{
    return amplitude > 0 ? 20 * log10(amplitude / 32768) : -120;
}

static void add_levels(const Counters *counters, JsonBuilder *message)
{
    uint64_t samples = MAX(counters->pcm_frames, 1);

    json_builder_set_member_name(message, "peak_db");
    json_builder_begin_array(message);
    for (int i = 0; i < counters->channels; i++)
        json_builder_add_double_value(message, decibel(counters->peak[i]));
    json_builder_end_array(message);
    json_builder_set_member_name(message, "rms_db");
    json_builder_begin_array(message);
    for (int i = 0; i < counters->channels; i++)
        json_builder_add_double_value(message, decibel(sqrt(counters->squares[i] / samples)));
    json_builder_end_array(message);
}

static void add_histogram(const Counters *counters, JsonBuilder *message)
{
    json_builder_set_member_name(message, "histogram");
    json_builder_begin_object(message);
    for (size_t i = 0; i < G_N_ELEMENTS(counters->histogram); i++) {
        g_autofree char *frames = g_strdup_printf("%zu", i);

        if (counters->histogram[i] > 0)
            message_int(message, frames, counters->histogram[i]);
    }
    json_builder_end_object(message);
}

void recorder_add_stats(Recorder *recorder, JsonBuilder *message)
{
    const Counters *counters = &recorder->counters;

    message_int(message, "packets", counters->packets);
    message_int(message, "lost", counters->lost);
    message_int(message, "gaps", counters->gaps);
    message_int(message, "late", counters->late);
    message_int(message, "bad", counters->bad);
    message_int(message, "bytes", counters->bytes);
    message_int(message, "frames", counters->sbc_frames);
    message_int(message, "pcm_frames", counters->pcm_frames);
    message_int(message, "first_ns", counters->first_ns);
    message_int(message, "audible_ns", counters->audible_ns);
    message_int(message, "last_ns", counters->last_ns);
    message_int(message, "max_late_us", counters->max_late_ns / 1000);
    message_int(message, "rate", counters->rate);
    message_int(message, "channels", counters->channels);
    message_int(message, "bitpool", counters->bitpool);
    add_levels(counters, message);
    add_histogram(counters, message);
}

static void add_path(Recorder *recorder, JsonBuilder *message, const char *name, const char *suffix)
{
    g_autofree char *path = file_path(recorder, suffix);

    message_string(message, name, path);
}

void recorder_add_paths(Recorder *recorder, JsonBuilder *message)
{
    add_path(recorder, message, "wav", "wav");
    add_path(recorder, message, "sbc", "sbc");
    add_path(recorder, message, "log", "csv");
}
