/* filter.c -- see filter.h. */
#include "sandbox/kernel/filter.h"

#include "base/auto.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>

/* PROT_EXEC is in their third argument. */
static const int data_calls[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};

static void auto_seccomp_release(scmp_filter_ctx *filter)
{
    if (*filter != NULL)
        seccomp_release(*filter);
}

static bool fail(struct err *e, const char *what, int result)
{
    errno = -result;
    return err_sys(e, "%s", what);
}

bool filter_enter(const struct filter_calls *calls, struct err *e)
{
    __attribute__((cleanup(auto_seccomp_release))) scmp_filter_ctx filter =
        seccomp_init(calls->or == FILTER_KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM));
    int result = filter != NULL ? 0 : -ENOMEM;

    for (size_t i = 0; result == 0 && i < calls->any_count; i++)
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls->any[i], 0);
    for (size_t i = 0; result == 0 && i < ARRAY_LEN(data_calls); i++)
        result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, data_calls[i], 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (result != 0)
        return fail(e, "build the seccomp filter", result);
    result = seccomp_load(filter);
    return result == 0 || fail(e, "load the seccomp filter", result);
}
