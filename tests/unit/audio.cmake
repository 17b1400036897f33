# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (C) 2026 The Echocast authors

# The engine's two seams: a clock that the test moves, a loopback without a sound card.
set(AUDIO_MOCK ${CMAKE_CURRENT_LIST_DIR}/../mock)
add_library(audio-fakes STATIC ${AUDIO_MOCK}/clock-fake.c ${AUDIO_MOCK}/capture-fake.c)
target_include_directories(audio-fakes PUBLIC ${AUDIO_MOCK})
target_link_libraries(audio-fakes PUBLIC base a2dp Threads::Threads)

# All called unit.audio.…: that is what runs under ThreadSanitizer, too.
function(audio_unit_test name)
  add_executable(test-${name} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/test-${name}.c)
  target_link_libraries(test-${name} PRIVATE audio-core audio-fakes)
  add_test(NAME unit.audio.${name} COMMAND test-${name} --tap)
  set_tests_properties(unit.audio.${name} PROPERTIES LABELS unit TIMEOUT 120)
endfunction()

foreach(test engine media-clock stream mailbox sender tone-source)
  audio_unit_test(${test})
endforeach()
if(NOT ECHOCAST_SANITIZE) # the sanitizers bring their own malloc
  audio_unit_test(audio-allocation)
endif()
