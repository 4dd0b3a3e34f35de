# orch_unit_test(NAME source... LIBS lib...): one Check program a room or file.
# A unit test is read by its sanitizers: the release preset's `all` has none, its target unit_tests has.
# orch_shipped_test(NAME...): it tries what only a build has that ships, so the release part runs it too.
# orch_thread_test(NAME PROGRAM [TAG]): a test whose program has threads; the tsan preset builds and runs it,
# with a tag only its cases that have it (tcase_set_tags).
# orch_fuzz_target(NAME source LIBS lib...): with ORCH_FUZZ a libFuzzer target that starts from
# tests/fuzz/corpus/NAME and runs for a bounded time; without it, a program that replays the corpus,
# so that every preset does.
pkg_check_modules(CHECK IMPORTED_TARGET check)
add_custom_target(unit_tests)
add_custom_target(thread_tests)
add_library(fuzz_replay OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.c)
target_link_libraries(fuzz_replay PRIVATE orch_flags orch_base)
add_custom_target(fuzz_targets)

function(orch_unit_test name)
    cmake_parse_arguments(arg "" "" "LIBS" ${ARGN})
    add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
    target_link_libraries(${name} PRIVATE orch_flags orch_base PkgConfig::CHECK ${arg_LIBS})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${CMAKE_CURRENT_SOURCE_DIR})
    add_test(NAME ${name} COMMAND ${name})
    # Check's own limit of 4 s a case is nothing on a machine that does much else.
    set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 900
        ENVIRONMENT "CK_DEFAULT_TIMEOUT=90;CK_TIMEOUT_MULTIPLIER=3")
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ${ORCH_HARDENED})
    add_dependencies(unit_tests ${name})
endfunction()

function(orch_shipped_test)
    set_tests_properties(${ARGN} PROPERTIES LABELS unit_shipped)
    foreach(name IN LISTS ARGN)
        if(TARGET ${name})
            set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL OFF)
        endif()
    endforeach()
endfunction()

# orch_slow_test(NAME...): over 10 seconds on an idle machine; ./test --changed leaves it out, all of
# ./test begins with it.
function(orch_slow_test)
    set_property(TEST ${ARGN} APPEND PROPERTY LABELS slow)
    set_tests_properties(${ARGN} PROPERTIES COST 100)
endfunction()

function(orch_thread_test name program)
    set_property(TEST ${name} APPEND PROPERTY LABELS threads)
    add_dependencies(thread_tests ${program})
    set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT
        "TSAN_OPTIONS=suppressions=\"${PROJECT_SOURCE_DIR}/tests/tsan.supp\"")
    if(ARGC EQUAL 3 AND ORCH_SANITIZE STREQUAL "thread")
        set_property(TEST ${name} APPEND PROPERTY ENVIRONMENT CK_INCLUDE_TAGS=${ARGV2})
    endif()
endfunction()

# 20,000 inputs or 5 seconds, whichever comes first; what libFuzzer finds stays in the build folder.
function(orch_fuzz_target name source)
    cmake_parse_arguments(arg "" "" "LIBS" ${ARGN})
    set(program ${name}_fuzz)
    set(test ${program}_replay)
    set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    if(ORCH_FUZZ)
        set(test ${program})
        set(found ${CMAKE_CURRENT_BINARY_DIR}/${name}_found)
        file(MAKE_DIRECTORY ${found})
        add_executable(${program} ${source})
        target_compile_options(${program} PRIVATE -fsanitize=fuzzer)
        target_link_options(${program} PRIVATE -fsanitize=fuzzer)
        add_dependencies(fuzz_targets ${program})
        add_test(NAME ${test} COMMAND ${program} -runs=20000 -max_total_time=5 -timeout=10
            -artifact_prefix=${found}- ${found} ${corpus})
    else()
        add_executable(${program} ${source})
        target_link_libraries(${program} PRIVATE fuzz_replay)
        add_test(NAME ${test} COMMAND ${program} ${corpus})
    endif()
    set_tests_properties(${test} PROPERTIES LABELS fuzz TIMEOUT 300 DEPENDS coverage)
    target_link_libraries(${program} PRIVATE orch_flags orch_base ${arg_LIBS})
endfunction()
