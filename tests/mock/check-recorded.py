#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""Holds a conversation with the fake BlueZ and compares what it said with what the real one said.

    check-recorded.py CONVERSATION RECORDED life|broken

Order and words have to be the same, but for what has its own pace on the air or does not exist here:
see DROPPED and FLOATING.
"""

import difflib
import pathlib
import re
import subprocess
import sys

# Nothing a source needs: the speaker's player, values that depend on the machine.
# When we ask is ours, not BlueZ's.
DROPPED = re.compile(r"^> |^player|MediaControl1\.Player|Adapter1\.Class=|GetManagedObjects|"
                     r"Device1\.UUIDs=")
# AVRCP and the service search go on beside the conversation: they have to come, at any place.
FLOATING = re.compile(r"MediaControl1\.Connected=true|ServicesResolved=true|MediaTransport1\.Volume=")


def normal(text):
    """(lines that have their place, those that only have to come)"""
    text = re.sub(r"dev_[0-9A-F_]{17}", "dev", text)
    text = re.sub(r"\b(fd|sep)\d+", r"\1", text)
    text = re.sub(r"(UUIDs=).*", r"\1...", text)
    lines = [line for line in text.splitlines() if not DROPPED.search(line)]
    placed = [line for line in lines if not FLOATING.search(line)]
    # The properties of one signal are a dictionary: they have no order.
    blocks, block = [], []
    for line in placed + [""]:
        if " has " in line:
            block.append(line)
            continue
        blocks += sorted(block)
        block = []
        blocks.append(line)
    floating = {re.sub(r"=\d+$", "=N", line) for line in lines if FLOATING.search(line)}
    return blocks, floating


def main():
    program, recorded, which = sys.argv[1:]
    done = subprocess.run([program, "--fake", which, "00:AA:01:01:00:01"], capture_output=True,
                          text=True, timeout=60, check=False)
    print("1..2")
    sys.stderr.write(done.stderr)
    real, real_floating = normal(pathlib.Path(recorded).read_text())
    fake, fake_floating = normal(done.stdout)
    differences = [line for line in difflib.unified_diff(real, fake, "real", "fake", lineterm="", n=2)]
    for line in differences:
        print("#", line)
    print("not ok" if differences or done.returncode else "ok", "1 - says the same in the same order")
    missing = real_floating - fake_floating
    for line in missing:
        print("# missing:", line)
    print("not ok" if missing else "ok", "2 - says all that comes at its own pace")
    return bool(differences or missing or done.returncode)


sys.exit(main())
