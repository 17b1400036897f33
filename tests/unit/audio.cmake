# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors

# The engine's two seams: a clock that the test moves, a loopback without a sound card.
set(AUDIO_MOCK ${CMAKE_CURRENT_LIST_DIR}/../mock)
add_library(audio-fakes STATIC ${AUDIO_MOCK}/clock-fake.c ${AUDIO_MOCK}/capture-fake.c)
target_include_directories(audio-fakes PUBLIC ${AUDIO_MOCK})
target_link_libraries(audio-fakes PUBLIC base Threads::Threads)

echocast_unit_test(engine audio-core audio-fakes)
echocast_unit_test(mailbox audio-core)
echocast_unit_test(sender audio-core)
echocast_unit_test(tone-source audio-core)
if(NOT ECHOCAST_SANITIZE) # the sanitizers bring their own malloc
  echocast_unit_test(audio-allocation audio-core audio-fakes)
endif()
