/* judge.h -- what must hold of several hosts on one store (docs/adr/0048, 0050), said over a
 * history alone. Each breach that it knows is found in a doctored history (judge_test.c). */
#ifndef ORCH_TESTS_SIM_HOSTS_JUDGE_H
#define ORCH_TESTS_SIM_HOSTS_JUDGE_H

#include "history.h"

#define BREACH_MAP(XX)                                                                             \
    XX(FENCED_WRITE, "a write by an opening that is not alive is in the database")                 \
    XX(STRANGERS_WRITE, "a write to a run by an opening that does not have it")                    \
    XX(RUN_STOLEN, "a run was taken whose owner is alive")                                         \
    XX(JOB_STOLEN, "a job was taken whose owner is alive")                                         \
    XX(TWO_OF_ONE_START, "two runs of one start")                                                  \
    XX(ENDED_TWICE, "a run ended that had ended")                                                  \
    XX(BEHIND_THE_END, "a run that had ended was written")                                         \
    XX(NODE_AGAIN, "a node that was completed was begun or completed again")                       \
    XX(CHAIN, "an event does not follow the last one of its run")                                  \
    XX(NUMBERS, "an event's number does not follow the last one of the ledger")                    \
    XX(READ_GAP, "a reader missed a number of the ledger, or saw one before it was durable")       \
    XX(STREAMED_EARLY, "an event was streamed before it was durable, or behind a later one")       \
    XX(STARTED_EARLY, "an attempt was started before it was durable")                              \
    XX(STARTED_TWICE, "an attempt was started twice")                                              \
    XX(STARTED_BY_DEAD, "an attempt was started by an opening that is not alive")                  \
    XX(STARTED_BY_STRANGER, "an attempt was started by an opening that does not have its run")     \
    XX(RUNS_TWICE, "attempts of a run on two hosts at once, and neither was halted")               \
    XX(ADMITTED_EARLY, "a client was told of a run before it was durable")                         \
    XX(TWO_STATEMENTS, "two statements of one end")                                                \
    XX(STALE_STATEMENT, "a statement that is not of the run's end")                                \
    XX(NO_STATEMENT, "a run without a statement at the end")                                       \
    XX(NO_END, "a run that did not end though the faults did")                                     \
    XX(ORDER_LEFT, "an order that was neither carried out nor answered")                           \
    XX(CANCEL_LOST, "a cancel was accepted, and the run went on to another end")

enum breach {
    BREACH_NONE,
#define XX(name, text) BREACH_##name,
    BREACH_MAP(XX)
#undef XX
        BREACH_COUNT,
};

struct verdict {
    enum breach breach;
    size_t at; /* the fact that shows it */
};

/* The first breach. */
struct verdict judge(const struct history *h);
const char *breach_text(enum breach breach);

#endif
