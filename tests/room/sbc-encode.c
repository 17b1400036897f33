/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (C) 2026 The Echocast authors
 *
 * sbc-encode [OPTIONS] IN.wav OUT.sbc: what libsbc makes of a 16-bit WAV file, for comparing byte
 * by byte with what a speaker received.
 *
 *   --offset N    PCM frame of the file at which the first SBC frame begins; a negative one puts
 *                 silence before the file
 *   --frames N    how many SBC frames (default: to the file's end, the last filled with silence)
 *   --bitpool N   default 53
 *   --mode M      mono, dual, stereo or joint (default; mono for a mono file)
 */
#include <glib.h>
#include <sbc/sbc.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SBC_FRAME = 128 };

typedef struct {
    int rate;
    int channels;
    const int16_t *pcm; /* inside the file's bytes */
    int64_t frames;
} Wav;

static unsigned int get(const char *from, int bytes)
{
    unsigned int value = 0;

    for (int i = 0; i < bytes; i++)
        value |= (unsigned int)(uint8_t)from[i] << (8 * i);
    return value;
}

/* Walks the chunks; a data chunk longer than the file (a stream's header) ends with the file. */
static bool wav_parse(Wav *wav, const char *data, size_t length)
{
    size_t at = 12;

    if (length < at || memcmp(data, "RIFF", 4) != 0 || memcmp(data + 8, "WAVE", 4) != 0)
        return false;
    while (at + 8 <= length) {
        size_t size = get(data + at + 4, 4);
        const char *body = data + at + 8;

        if (memcmp(data + at, "fmt ", 4) == 0 && size >= 16 && at + 24 <= length) {
            wav->channels = get(body + 2, 2);
            wav->rate = get(body + 4, 4);
            if (get(body + 14, 2) != 16)
                return false;
        } else if (memcmp(data + at, "data", 4) == 0 && wav->channels > 0) {
            wav->pcm = (const int16_t *)body;
            wav->frames = MIN(size, length - at - 8) / (2 * wav->channels);
            return true;
        }
        at += 8 + size + (size & 1);
    }
    return false;
}

static bool encoder_init(sbc_t *encoder, const Wav *wav, int bitpool, const char *mode)
{
    static const char *const modes[] = {"mono", "dual", "stereo", "joint"};
    static const int rates[] = {16000, 32000, 44100, 48000};
    const char *wanted = mode ? mode : wav->channels == 1 ? "mono" : "joint";
    size_t rate = 0, chosen = 0;

    while (rate < G_N_ELEMENTS(rates) && rates[rate] != wav->rate)
        rate++;
    while (chosen < G_N_ELEMENTS(modes) && !g_str_equal(modes[chosen], wanted))
        chosen++;
    if (rate == G_N_ELEMENTS(rates) || chosen == G_N_ELEMENTS(modes))
        return false;
    sbc_init(encoder, 0);
    encoder->frequency = rate;
    encoder->mode = chosen;
    encoder->subbands = SBC_SB_8;
    encoder->blocks = SBC_BLK_16;
    encoder->allocation = SBC_AM_LOUDNESS;
    encoder->bitpool = bitpool;
    encoder->endian = SBC_LE;
    return true;
}

/* The part of the file under one SBC frame, silence where there is no file. */
static void fill(int16_t *pcm, const Wav *wav, int64_t position)
{
    for (int i = 0; i < SBC_FRAME; i++)
        for (int channel = 0; channel < wav->channels; channel++) {
            int64_t at = position + i;
            bool inside = at >= 0 && at < wav->frames;

            pcm[i * wav->channels + channel] = inside ? wav->pcm[at * wav->channels + channel] : 0;
        }
}

static bool encode(sbc_t *encoder, const Wav *wav, int64_t offset, int64_t frames, FILE *out)
{
    for (int64_t i = 0; i < frames; i++) {
        int16_t pcm[2 * SBC_FRAME];
        uint8_t frame[1024];
        ssize_t written;

        fill(pcm, wav, offset + i * SBC_FRAME);
        if (sbc_encode(encoder, pcm, SBC_FRAME * 2 * wav->channels, frame, sizeof(frame),
                       &written) <= 0 ||
            fwrite(frame, written, 1, out) != 1)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    gint64 offset = 0, frames = -1;
    int bitpool = 53;
    g_autofree char *mode = NULL;
    const GOptionEntry entries[] = {
        {"offset", 0, 0, G_OPTION_ARG_INT64, &offset, "first PCM frame", "N"},
        {"frames", 0, 0, G_OPTION_ARG_INT64, &frames, "how many SBC frames", "N"},
        {"bitpool", 0, 0, G_OPTION_ARG_INT, &bitpool, "bitpool", "N"},
        {"mode", 0, 0, G_OPTION_ARG_STRING, &mode, "mono, dual, stereo or joint", "M"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("IN.wav OUT.sbc");
    g_autofree char *data = NULL;
    size_t length;
    Wav wav = {0};
    sbc_t encoder;
    FILE *out;
    bool done;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, NULL) || argc != 3) {
        fprintf(stderr, "usage: sbc-encode [--offset N] [--frames N] [--bitpool N] IN.wav OUT\n");
        return 2;
    }
    if (!g_file_get_contents(argv[1], &data, &length, NULL) || !wav_parse(&wav, data, length) ||
        !encoder_init(&encoder, &wav, bitpool, mode)) {
        fprintf(stderr, "sbc-encode: %s: not a WAV file SBC can take\n", argv[1]);
        return 1;
    }
    if (frames < 0)
        frames = MAX(0, wav.frames - offset + SBC_FRAME - 1) / SBC_FRAME;
    out = fopen(argv[2], "wb");
    done = out && encode(&encoder, &wav, offset, frames, out) && fclose(out) == 0;
    sbc_finish(&encoder);
    return done ? 0 : 1;
}
