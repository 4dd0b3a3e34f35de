# orch_unit_test(NAME source... LIBS lib...): one Check program a module.
# orch_fuzz_target(NAME source LIBS lib...): libFuzzer target with ORCH_FUZZ; without it, a program
# that replays tests/fuzz/corpus/NAME, registered as a test so that every preset replays it.
pkg_check_modules(CHECK IMPORTED_TARGET check)

function(orch_unit_test name)
    cmake_parse_arguments(arg "" "" "LIBS" ${ARGN})
    add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
    target_link_libraries(${name} PRIVATE orch_flags orch_base PkgConfig::CHECK ${arg_LIBS})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 120)
endfunction()

function(orch_fuzz_target name source)
    cmake_parse_arguments(arg "" "" "LIBS" ${ARGN})
    set(corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    if(ORCH_FUZZ)
        add_executable(${name}_fuzz ${source})
        target_compile_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
        target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
    else()
        add_executable(${name}_fuzz ${source} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.c)
        add_test(NAME ${name}_fuzz_replay COMMAND ${name}_fuzz ${corpus})
        set_tests_properties(${name}_fuzz_replay PROPERTIES LABELS fuzz TIMEOUT 120)
    endif()
    target_link_libraries(${name}_fuzz PRIVATE orch_flags orch_base ${arg_LIBS})
endfunction()
