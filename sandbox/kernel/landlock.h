/* landlock.h -- Landlock domains up to ABI 7, newer than Debian 12's headers (linux/landlock.h of
 * Linux 6.15). A rule set handles every right that the kernel knows and allows nothing; newer
 * rights stay with the filter and the empty root. */
#ifndef ORCH_SANDBOX_KERNEL_LANDLOCK_H
#define ORCH_SANDBOX_KERNEL_LANDLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* 0: none. */
uint32_t landlock_abi(void);
uint32_t landlock_errata(void);
/* From this ABI on, signals and abstract sockets can be scoped. */
enum { LANDLOCK_ABI_SCOPE = 6 };

/* A close-on-exec descriptor, -1 with errno. scoped: signals and abstract sockets end at the
 * domain (asked of kernels that can). */
int landlock_ruleset(bool scoped);
int landlock_ruleset_files(void); /* the same of files alone: the network stays as it is */
/* What a rule set lets be done beneath a folder, or to a file. */
enum landlock_grant {
    LANDLOCK_GRANT_READ,  /* the file, the files in it and their names */
    LANDLOCK_GRANT_STATE, /* that, and files made, written and removed in it */
};
/* False with errno. */
bool landlock_grant(int ruleset, const char *path, enum landlock_grant grant);
/* Needs no_new_privs. Each call makes a domain of its own, also from one rule set. */
bool landlock_enter(int ruleset);

#endif
