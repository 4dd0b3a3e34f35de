# orch_coverage_test(PERCENT folder...): test `coverage` fails when a folder's lines are covered less.
# It runs after every other test that was chosen (a test's DEPENDS only orders).
function(orch_tests_below folder ret)
    get_property(found DIRECTORY ${folder} PROPERTY TESTS)
    get_property(children DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
    foreach(child IN LISTS children)
        orch_tests_below(${child} more)
        list(APPEND found ${more})
    endforeach()
    set(${ret} ${found} PARENT_SCOPE)
endfunction()

function(orch_coverage_test percent)
    orch_tests_below(${CMAKE_CURRENT_SOURCE_DIR} all_tests)
    add_test(NAME coverage COMMAND /usr/bin/python3 ${PROJECT_SOURCE_DIR}/tests/house/coverage.py
        ${PROJECT_BINARY_DIR} ${percent} ${ARGN})
    set_tests_properties(coverage PROPERTIES LABELS coverage TIMEOUT 300 DEPENDS "${all_tests}")
    # What an earlier run covered does not count: built before the tests run.
    add_custom_target(coverage_clear
        COMMAND find ${PROJECT_BINARY_DIR} -name "*.gcda" -delete VERBATIM)
endfunction()
