# orch_add_plugin(NAME source...): NAME.so with the flags that the load gate asks for: hidden
# symbols but one, everything bound at load, no writable relocations, no executable stack, nothing
# undefined, compiler runtimes linked in.
function(orch_add_plugin name)
    add_library(${name} MODULE ${ARGN})
    target_link_libraries(${name} PRIVATE orch::sdk -Wl,--push-state,--as-needed m -Wl,--pop-state)
    set_target_properties(${name} PROPERTIES
        PREFIX "" SUFFIX ".so"
        POSITION_INDEPENDENT_CODE ON
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        BUILD_RPATH "" INSTALL_RPATH "" SKIP_BUILD_RPATH ON
        LINK_DEPENDS ${ORCH_SDK_VERSION_SCRIPT})
    target_link_options(${name} PRIVATE
        -Wl,-z,now,-z,relro,-z,noexecstack,-z,defs -Wl,--exclude-libs,ALL -static-libgcc
        $<$<LINK_LANGUAGE:CXX>:-static-libstdc++>
        -Wl,--version-script=${ORCH_SDK_VERSION_SCRIPT})
endfunction()
