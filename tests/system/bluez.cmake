# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors

# No test, a tool: what bluetoothd really does, step by step.
add_executable(bluez-probe bluez-probe.c)
target_link_libraries(bluez-probe PRIVATE bluez a2dp base)
