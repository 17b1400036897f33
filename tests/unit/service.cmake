# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors

echocast_unit_test(wish service)
echocast_unit_test(config service)
target_compile_definitions(test-config PRIVATE
                           SHIPPED_CONFIG="${CMAKE_CURRENT_LIST_DIR}/../../conf/echocast.conf")
echocast_unit_test(record-file service)
echocast_unit_test(store service)
echocast_unit_test(service service)
# The same on a bus with the policy as shipped, and clients that are not root.
echocast_unit_test(access service)
target_compile_definitions(test-access PRIVATE
                           SHIPPED_POLICY="${CMAKE_CURRENT_LIST_DIR}/../../conf/org.echocast.conf")
