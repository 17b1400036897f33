# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors

echocast_unit_test(sbc-config a2dp)
echocast_unit_test(encoder a2dp)
echocast_unit_test(packetiser a2dp)
echocast_unit_test(pacer a2dp)
echocast_unit_test(peer a2dp)
echocast_unit_test(stream-stats a2dp Threads::Threads)
