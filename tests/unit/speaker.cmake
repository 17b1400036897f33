# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors

foreach(name speaker reconnect search)
  echocast_unit_test(${name} speaker)
endforeach()
