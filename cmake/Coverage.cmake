# orch_coverage_test(PERCENT "PLACE..." FOLDER...): test `coverage` fails when a folder's lines are covered less by
# the tests below these places. It runs after those that were chosen of them, and all others that could count
# run after it (a test's DEPENDS only orders).
function(orch_tests_below folder ret)
    get_property(found DIRECTORY ${folder} PROPERTY TESTS)
    get_property(children DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
    foreach(child IN LISTS children)
        orch_tests_below(${child} more)
        list(APPEND found ${more})
    endforeach()
    set(${ret} ${found} PARENT_SCOPE)
endfunction()

function(orch_coverage_test percent places)
    foreach(place IN LISTS places)
        orch_tests_below(${CMAKE_CURRENT_SOURCE_DIR}/${place} more)
        list(APPEND counted ${more})
    endforeach()
    list(FILTER counted EXCLUDE REGEX "_fuzz")
    add_test(NAME coverage COMMAND /usr/bin/python3 ${PROJECT_SOURCE_DIR}/tests/house/coverage.py
        ${PROJECT_BINARY_DIR} ${percent} ${ARGN})
    set_tests_properties(coverage PROPERTIES LABELS coverage TIMEOUT 300 DEPENDS "${counted}")
    # What an earlier run covered does not count: built before the tests run.
    add_custom_target(coverage_clear
        COMMAND find ${PROJECT_BINARY_DIR} -name "*.gcda" -delete VERBATIM)
endfunction()
