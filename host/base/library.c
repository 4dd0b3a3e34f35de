/* library.c -- see library.h. */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

/* In one line. */
static bool fail(const char *soname, struct err *e)
{
    const char *why = dlerror();

    return err_set(e, ERR_UNSUPPORTED, "library %s: %s", soname, why != NULL ? why : "unusable");
}

bool library_load(const char *soname, const struct library_function *functions, size_t count,
                  void **ret, struct err *e)
{
    void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL)
        return fail(soname, e);
    for (size_t i = 0; i < count; i++) {
        if (dlsym(library, functions[i].name) != NULL)
            continue;
        fail(soname, e);
        dlclose(library);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        void *function = dlsym(library, functions[i].name);

        memcpy(functions[i].to, &function, sizeof function);
    }
    *ret = library;
    return true;
}

void library_unload(void *library)
{
    dlclose(library);
}
