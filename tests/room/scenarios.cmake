# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors
#
# The scenario tests: the staged release build in the room, a guest each. tests/run prepares what
# they need (build/stage, the kernel) and calls them; by hand: tests/run room.

# room_scenario(NAME [MEASURES] [SECONDS n] [ARGUMENTS…]): tests/room/test-NAME.py. MEASURES: figures
# that another guest on the same machine would disturb, so it runs alone.
function(room_scenario name script)
  cmake_parse_arguments(ARG "MEASURES" "SECONDS" "ARGUMENTS" ${ARGN})
  add_test(NAME room.${name}
           COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/test-${script}.py ${ARG_ARGUMENTS})
  set_tests_properties(room.${name} PROPERTIES LABELS room TIMEOUT ${ARG_SECONDS})
  if(ARG_MEASURES)
    set_tests_properties(room.${name} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()

room_scenario(pair-seeded pair MEASURES SECONDS 1800 ARGUMENTS seeded)
room_scenario(pair-unseeded pair MEASURES SECONDS 1200 ARGUMENTS unseeded)
room_scenario(packets packets MEASURES SECONDS 900)
room_scenario(bit-exact bit-exact MEASURES SECONDS 400)
room_scenario(formats formats MEASURES SECONDS 400)
room_scenario(restart restart MEASURES SECONDS 900)
room_scenario(idle idle SECONDS 500)
room_scenario(cli cli SECONDS 600)
room_scenario(access access SECONDS 300)
room_scenario(systemd systemd SECONDS 900)

# The show itself; tests/demo only installs and builds before it.
add_test(NAME room.demo COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/../demo.py)
set_tests_properties(room.demo PROPERTIES LABELS room TIMEOUT 300 RUN_SERIAL ON)
