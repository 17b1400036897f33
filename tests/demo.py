#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""The show behind tests/demo: pair, play, listen, compare, report.

Called by tests/demo, which has installed and built everything. --began is the time of day at which
it started, so that the report can say how long a newcomer waits for the first sound.
"""

import argparse
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time
import wave

import numpy as np

TOP = pathlib.Path(__file__).resolve().parent.parent
OUT = TOP / "build/demo"
RATE = 44100
PACKET_FRAMES = 640  # PCM frames of a full packet at MTU 672

sys.path.insert(0, str(TOP / "tests/room"))

# The virtual speaker's adapter is on the same machine, so ours has to be named.
CONFIG = "[Bluetooth]\nadapter=00:AA:01:00:00:00\n"

ALSA_CONVERT = """
pcm.convert {{
    type plug
    slave {{
        pcm {{ type file slave.pcm {{ type null }} file "{raw}" format "raw" truncate true }}
        rate {rate} format S16_LE channels 2
    }}
}}
"""


class DemoError(Exception):
    """Ends the demo with a sentence for its user."""


# -- what is played


def voice(frequency, seconds, loudness):
    """A plucked string, more or less: four partials that die away."""
    t = np.arange(int(seconds * RATE)) / RATE
    tone = sum(np.sin(2 * np.pi * frequency * k * t) / k ** 1.6 * np.exp(-t * (1.2 + 0.7 * k))
               for k in range(1, 5))
    attack = np.minimum(1, t / 0.004)
    return loudness * tone * attack


def compose():
    """About 12 s: chords on the left, the melody on the right, each a little in the other ear.
    It begins and ends in full sound, so that its length can be compared."""
    beat = 0.375
    note = {n: 440 * 2 ** ((i - 9) / 12) for i, n in
            enumerate("C C# D D# E F F# G G# A A# B c c# d d# e f f# g".split())}
    chords = ["C E G", "A c e", "F A c", "G B d", "C E G", "F A c", "G B d", "C E G"]
    melody = "e g e d c - A c  A G A c d - e -  g e d c A c d e  d - B - c - - c".split()
    sound = np.zeros((int(len(melody) * beat * RATE), 2))

    def strike(start, name, seconds, left, right):
        heard = voice(note[name], seconds, 1)[:len(sound) - start]
        sound[start:start + len(heard)] += heard[:, None] * (left, right)

    for i, chord in enumerate(chords):
        for k, name in enumerate(chord.split()):
            strike(int((i * 4 * beat + k * 0.03) * RATE), name, 2.2, 0.16, 0.06)
    for i, name in enumerate(melody):
        if name != "-":
            strike(int(i * beat * RATE), name, 1.4, 0.08, 0.22)
    sound[:256] += 0.2 * np.cos(np.arange(256) * 2 * np.pi / 64)[:, None]
    sound[-256:] += 0.2 * np.cos(np.arange(256) * 2 * np.pi / 64)[:, None]
    return np.round(np.clip(sound, -1, 1) * 32000).astype("<i2")


def write_wav(path, samples):
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.astype("<i2").tobytes())


def wav_format(path):
    """(kind, rate, channels, bits) of a WAV file; kind 1 is plain PCM. Python's own reader refuses
    kinds that aplay plays well."""
    data = pathlib.Path(path).read_bytes()[:65536]
    at = 12
    while data[:4] == b"RIFF" and data[8:12] == b"WAVE" and at + 24 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"fmt ":
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at + 8)
            return kind, rate, channels, bits
        at += 8 + size + size % 2
    raise DemoError(f"{path} is no WAV file")


def convert(path):
    """What ALSA makes of the file on its way to the loopback: int16 stereo at our rate."""
    with tempfile.TemporaryDirectory() as directory:
        raw = pathlib.Path(directory, "raw")
        conf = pathlib.Path(directory, "conf")
        conf.write_text(ALSA_CONVERT.format(raw=raw, rate=RATE))
        # The mixer's period is 20 ms; ALSA's converter derives its exact ratio from the periods.
        period = str(round(wav_format(path)[1] / 50))
        subprocess.run(["aplay", "-q", "-D", "convert", f"--period-size={period}", str(path)],
                       check=True,
                       env={**os.environ, "ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{conf}"})
        return np.fromfile(raw, "<i2").reshape(-1, 2)


def prepare(file):
    """Puts what will be played where the guest sees it: (path, its samples as ALSA converts them,
    a word on the conversion)."""
    OUT.mkdir(parents=True, exist_ok=True)
    played = OUT / "played.wav"
    if file is None:
        samples = compose()
        write_wav(played, samples)
        return played, samples, None
    kind, rate, channels, bits = wav_format(file)
    if (kind, rate, channels, bits) == (1, RATE, 2, 16):
        played.write_bytes(pathlib.Path(file).read_bytes())
        with wave.open(str(played), "rb") as wav:
            return played, np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, 2), None
    source = OUT / "source.wav"
    source.write_bytes(pathlib.Path(file).read_bytes())
    samples = convert(source)
    write_wav(played, samples)
    return source, samples, f"{rate} Hz, {channels} ch, {bits} bit, converted by ALSA on the way"


# -- showing


class Show:
    """Progress: one line a step; the bar of what plays is redrawn on a terminal only."""

    def __init__(self, began):
        self.began = began
        self.live = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def say(self, text):
        passed = int(time.time() - self.began)
        print(f"[{passed // 60:3}:{passed % 60:02}] {text}"[:79], flush=True)

    def bar(self, done, whole, text):
        filled = int(40 * min(1, done / whole))
        line = f"        |{'#' * filled}{'.' * (40 - filled)}| {text}"[:79]
        if self.live:
            print("\r" + line, end="" if done < whole else "\n", flush=True)
        else:
            print(line, flush=True)


# -- the room


def follow(process, tell, timeout):
    """Passes on what a process of the guest says, as it says it, until it ends: Result."""
    told = 0
    while True:
        if not process.guest.wait_for(lambda: len(process.lines) > told or not process.running,
                                      timeout):
            raise DemoError(f"{process.name} said nothing for {timeout} s")
        for line in process.lines[told:]:
            told += 1
            if line.text.strip():
                tell(line.text.strip())
        if not process.running and told == len(process.lines):
            return process.wait()


def pair(room, speaker, show):
    """The one command: what its user waited for, in the guest's time."""
    show.say("$ echocastctl pair")
    process = room.start(["echocastctl", "pair"], name="pair")
    result = follow(process, lambda text: show.say("  " + text), 120)
    if not result.ok:
        raise DemoError(f"echocastctl pair exited {result.code}")
    audible = speaker.wait_audible()
    speaker.wait_end()
    return {"pair_to_first_sound_s": (audible - process.started_ns) / 1e9,
            "pair_to_first_packet_s": (speaker.stats()["first_ns"] - process.started_ns) / 1e9}


def counters(room, speaker):
    """The stream's own numbers: {name: value}."""
    path = "/org/echocast/speaker/" + speaker.address.replace(":", "_")
    reply = room.run(["busctl", "--json=short", "call", "org.echocast", path,
                      "org.echocast.Stream1", "GetCounters"])
    return json.loads(reply.out)["data"][0] if reply.ok else {}


def play(room, speaker, path, seconds, show):
    """Plays the file as any application would, and shows how much of it has arrived."""
    show.say(f"$ aplay -D echocast {path.name}    ({seconds:.1f} s)")
    speaker.reset_recording()
    aplay = room.play(path)
    whole = seconds * RATE / PACKET_FRAMES
    while not room.guest.wait_for(lambda: not aplay.running, 0.5 if show.live else 2):
        heard = speaker.stats()["packets"]
        show.bar(min(heard, whole - 1), whole, f"{heard * PACKET_FRAMES / RATE:5.1f} s heard")
    result = aplay.wait()
    own = counters(room, speaker)
    speaker.wait_end()
    stats = speaker.stats()
    show.bar(whole, whole, f"{stats['packets']} packets")
    if not result.ok:
        raise DemoError(f"aplay exited {result.code}: {result.err}")
    return stats, own


def in_the_room(room, path, samples, show):
    """From the closed box to what the speaker heard: (report, heard.wav)."""
    from scenario import Standstill
    show.say(f"the room is open (its kernel was up after {room.boot_seconds:.0f} s)")
    room.btvirt(2)
    room.bluetoothd()
    speaker = room.speaker()
    show.say("bluetoothd runs; the speaker is switched on and in pairing mode")
    room.daemon(CONFIG)
    show.say("echocastd runs")
    report = pair(room, speaker, show)
    report["cold_start_to_sound_s"] = time.time() - show.began
    stats, own = Standstill(room).undisturbed(
        lambda: play(room, speaker, path, len(samples) / RATE, show),
        lambda seen: seen[0]["lost"], show.say)
    recording = speaker.recording("heard")
    report.update(packets=stats["packets"], lost=stats["lost"], gaps=stats["gaps"],
                  sent_late=own.get("late"), dropped=own.get("dropped"),
                  own_latency_ms=own.get("own_latency_us", 0) / 1000,
                  own_latency_max_ms=own.get("own_latency_max_us", 0) / 1000,
                  bitpool=stats["bitpool"], rate_hz=stats["rate"])
    return report, recording.wav


# -- comparing


def read_wav(path):
    with wave.open(str(path), "rb") as wav:
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")
        return samples.reshape(-1, wav.getnchannels()) / 32768


def find(played, heard):
    """Where the played begins in the heard: the peak of their cross-correlation."""
    size = 1 << (len(played) + len(heard)).bit_length()
    spectrum = np.fft.rfft(heard.sum(axis=1), size) * np.conj(np.fft.rfft(played.sum(axis=1), size))
    lag = int(np.argmax(np.fft.irfft(spectrum, size)))
    return lag - size if lag > size // 2 else lag


def window(samples, start, length):
    """`length` PCM frames from `start` on; zeros where there are none."""
    out = np.zeros((length, samples.shape[1]))
    first, last = max(0, start), min(len(samples), start + length)
    if first < last:
        out[first - start:last - start] = samples[first:last]
    return out


def extent(samples):
    """How long it sounds: from the first to the last PCM frame above 1 % of the peak."""
    loud = np.abs(samples).max(axis=1)
    above = np.flatnonzero(loud > 0.01 * loud.max())
    return int(above[-1] - above[0] + 1) if len(above) else 0


def compare(played, heard):
    """The verdict on the sound: (figures, the heard laid beside the played)."""
    beside = window(heard, find(played, heard), len(played))
    correlation, level = [], []
    for a, b in zip(played.T, beside.T):
        energy = np.sqrt((a @ a) * (b @ b))
        correlation.append(float(a @ b / energy) if energy else float(a @ a == b @ b))
        level.append(float(10 * np.log10((b @ b) / (a @ a))) if energy else 0.0)
    return {"correlation": min(correlation), "level_db": max(level, key=abs),
            "length_played_frames": extent(played), "length_heard_frames": extent(heard)}, beside


def draw(played, heard, path):
    """Both waveforms, a close look, and what differs, by frequency."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(4, 1, figsize=(12, 13), layout="constrained")
    t = np.arange(len(played)) / RATE
    for axis, channel, side in zip(axes, (0, 1), ("left", "right")):
        axis.plot(t, played[:, channel], color="#1f77b4", lw=0.4, label="played")
        axis.plot(t, heard[:, channel] - 1.2, color="#d9541e", lw=0.4, label="heard (moved down)")
        axis.set(title=f"{side} channel", xlabel="s", xlim=(0, t[-1]), ylim=(-2.2, 1))
        axis.legend(loc="upper right")
    middle = len(played) // 2
    near = slice(middle, min(middle + 1323, len(played)))
    axes[2].plot(1000 * t[near], played[near, 1], color="#1f77b4", lw=2.5, label="played")
    axes[2].plot(1000 * t[near], heard[near, 1], color="#d9541e", lw=1, label="heard")
    axes[2].set(title="30 ms from the middle, right channel", xlabel="ms")
    axes[2].legend(loc="upper right")
    for samples, name, colour in ((played, "played", "#1f77b4"), (heard, "heard", "#d9541e"),
                                  (heard - played, "difference", "#888888")):
        axes[3].semilogx(*spectrum(samples[:, 1]), color=colour, lw=0.8, label=name)
    axes[3].set(title="spectrum, right channel", xlabel="Hz", ylabel="dBFS", xlim=(20, RATE / 2),
                ylim=(-130, 0))
    axes[3].legend(loc="upper right")
    figure.savefig(path, dpi=80)


def spectrum(samples, size=8192):
    """Mean power spectrum, dB over Hz."""
    padded = np.pad(samples, (0, -len(samples) % size)).reshape(-1, size) * np.hanning(size)
    power = (np.abs(np.fft.rfft(padded)) ** 2).mean(axis=0) / (size / 4) ** 2
    return np.fft.rfftfreq(size, 1 / RATE)[1:], 10 * np.log10(power[1:] + 1e-14)


# -- the verdict


def judge(report):
    """[(what, goal, measured, good)], a line each."""
    length = report["length_heard_frames"] - report["length_played_frames"]
    return [
        ("packets lost", "0", str(report["lost"]), report["lost"] == 0),
        ("gaps in their sequence", "0", str(report["gaps"]), report["gaps"] == 0),
        ("correlation heard : played", ">= 0.99", f"{report['correlation']:.5f}",
         report["correlation"] >= 0.99),
        ("level heard : played", "+- 0.5 dB", f"{report['level_db']:+.2f} dB",
         abs(report["level_db"]) <= 0.5),
        ("length heard - played", f"+- {PACKET_FRAMES / RATE * 1000:.1f} ms",
         f"{length / RATE * 1000:+.2f} ms", abs(length) <= PACKET_FRAMES),
    ]


def print_report(report, lines):
    print("\n  Echocast: what the speaker heard\n")
    print(f"    from `pair` to the first sound    {report['pair_to_first_sound_s']:.2f} s")
    print(f"    from this command to it           {report['cold_start_to_sound_s']:.0f} s "
          "(installing and building included)")
    print(f"    music                             {report['seconds']:.2f} s in "
          f"{report['packets']} packets, SBC {report['rate_hz']} Hz, bitpool {report['bitpool']}")
    print(f"    Echocast's own latency            {report['own_latency_ms']:.1f} ms, "
          f"at most {report['own_latency_max_ms']:.1f} ms")
    if report["conversion"]:
        print(f"    your file was {report['conversion']};\n"
              "    heard is compared with what ALSA made of it")
    print(f"\n    {'':34}{'goal':12}{'measured':14}")
    for what, goal, measured, good in lines:
        print(f"    {what:34}{goal:12}{measured:14}{'good' if good else 'NOT GOOD'}")
    print(f"\n  listen to  {OUT.relative_to(TOP)}/heard.wav  (played: played.wav)"
          f"\n  look at    {OUT.relative_to(TOP)}/waveforms.png  and report.json\n")


def in_emulation(file, began):
    from room import Room
    show = Show(began)
    path, samples, conversion = prepare(file)
    with Room("demo", staging=os.environ.get("ECHOCAST_ROOM_STAGE", TOP / "build/stage")) as room:
        report, wav = in_the_room(room, path, samples, show)
    show.say("comparing what was heard with what was played")
    (OUT / "heard.wav").write_bytes(wav.read_bytes())
    played, heard = samples / 32768, read_wav(wav)
    figures, beside = compare(played, heard)
    report.update(figures, seconds=len(samples) / RATE, conversion=conversion)
    draw(played, beside, OUT / "waveforms.png")
    lines = judge(report)
    report["good"] = all(good for *_, good in lines)
    (OUT / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    print_report(report, lines)
    return 0 if report["good"] else 1


# -- the air


def on_the_air(file, began):
    """The same steps on this machine. Nobody here can hear: it reports what was sent."""
    show = Show(began)
    root = [] if os.geteuid() == 0 else ["sudo"]
    path, samples, _ = prepare(file)

    def run(*command, check=True):
        show.say("$ " + " ".join(command))
        return subprocess.run([*root, *command], check=check)

    show.say("installing Echocast on this machine, and starting it")
    run("cmake", "--install", str(TOP / "build/release"))
    run("systemd-sysusers")
    run("modprobe", "snd-aloop", "id=Echocast", "index=-2", "pcm_substreams=2", check=False)
    run("systemctl", "daemon-reload")
    run("systemctl", "reload", "dbus")
    run("systemctl", "restart", "bluetooth", "echocastd")
    show.say("put your speaker into pairing mode now")
    run("echocastctl", "pair")
    run("aplay", "-q", "-D", "echocast", str(path))
    run("echocastctl", "status")
    show.say(f"{len(samples) / RATE:.1f} s of music were sent: did you hear all of it?")
    show.say("to undo: systemctl disable --now echocastd")
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--began", type=float, default=time.time())
    parser.add_argument("--real", action="store_true")
    parser.add_argument("file", nargs="?")
    options = parser.parse_args()
    show = on_the_air if options.real else in_emulation
    try:
        return show(options.file, options.began)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(f"demo: {' '.join(error.cmd)} exited {error.returncode}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
