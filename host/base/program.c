/* program.c -- see program.h. */
#include "base/program.h"

#include "base/mem.h"

char *program_dir(void)
{
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self);

    while (len > 0 && self[len - 1] != '/')
        len--;
    return len > 1 ? mem_strn(self, (size_t)len - 1) : mem_str(".");
}

char *program_libexec(const char *set)
{
    static const char *const places[] = {"", "/../libexec/orch"};
    auto_mem char *dir = program_dir();

    if (set != NULL && *set != '\0')
        return mem_str(set);
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        auto_mem char *supervisor = mem_printf("%s%s/orch-supervisor", dir, places[i]);

        if (access(supervisor, X_OK) == 0)
            return mem_printf("%s%s", dir, places[i]);
    }
    return take(dir);
}
