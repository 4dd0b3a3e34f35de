/* budget.c -- see budget.h.
 *
 * A ceiling is what was measured when it was last lowered and a little more. What depends on how
 * many steps share a commit (in_step's calls, writes and bytes of the WAL) differs by 5 % from run
 * to run, and by 20 % with the machine's load: a quick machine commits sooner. The rest differs by
 * less than 1 %. Lower it when a step costs less; raise it only with the reason in the commit. The
 * aims are issue 8's. */
#include "budget.h"

#include <stddef.h>
#include <string.h>

static const struct budget budgets[] = {
    {"in_step_orchd_calls", 30, 22},
    {"in_step_orchd_messages", 1.6, 0},
    {"in_step_wal_writes", 0.5, 4},
    {"in_step_wal_bytes", 20500, 4096},
    {"in_step_orchd_allocations", 185, 150},
    {"in_step_orchd_allocations_kept", 4.2, 0},
    {"in_step_supervisor_calls", 41, 20},
    {"in_step_authority_calls", 0.8, 0},
    {"in_step_init_calls", 3, 0}, /* 0 where a process descriptor tells of an exit */
    {"in_step_zygote_calls", 10.5, 0},
    {"in_step_attempt_calls", 57, 0},
    {"in_step_warm_zygote_calls", 9.5, 0},
    {"in_step_warm_attempt_calls", 30, 0},
    {"chain100_orchd_calls", 68, 0},
    {"chain100_wal_writes", 1.2, 0},
    {"chain100_wal_bytes", 35500, 0},
    {"growth_orchd_allocations", 3, 0.5}, /* with the runs before, each of them a step or more */
};

enum { COUNT = sizeof budgets / sizeof *budgets };

const struct budget *budget_of(const char *figure)
{
    for (int i = 0; i < COUNT; i++)
        if (strcmp(budgets[i].figure, figure) == 0)
            return &budgets[i];
    return NULL;
}

int budget_count(void)
{
    return COUNT;
}
