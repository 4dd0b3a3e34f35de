# orch_fault_shim(TARGET): its system calls ask tests/faults/shim.c first.
set(ORCH_FAULTS ${CMAKE_CURRENT_LIST_DIR} CACHE INTERNAL "")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ORCH_FAULTS}/calls.def)

function(orch_fault_shim target)
    file(STRINGS ${ORCH_FAULTS}/calls.def calls REGEX "^CALL")
    list(TRANSFORM calls REPLACE "^CALL\\([^,]+, [^,]+, ([a-z0-9_]+),.*" "\\1")
    list(APPEND calls fcntl fork ioctl open openat prctl pthread_create send sendmsg
        syscall write)
    list(JOIN calls ",--wrap=" wraps)
    target_sources(${target} PRIVATE ${ORCH_FAULTS}/page.c ${ORCH_FAULTS}/shim.c)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_options(${target} PRIVATE -Wl,--wrap=${wraps})
endfunction()
