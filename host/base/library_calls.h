/* library_calls.h -- the functions of a library that is loaded by who needs it (library.h), under
 * their own names: callers are as if it were linked.
 *
 *     #define FUNCTIONS(RETURNS, GIVES, RELEASES) RETURNS(int, pq_thing, (int a), (a)) ...
 *     LIBRARY_CALLS(FUNCTIONS, pq_load)
 *
 * makes each function, and `functions`, the table for library_load. RETURNS(type, name, parameters,
 * arguments); GIVES the same without a type, for void; RELEASES(name, type), which takes NULL, and
 * is called with it where the library could not be loaded. load(NULL) is called by a function whose
 * library is not there: who wants to hear that it cannot be loaded has asked before. */
#ifndef ORCH_BASE_LIBRARY_CALLS_H
#define ORCH_BASE_LIBRARY_CALLS_H

#include "base/library.h"

#include <assert.h>

/* Not for other libraries: a library's own calls of these names stay its own. */
#define LIBRARY_OURS __attribute__((visibility("hidden")))

#define LIBRARY_RETURNS_POINTER(type, name, parameters, arguments)                                 \
    static type(*own_##name) parameters;
#define LIBRARY_GIVES_POINTER(name, parameters, arguments) static void(*own_##name) parameters;
#define LIBRARY_RELEASES_POINTER(name, type) static void (*own_##name)(type);

#define LIBRARY_RETURNS_CALL(type, name, parameters, arguments)                                    \
    LIBRARY_OURS type name parameters                                                              \
    {                                                                                              \
        need((void *)&own_##name);                                                                 \
        return own_##name arguments;                                                               \
    }
#define LIBRARY_GIVES_CALL(name, parameters, arguments)                                            \
    LIBRARY_OURS void name parameters                                                              \
    {                                                                                              \
        need((void *)&own_##name);                                                                 \
        own_##name arguments;                                                                      \
    }
#define LIBRARY_RELEASES_CALL(name, type)                                                          \
    LIBRARY_OURS void name(type p)                                                                 \
    {                                                                                              \
        if (own_##name != NULL)                                                                    \
            own_##name(p);                                                                         \
    }

#define LIBRARY_RETURNS_ROW(type, name, parameters, arguments) {#name, (void *)&own_##name},
#define LIBRARY_GIVES_ROW(name, parameters, arguments) {#name, (void *)&own_##name},
#define LIBRARY_RELEASES_ROW(name, type) {#name, (void *)&own_##name},

#define LIBRARY_POINTERS(FUNCTIONS, load)                                                          \
    FUNCTIONS(LIBRARY_RETURNS_POINTER, LIBRARY_GIVES_POINTER, LIBRARY_RELEASES_POINTER)            \
    static void need(void *const *function)                                                        \
    {                                                                                              \
        bool there = *function != NULL || load(NULL);                                              \
                                                                                                   \
        assert(there);                                                                             \
    }
#define LIBRARY_CALLS(FUNCTIONS, load)                                                             \
    LIBRARY_POINTERS(FUNCTIONS, load)                                                              \
    FUNCTIONS(LIBRARY_RETURNS_CALL, LIBRARY_GIVES_CALL, LIBRARY_RELEASES_CALL)                     \
    static const struct library_function functions[] = {                                           \
        FUNCTIONS(LIBRARY_RETURNS_ROW, LIBRARY_GIVES_ROW, LIBRARY_RELEASES_ROW)};

#endif
