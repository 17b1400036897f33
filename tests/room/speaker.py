#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""The virtual speaker, as a test sees it: a handle on the `speaker` program in the guest.

Every command is answered; what happens by itself (a connection, the first packet…) is an event.
Times are the guest's CLOCK_MONOTONIC in ns.
"""

import json
import pathlib

from guest import RoomError, RoomTimeout


class Speaker:
    """Made by Room.speaker(); `address`, `name`, `index`, and the commands below.

    events   list of dicts, all that happened so far, in order ("event": what, "t": when):
             ready, gone (its adapter vanished), device-connected, device-disconnected,
             configured (codec configuration as hex), cleared, state (the transport's: idle,
             pending, active), acquired (mtu), released, first-packet, audible (the first packet
             whose sound is above -50 dBFS), packets (the count asked for by wait_packets()),
             volume, stream-end.
    """

    def __init__(self, room, process, index, name, directory):
        self.room = room
        self.process = process
        self.index = index
        self.name = name
        self.directory = directory
        self.address = None
        self.events = []
        self._replies = []
        self._read = 0
        self._cursor = 0

    # -- reading what it says; called with the guest's lock held

    def _take(self):
        for line in self.process.lines[self._read:]:
            if line.stream == "out" and line.text.startswith("{"):
                message = json.loads(line.text)
                (self.events if "event" in message else self._replies).append(message)
        self._read = len(self.process.lines)

    def _wait(self, ready, timeout, what):
        def check():
            self._take()
            return ready() or not self.process.running

        if not self.room.guest.wait_for(check, timeout):
            raise RoomTimeout(f"{self.process.name}: no {what} within {timeout} s; "
                              f"last events: {self.events[-5:]}")
        if not self.process.running and not ready():
            raise RoomError(f"{self.process.name} ended ({self.process.code}):\n"
                            f"{self.process.err()[-2000:]}")

    def wait_event(self, event, timeout=30, **fields):
        """Waits for an event after the last one waited for; `fields` must match: the event."""
        found = None

        def ready():
            nonlocal found
            while found is None and self._cursor < len(self.events):
                candidate = self.events[self._cursor]
                self._cursor += 1
                if candidate["event"] == event and fields.items() <= candidate.items():
                    found = candidate
            return found is not None

        self._wait(ready, timeout, f"event {event} {fields or ''}")
        return found

    def skip_events(self):
        """Lets wait_event() look only at what happens from now on."""
        self.command("ping")
        self._cursor = len(self.events)

    def seen(self, event):
        """All events of that kind so far."""
        self.room.guest.wait_for(lambda: self._take() or True, 1)
        return [e for e in self.events if e["event"] == event]

    def command(self, line, timeout=30, check=True):
        """Sends one command line, gives the reply: {"reply": command, "ok": bool, …}."""
        before = len(self._replies)
        self.process.write(line + "\n")
        self._wait(lambda: len(self._replies) > before, timeout, f"reply to '{line}'")
        reply = self._replies[before]
        if check and not reply["ok"]:
            raise RoomError(f"{self.process.name}: {line}: {reply.get('error')}")
        return reply

    # -- its switches

    def off(self):
        """Switches it off: links drop, nobody finds or reaches it."""
        return self.command("off")

    def on(self):
        return self.command("on")

    def connectable(self, on):
        """Off: powered, but answers no page (as if in deep standby or taken by a phone)."""
        return self.command(f"connectable {'on' if on else 'off'}")

    def discoverable(self, on):
        return self.command(f"discoverable {'on' if on else 'off'}")

    def pairable(self, on):
        """Off: it refuses new bonds (not in pairing mode)."""
        return self.command(f"pairable {'on' if on else 'off'}")

    def forget(self):
        """Forgets all its bonds, as a factory reset does."""
        return self.command("forget")

    def caps(self, hexadecimal):
        """Offers other SBC capabilities, e.g. "ffff0235"; not while it is connected."""
        return self.command(f"caps {hexadecimal}")

    # -- its faults

    def reject_configuration(self, count=1):
        """Refuses the next `count` configurations."""
        return self.command(f"reject-configuration {count}")

    def no_answer(self, count=1):
        """Never answers the next `count` configurations."""
        return self.command(f"no-answer {count}")

    def stop_reading(self):
        """Keeps the transport but reads nothing from it."""
        return self.command("stop-reading")

    def resume_reading(self):
        return self.command("resume-reading")

    def suspend(self):
        """Sends AVDTP SUSPEND."""
        return self.command("suspend")

    def start(self):
        """Sends AVDTP START (only while suspended)."""
        return self.command("start")

    def abort(self):
        """Sends AVDTP ABORT: the stream is gone, the link stays."""
        return self.command("abort")

    def drop_link(self):
        """Cuts the link to whoever is connected, at once."""
        return self.command("drop-link")

    def disconnect(self):
        """Leaves politely: profiles first, then the link."""
        return self.command("disconnect")

    def connect(self):
        """Calls its last source by itself, as speakers do when switched on."""
        return self.command("connect", timeout=60)

    # -- its buttons

    def button(self, name):
        """play pause stop next previous volume-up volume-down fast-forward rewind"""
        return self.command(f"button {name}")

    def volume(self, value):
        """Turns its knob: 0..127."""
        return self.command(f"volume {value}")

    def delay(self, tenths_ms):
        """Reports a delay (BlueZ 5.66 has no way to: the reply says so)."""
        return self.command(f"delay {tenths_ms}", check=False)

    # -- what it heard

    def stats(self):
        """Counters of this recording, a dict:

        packets lost late gaps bytes frames pcm_frames first_ns audible_ns last_ns max_late_us
        rate channels bitpool peak_db rms_db (per channel, lists) histogram ({"5": packets with
        five SBC frames}) bad (packets that are no RTP/SBC) volume state
        """
        return self.command("stats")

    def reset_recording(self):
        """Begins a new recording: counters, WAV, frames and packet log."""
        return self.command("reset-recording")

    def wait_audible(self, timeout=30):
        """Waits until this recording holds sound above -50 dBFS: its time in ns."""
        return self.wait_event("audible", timeout)["t"]

    def wait_packets(self, count, timeout=60):
        """Waits until this recording holds `count` packets: the event."""
        self.command(f"notify-packets {count}")
        return self.wait_event("packets", timeout)

    def wait_end(self, timeout=30):
        """Waits until no packet has come for half a second (the end of a stream)."""
        return self.wait_event("stream-end", timeout)

    def recording(self, name=None):
        """Closes what was heard so far and copies it to the results: Recording."""
        reply = self.command("flush")
        stem = name or f"speaker{self.index}"
        paths = {}
        for kind, suffix in (("wav", "wav"), ("sbc", "sbc"), ("log", "csv")):
            paths[kind] = self.room.results / f"{stem}.{suffix}"
        self.room.run(" && ".join(f"cp '{reply[kind]}' '{path}'" for kind, path in paths.items()),
                      check=True)
        return Recording(**paths)


class Recording:
    """Files on the host. wav: what was decoded; sbc: the frames as they came, back to back;
    log: CSV, a line a packet: arrival_ns,sequence,timestamp,frames,bytes."""

    def __init__(self, wav, sbc, log):
        self.wav = pathlib.Path(wav)
        self.sbc = pathlib.Path(sbc)
        self.log = pathlib.Path(log)

    def packets(self):
        """The log as a list of dicts of integers."""
        header, *lines = self.log.read_text().splitlines()
        keys = header.split(",")
        return [dict(zip(keys, map(int, line.split(",")))) for line in lines]
