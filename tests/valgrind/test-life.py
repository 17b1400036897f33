#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
"""One whole life of echocastd under valgrind: start, find, pair, stream, lose, come back, be asked
everything, stop. No error, nothing lost."""

import os
import pathlib
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LOG = pathlib.Path(tempfile.mkdtemp(prefix="echocast-valgrind-"), "log")
os.environ["ECHOCASTD_PLAIN"] = os.environ["ECHOCASTD"]
os.environ["ECHOCASTD"] = str(HERE / "echocastd")
os.environ["VALGRIND_LOG"] = str(LOG)
os.environ["G_SLICE"] = "always-malloc"
os.environ["ECHOCAST_PATIENCE"] = "10"
sys.path.insert(0, str(HERE.parent / "system"))

from harness import OTHER, SPEAKER, main  # noqa: E402


def good(result):
    assert result.code == 0, result


def ask_everything(system):
    """What clients ask while a speaker is connected."""
    for words in (["status"], ["list"], ["info", "default"], ["scan", "--timeout", "2"],
                  ["test-tone", "--ms", "300"]):
        result = system.ctl(*words)
        assert result.code in (0, 3), result
    assert system.ctl("connect", "Nobody").code == 3


def lose_and_regain(system):
    """bluetoothd vanishes and comes back; the speaker is called again."""
    system.bluez.stop()
    system.bluez.start(plug=False)
    system.until_state("connected", timeout=40)


def case_life(system):
    "Start, pair, stream, lose, come back, disconnect, forget, stop: clean under valgrind."
    system.ready()
    good(system.ctl("pair", timeout=120))
    ask_everything(system)
    lose_and_regain(system)
    good(system.ctl("disconnect", timeout=60))
    good(system.ctl("connect", timeout=60))
    good(system.ctl("forget", SPEAKER, timeout=60))
    assert system.ctl("pair", OTHER, "--timeout", "10", timeout=60).code == 3
    code = system.daemon.stop()
    report = LOG.read_text()
    print("".join(f"# {line}\n" for line in report.splitlines()[-12:]))
    assert code == 0 and re.search(r"ERROR SUMMARY: 0 errors", report), f"exit {code}\n{report}"


main(globals())
