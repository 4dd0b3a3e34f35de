/* arch.h -- whose numbers a system call has: this machine's, or others that no filter lets through.
 */
#ifndef ORCH_SANDBOX_PROFILE_ARCH_H
#define ORCH_SANDBOX_PROFILE_ARCH_H

#include <linux/audit.h>

#ifdef __x86_64__
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#else
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif

/* In a number: x32's. */
enum { FOREIGN_BIT = 0x40000000 };

#endif
