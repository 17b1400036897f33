#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""Who may what: everybody reads; only root and the group audio change something, and everybody else
is told the group. On the real bus with the installed policy."""

from scenario import BUS, MANAGER, open_up, pair, run, speaker_path

CHANGES = [("StartScan", "a{sv}", "0"), ("StopScan",), ("Pair", "sa{sv}", "", "0"),
           ("CancelPairing",), ("Connect", "s", ""), ("Disconnect", "s", ""), ("Forget", "s", "x"),
           ("TestTone", "sa{sv}", "", "0")]
SPEAKER_CHANGES = [("Connect",), ("Disconnect",), ("Forget",)]
COMMANDS = [["scan"], ["pair"], ["cancel"], ["connect"], ["disconnect"], ["forget", "Room"],
            ["test-tone"]]


def call(room, user, path, interface, method, *arguments):
    return room.run(["busctl", "call", BUS, path, f"{BUS}.{interface}", method, *arguments],
                    user=user)


def denied(reply):
    return not reply.ok and "audio" in reply.err


def refused(room, figures, path):
    """Everything that changes something, as a stranger."""
    for method in CHANGES:
        reply = call(room, "stranger", MANAGER, "Manager1", *method)
        figures.add(f"a stranger's Manager1.{method[0]}", "AccessDenied, names audio",
                    reply.err.strip() or "done", denied(reply))
    for method in SPEAKER_CHANGES:
        reply = call(room, "stranger", path, "Speaker1", *method)
        figures.add(f"a stranger's Speaker1.{method[0]}", "AccessDenied, names audio",
                    reply.err.strip() or "done", denied(reply))
    for command in COMMANDS:
        result = room.ctl(*command, user="stranger")
        figures.add(f"a stranger's echocastctl {command[0]}", "exit 6, names audio",
                    f"exit {result.code}: {result.err.strip()}",
                    result.code == 6 and "audio" in result.err)


def readable(room, figures, path):
    for command in ([], ["status"], ["list"], ["info", "Room"], ["--json", "status"]):
        result = room.ctl(*command, user="stranger")
        figures.add(f"a stranger's echocastctl {' '.join(command)}", "exit 0",
                    f"exit {result.code} {result.err.strip()}", result.ok)
    reply = call(room, "stranger", path, "Stream1", "GetCounters")
    figures.add("a stranger's GetCounters", "answered", "answered" if reply.ok else reply.err,
                reply.ok)


def scenario(room, figures):
    room.run("useradd stranger && useradd -G audio member", check=True)
    speaker, _ = open_up(room, fresh=False)
    pair(room, "--no-tone")
    path = speaker_path(speaker)
    readable(room, figures, path)
    refused(room, figures, path)
    result = room.ctl("disconnect", user="member")
    figures.add("disconnect by a member of audio", "exit 0", f"exit {result.code} {result.err}",
                result.ok)
    result = room.ctl("connect", user="member")
    figures.add("connect by a member of audio", "exit 0", f"exit {result.code} {result.err}",
                result.ok)


run(scenario)
