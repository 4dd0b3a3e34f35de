/* shim.h -- system calls that fail on demand: what is linked with shim.c, and with the linker's
 * --wrap for each call of calls.def, asks here first.
 *
 * The n-th call that a process of the role makes while the page is armed fails, whichever call it
 * is: a test that walks n from 1 until nothing was hit has seen every place fail. Forks share the
 * page; so do programs that are handed it by FAULTS_FD (fault_page_share), each with its own role.
 *
 * Each call writes over the stack that is free at that moment. So what a function sends without
 * having written it is the pattern, and a message that has it is counted as dirty. */
#ifndef ORCH_TESTS_FAULTS_SHIM_H
#define ORCH_TESTS_FAULTS_SHIM_H

#include <stdatomic.h>
#include <stdint.h>

/* The place of a process: its own program, a fork of that, a fork of that. */
enum fault_role {
    FAULT_PROGRAM,
    FAULT_CHILD,
    FAULT_GRANDCHILD,
    FAULT_WORKER, /* what a program that shares the page has exec'd, and its forks */
    FAULT_WORKER_CHILD,
    FAULT_ROLE_COUNT,
};

struct fault_page {
    atomic_uint armed;
    atomic_uint round; /* of this walk: who sees another counts from the beginning */
    uint32_t role;     /* enum fault_role */
    uint32_t nth;
    int32_t number; /* the errno */
    atomic_uint hits, dirty;
    char call[32]; /* the one that was hit */
    char text[64]; /* the beginning of the first dirty message */
};

/* This process's, before it is shared one of its own. */
extern struct fault_page *fault_page;

enum { FAULT_PAGE_FD = 300 };
/* Makes one that a child inherits as FAULT_PAGE_FD, for its environment (FAULTS_FD=number). */
int fault_page_share(void);

/* Of the calling thread, in a program that is linked with shim.c. */
uint32_t fault_own_role(void);

static inline void fault_arm(uint32_t role, uint32_t nth, int number)
{
    fault_page->role = role;
    fault_page->nth = nth;
    fault_page->number = number;
    fault_page->call[0] = '\0';
    atomic_store(&fault_page->hits, 0);
    atomic_fetch_add(&fault_page->round, 1);
    atomic_store(&fault_page->armed, 1);
}

static inline unsigned fault_disarm(void)
{
    atomic_store(&fault_page->armed, 0);
    return atomic_load(&fault_page->hits);
}

#endif
