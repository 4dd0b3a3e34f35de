/* library.h -- a library of the system that is loaded by who needs it, not by every program that
 * might.
 *
 * A program that links a library has its pages, and those of all that it links in turn, from its
 * start on. Who loads one gives a table of the functions that it wants; each is called through the
 * pointer that is filled in. The library is found where the system's loader finds any other. */
#ifndef ORCH_BASE_LIBRARY_H
#define ORCH_BASE_LIBRARY_H

#include "base/err.h"

#include <stddef.h>

struct library_function {
    const char *name;
    void *to; /* a pointer to a function, of the type that its header says */
};

/* Loads soname and fills all pointers in; none, when one of them is missing. ERR_UNSUPPORTED.
 * Any thread; the caller orders calls for one library. *ret is for library_unload. */
bool library_load(const char *soname, const struct library_function *functions, size_t count,
                  void **ret, struct err *e) must_check;
/* No function of it is called any more. Its memory is given back, but for what it holds itself. */
void library_unload(void *library);

#endif
