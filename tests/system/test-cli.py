#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""What echocastctl says: exit codes with a next step, JSON, 80 columns, nothing for terminals only."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

from harness import CTL, OTHER, PHONE, SPEAKER, main

COMMANDS = ("status", "list", "scan", "pair", "cancel", "connect", "disconnect", "info", "forget",
            "test-tone", "monitor")
EVERY = [["status"], ["list"], ["scan", "--timeout", "1"], ["pair"], ["cancel"], ["connect"],
         ["disconnect"], ["info", SPEAKER], ["forget", SPEAKER], ["test-tone"]]


def has_next_step(result):
    return "next:" in result.err and result.err.startswith("echocastctl: ")


def columns(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1
               for c in line)


def is_plain(text):
    """No escape codes, no carriage returns, nothing beyond the 80th column."""
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text), text
    wide = [line for line in text.splitlines() if columns(line) > 80]
    assert not wide, wide


def case_no_daemon(system):
    "Without echocastd every command has exit code 5, and says how to start it."
    for words in EVERY:
        result = system.ctl(*words)
        assert result.code == 5 and has_next_step(result), (words, result)
        assert "systemctl start echocastd" in result.err, result
        assert not result.out, result
        found = system.ctl("--json", *words)
        assert found.code == 5 and found.json["code"] == "DaemonNotRunning", found


def case_no_bus(system):
    "Without a bus: exit code 5 as well."
    result = system.ctl("status", env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"})
    assert result.code == 5 and has_next_step(result), result


def case_no_bluetoothd(system):
    "Without bluetoothd: what needs it fails with exit code 1 and the way out; what does not works."
    system.daemon.start()
    for words in (["pair"], ["scan", "--timeout", "1"]):
        result = system.ctl(*words)
        assert result.code == 1 and has_next_step(result), (words, result)
        assert "systemctl start bluetooth" in result.err, result
        assert system.ctl("--json", *words).json["code"] == "BluezNotRunning"
    for words in (["status"], ["list"]):
        assert system.ctl(*words).code == 0


def case_no_adapter(system):
    "Without an adapter: the same, with its own word."
    system.bluez.start(plug=False)
    system.daemon.start()
    for words in (["pair"], ["scan", "--timeout", "1"]):
        result = system.ctl(*words, "--json")
        assert result.code == 1 and result.json["code"] == "NoAdapter", (words, result)
        assert has_next_step(system.ctl(*words))


def case_unknown_speaker(system):
    "A name or address that nobody has: exit code 3."
    system.ready()
    for words in (["connect", "Nobody"], ["info", "Nobody"], ["forget", "Nobody"],
                  ["connect", "11:22:33:44:55:66"], ["info", "11:22:33:44:55:66"],
                  ["connect"], ["connect", "default"]):
        result = system.ctl(*words)
        assert result.code == 3 and has_next_step(result), (words, result)
        assert system.ctl("--json", *words).json["code"] == "NotFound", words


def case_ambiguous_name(system):
    "A prefix that two saved speakers have: exit code 3, both named with their addresses."
    system.paired()
    system.bluez.set(SPEAKER, pairing_mode="off")
    system.bluez.speaker(OTHER, "Virtual Radio")
    assert system.ctl("pair", OTHER, "--no-tone").code == 0
    for command in ("connect", "disconnect", "info", "forget"):
        result = system.ctl(command, "virt")
        assert result.code == 3, (command, result)
        assert SPEAKER in result.err and OTHER in result.err, (command, result)
        assert system.ctl(command, "virt", "--json").json["code"] == "Ambiguous", command
    assert system.ctl("info", "VIRTUAL R").code == 0
    assert len(system.ctl("list", "--json").json["speakers"]) == 2


def case_speaker_off(system):
    "A saved speaker that is off: Unreachable, exit code 1, and all that it may be."
    system.paired()
    assert system.ctl("disconnect").code == 0
    system.bluez.set(SPEAKER, power="off")
    result = system.ctl("connect")
    assert result.code == 1 and has_next_step(result), result
    assert system.ctl("connect", "--json").json["code"] == "Unreachable"


def case_speaker_busy(system):
    "A speaker that turns us away, busy with a phone perhaps: a word and a next step."
    system.paired()
    assert system.ctl("disconnect").code == 0
    system.bluez.set(SPEAKER, connect="refuses")
    result = system.ctl("connect")
    assert result.code in (1, 7) and has_next_step(result), result


def case_timeout(system):
    "connect --timeout: exit code 4 when it is over."
    system.paired()
    assert system.ctl("disconnect").code == 0
    system.bluez.command("time", "connecting", "60000")
    result = system.ctl("connect", "--timeout", "1")
    assert result.code == 4 and 0.5 < result.seconds < 5, result
    assert has_next_step(result), result


def case_usage(system):
    "What cannot be meant: exit code 2, nothing on stdout, and the nearest command for a typing error."
    system.ready()
    for words in (["paier"], ["status", "--nonsense"], ["pair", "a", "b"], ["pair", "--timeout", "x"],
                  ["test-tone", "--freq", "5"], ["test-tone", "--channel", "middle"], ["forget"]):
        result = system.ctl(*words)
        assert result.code == 2 and result.err and not result.out, (words, result)
    assert "pair" in system.ctl("paier").err


def case_help(system):
    "Help for every command, within 80 columns, without a daemon."
    overview = system.ctl("--help")
    assert overview.code == 0 and not overview.err, overview
    is_plain(overview.out)
    for command in COMMANDS:
        assert command in overview.out, command
        text = system.ctl(command, "--help")
        assert text.code == 0 and command in text.out, text
        is_plain(text.out)
    version = system.ctl("--version")
    assert version.code == 0 and re.search(r"\d+\.\d+", version.out), version


def case_plain_output(system):
    "What is no terminal gets no escape codes and no stray control characters, whatever the names."
    system.paired(name="Ein sehr langer Name für einen Lautsprecher, der in keine Spalte passt")
    system.bluez.speaker(OTHER, "寝室のスピーカー" * 4)
    system.bluez.phone(PHONE, "evil\x1b[31m\nname\t\x07")
    results = [system.ctl(*words) for words in
               (["status"], ["list"], ["info", SPEAKER], ["scan", "--timeout", "1", "--all"],
                ["test-tone", "--ms", "100"], ["pair", PHONE], ["connect", "Nobody"], ["disconnect"],
                ["connect"], [])]
    for result in results:
        for text in (result.out, result.err):
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text), text
    for table in results[1], results[3]:
        is_plain(table.out)
    assert OTHER in results[3].out and PHONE in results[3].out, results[3]
    assert results[3].out.count("evil") == 1, results[3]


def case_eighty_columns(system):
    "On a terminal of 80 columns no line is longer than that."
    system.ready(name="JBL Flip 6 in der Küche oben")
    for words in (["scan", "--timeout", "1"], ["pair", "--no-tone"], ["status"], ["list"], ["info"],
                  ["test-tone", "--ms", "100"], ["disconnect"], ["connect"]):
        shown = run_on_terminal(system, words, {"TERM": "xterm", "NO_COLOR": "1"})
        lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r", "\n")
        is_plain(lines)


def case_json(system):
    "One object for each command; the keys are the D-Bus properties in snake case."
    system.paired()
    status = system.status()
    for key in ("version", "role", "adapter", "adapter_alias", "adapter_state", "scanning", "pairing",
                "pairing_deadline", "active_speaker", "default_speaker", "loopback_state",
                "player_active", "headline", "reason", "detail", "advice"):
        assert key in status, key
    assert status["role"] == "a2dp-source"
    saved = system.ctl("list", "--json").json["speakers"]
    assert [speaker["address"] for speaker in saved] == [SPEAKER]
    info = system.ctl("info", SPEAKER, "--json").json
    for key in ("address", "name", "state", "reason", "detail", "advice", "rung", "kind", "saved",
                "bonded", "default", "rssi", "class", "last_used"):
        assert key in info, key
    assert info["saved"] is True and info["bonded"] is True and info["kind"] == "speaker", info
    stream = info["stream"]
    assert stream["codec"] == "SBC" and stream["rate_hz"] == 44100 and stream["mtu"] == 672, stream
    assert stream["bitpool"] == 53 and stream["frames_per_packet"] == 5, stream
    assert stream["counters"]["packets"] >= 0, stream
    scan = system.ctl("scan", "--timeout", "1", "--json").json
    assert isinstance(scan, dict), scan


def case_scan(system):
    "scan shows speakers in reach with their signal, --all also others; it ends with the inquiry off."
    system.ready(rssi="-88")
    system.bluez.phone()
    result = system.ctl("scan", "--timeout", "2")
    assert result.code == 0 and SPEAKER in result.out and "-88" in result.out, result
    assert "closer" in result.out and PHONE not in result.out, result
    assert PHONE in system.ctl("scan", "--timeout", "2", "--all").out
    system.until(lambda: not system.bluez.state()["discovering"], "the inquiry to end")
    assert system.ctl("list", "--json").json["speakers"] == []


def case_scan_interrupted(system):
    "Ctrl-C ends a scan well: exit code 0, the inquiry off. So does the end of its process."
    system.ready()
    for number, code in ((signal.SIGINT, 0), (signal.SIGKILL, -9)):
        scan = system.start_ctl("scan", "--timeout", "100")
        scan.wait_line(SPEAKER)
        scan.send(number)
        assert scan.wait() == code, scan.errors
        system.until(lambda: not system.bluez.state()["discovering"], "the inquiry to end")


def case_monitor(system):
    "monitor: a line a change, the daemon's end and its return included; Ctrl-C: exit code 0."
    system.bluez.start()
    system.bluez.speaker()
    system.daemon.start()
    text = system.start_ctl("monitor")
    objects = system.start_ctl("monitor", "--json")
    for monitor in (text, objects):
        monitor.wait_line(".")
    assert system.ctl("pair", "--no-tone").code == 0
    for monitor in (text, objects):
        monitor.wait_line("connected")
    system.daemon.stop()
    lines = len(text.lines)
    system.daemon.start()
    system.until(lambda: len(text.lines) > lines, "monitor to see the new daemon")
    for monitor in (text, objects):
        monitor.send(signal.SIGINT)
        assert monitor.wait() == 0, monitor.errors
    assert all(isinstance(json.loads(line), dict) for line in objects.lines)
    assert "\x1b" not in "".join(text.lines)
    assert any("progress scanning" in line for line in text.lines), text.lines
    assert not any("00_00_00" in line for line in text.lines + objects.lines), text.lines


def case_terminal(system):
    "On a terminal the progress is live, NO_COLOR and TERM=dumb are kept, and the result is the same."
    system.ready()
    for variables, escapes in (({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False)):
        shown = run_on_terminal(system, ["status"], variables)
        assert escapes or "\x1b" not in shown, shown
        assert "Echocast" in shown, shown
    shown = run_on_terminal(system, ["status"], {"TERM": "xterm", "NO_COLOR": "1"})
    assert not re.search(r"\x1b\[[0-9;]*m", shown), shown
    shown = run_on_terminal(system, ["pair", "--no-tone"], {"TERM": "xterm"})
    assert "Paired with" in shown, shown


def run_on_terminal(system, words, variables):
    """Everything that echocastctl writes to a terminal until it ends."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen([CTL, *words], env={**system.env, **variables}, stdin=theirs,
                               stdout=theirs, stderr=theirs, cwd="/")
    os.close(theirs)
    shown, deadline = b"", time.monotonic() + 30
    while time.monotonic() < deadline and select.select([ours], [], [], 30)[0]:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other end is closed: all is read
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert process.wait(30) == 0, shown
    return shown.decode(errors="replace")


main(globals())
