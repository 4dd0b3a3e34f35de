/* call.c -- see call.h. */
#include "sandbox/client/call.h"

#include "base/mem.h"

#include <seccomp.h>

void call_say(const struct observed *seen, struct buf *b)
{
    auto_mem char *name = NULL;

    buf_adds(b, "policy violation: ");
    if (!seen->call_known) {
        buf_adds(b, "a system call that the profile forbids; which one was not told "
                    "('orch explain policy-violation' says why)");
        return;
    }
    if (seen->call_foreign) {
        buf_addf(b, "system call %u of another architecture", seen->call);
        return;
    }
    name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)seen->call);
    buf_addf(b, "system call %s (%u)", name != NULL ? name : "without a known name", seen->call);
}
