# orch_flags: what every target of ours is compiled with.
# Assertions state our own rules and stay in every build (STYLE 14).
foreach(language IN ITEMS C CXX)
    foreach(type IN ITEMS RELEASE RELWITHDEBINFO MINSIZEREL)
        string(REPLACE "-DNDEBUG" "" CMAKE_${language}_FLAGS_${type} "${CMAKE_${language}_FLAGS_${type}}")
    endforeach()
endforeach()

# Position-independent code is compiled everywhere; this links it as such, whatever the compiler's
# own default is.
include(CheckPIESupported)
check_pie_supported()

add_library(orch_flags INTERFACE)
target_compile_options(orch_flags INTERFACE
    -Wall -Wextra -Wformat=2 -Wshadow -Wundef -Wpointer-arith -Wwrite-strings
    -Wvla -fno-common -fno-strict-aliasing
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition>
    $<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond>
    $<$<C_COMPILER_ID:Clang>:-Wno-gnu-statement-expression>)
target_compile_definitions(orch_flags INTERFACE _GNU_SOURCE ORCH_VERSION="${PROJECT_VERSION}")

# Beside a sanitizer gcc no longer sees how far a number goes; the release build judges that.
if(ORCH_SANITIZE)
    target_compile_options(orch_flags INTERFACE -fsanitize=${ORCH_SANITIZE} -fno-omit-frame-pointer
        -fno-sanitize-recover=all $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>)
    target_link_options(orch_flags INTERFACE -fsanitize=${ORCH_SANITIZE})
endif()

if(ORCH_COVERAGE)
    # Threads count in the same places.
    target_compile_options(orch_flags INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(orch_flags INTERFACE --coverage)
endif()

if(ORCH_HARDENED)
    target_compile_options(orch_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
        -fstack-protector-strong -fstack-clash-protection
        $<$<AND:$<COMPILE_LANGUAGE:C>,$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>>:-fcf-protection>)
    target_link_options(orch_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
