/* hosts_world.h -- a seeded world of several hosts on one database: real engines (host/engine) with
 * the real store above a modelled driver (database.h), in one process, each in a life of its own.
 *
 * The world owns time. Everything that happens is an event with a moment: a turn of a host's loop,
 * a group that reaches the database or is answered, a renewal, news, an attempt's end, a signature,
 * a client's or an operator's wish, a fault. One seed gives one order of them. Between two events
 * nothing runs: the threads of the stores wait (database.h), what is read beside a loop is read
 * before the event ends and told at a later one, so that it may be old by then.
 *
 * Phases: faults for FAULTS_NS; then calm, in which hosts that are down come back and operators
 * unpause, and every run has to end within CALM_NS.
 *
 * Two judges: judge.h over the history, for what concerns several hosts; and for each run the rules
 * of sim_check.c over its durable events (engine_view.c), as in a world of one host. */
#ifndef ORCH_TESTS_SIM_HOSTS_WORLD_H
#define ORCH_TESTS_SIM_HOSTS_WORLD_H

#include "database.h"
#include "history.h"

#include "../engine_world.h"

#define WORLD_MS 1000000LL
#define WORLD_S (1000 * WORLD_MS)
#define FAULTS_NS (25 * WORLD_S)
#define CALM_NS (240 * WORLD_S)

/* Each must have had its effect in some world of a campaign. */
#define FAULT_MAP(XX)                                                                              \
    XX(FREEZE, "hosts frozen")                                                                     \
    XX(FREEZE_PAST, "frozen until they were fenced")                                               \
    XX(SUSPEND, "hosts suspended")                                                                 \
    XX(KILL, "hosts killed")                                                                       \
    XX(DISK_FULL, "commits failed for good")                                                       \
    XX(CUT, "hosts cut off")                                                                       \
    XX(AWAY, "database away from all")                                                             \
    XX(REQUEST_LOST, "commits of unknown outcome that did not happen")                             \
    XX(ANSWER_LOST, "commits of unknown outcome that did")                                         \
    XX(LATE_WRITE, "groups that came behind the fence")                                            \
    XX(READS_FAIL, "questions failed")                                                             \
    XX(RENEWAL_LOST, "renewals lost")                                                              \
    XX(NEWS_LOST, "news lost")                                                                     \
    XX(NEWS_DOUBLED, "news doubled")                                                               \
    XX(NEWS_LATE, "news late, overtaken by others")                                                \
    XX(CLOCK_AHEAD, "clocks set ahead")                                                            \
    XX(CLOCK_BACK, "clocks set back")                                                              \
    XX(DATABASE_CLOCK, "the database's clock set")                                                 \
    XX(DRAIN, "hosts drained")                                                                     \
    XX(ADRIFT, "hosts adrift")                                                                     \
    XX(FENCED, "hosts fenced, that lived")                                                         \
    XX(LATE_END, "attempts that ended on a host that was not alive")                               \
    XX(TAKEN_OVER, "runs taken over")                                                              \
    XX(HANDED_OVER, "runs handed over by a drained host")                                          \
    XX(ORDERS, "orders given through another host")                                                \
    XX(RETRIES, "starts tried again")                                                              \
    XX(RESUMES, "runs resumed")

enum fault {
#define XX(name, text) FAULT_##name,
    FAULT_MAP(XX)
#undef XX
        FAULT_COUNT,
};

struct tally {
    uint64_t worlds, runs, facts, faults[FAULT_COUNT], ends[RUN_STATE_COUNT];
};

enum event_kind {
    EVENT_TURN,
    EVENT_BESIDE, /* what was read is told */
    EVENT_APPLY,  /* a group reaches the database */
    EVENT_ANSWER,
    EVENT_BEAT,
    EVENT_NEWS,
    EVENT_MISSED, /* news may have been lost */
    EVENT_BEGINS, /* an attempt */
    EVENT_ENDS,
    EVENT_SIGNS,
    EVENT_READS, /* a client of the host looks at the ledger */
    EVENT_WISH,  /* a request reaches a host */
    /* Of no host. */
    EVENT_START, /* a client wants a run, again and again until it is told of one */
    EVENT_OPERATOR,
    EVENT_FAULT,
    EVENT_HEAL,
    EVENT_THAW,
    EVENT_BOOT,
    EVENT_CALM,
};

struct event {
    int64_t at_ns;
    uint64_t order; /* of those of one moment */
    enum event_kind kind;
    unsigned host, life; /* of one that has ended nothing happens any more */
    uint64_t id;
    struct store_news news;
};

enum wish_kind {
    WISH_START_RUN,
    WISH_CANCEL_RUN,
    WISH_PAUSE_RUN,
    WISH_UNPAUSE_RUN,
    WISH_RESUME_RUN
};

/* A client's request. */
struct wish_of {
    struct hosts_world *world;
    enum wish_kind kind;
    unsigned run, host, life;
    bool told;
};

struct open_attempt {
    bool busy, begun;
    uint64_t id;
    int64_t end_ns;
    enum outcome outcome;
    unsigned run, chain;
    int64_t number, epoch;
};

enum { OPEN_MAX = 256, WISHES_MAX = 4096 };

struct sim_host {
    struct rig rig;
    struct hosts_world *world;
    char name[16];
    unsigned number, life;
    bool up, frozen, draining, dying, cut;
    uint64_t request; /* the last that was sent */
    /* The next group's request is lost, or its answer, or it is late; or the host freezes behind
     * it. */
    enum trap { TRAP_NONE, TRAP_REQUEST, TRAP_ANSWER, TRAP_LATE, TRAP_ACT } trap;
    int64_t turn_ns; /* when it turns next; NEVER */
    bool beside_due, sign_due;
    size_t beside_left; /* read, and not told */
    struct gate *gate;  /* that is closed; NULL: none is */
    size_t gates;       /* not told */
    int64_t drained_ns; /* it ends by then */
    /* Its clocks. */
    int64_t born_ns, mono0_ns, boot0_us, wall_off_us, thousandths, lost_ns;
    int64_t frozen_ns, froze_ns; /* until, since */
    bool suspended, was_adrift;
    int64_t read_seq;
    struct open_attempt attempts[OPEN_MAX];
};

struct sim_run {
    char token[40];
    char run_id[UUID_TEXT_BYTES]; /* "": not inserted */
    unsigned dag;
    bool admitted, dirty, ended, is_signed;
    bool ended_by_rows; /* a cancel of what was only stored: no machine stopped its nodes */
    int owner;          /* -1: nobody */
    int64_t owner_epoch;
    unsigned resumes, statements;
    struct engine_world view;
};

struct hosts_world {
    uint64_t seed;
    struct rng rng;
    int64_t now_ns;
    struct event *events; /* a heap */
    size_t event_count, event_cap;
    uint64_t order;
    unsigned host_count, run_count, dag_count;
    struct sim_host hosts[HOSTS_MAX];
    struct sim_host *current;
    struct sim_run runs[RUNS_MAX];
    json_t *dags[2];
    struct rig reader; /* of the views: its reader alone */
    struct wish_of wishes[WISHES_MAX];
    size_t wish_count;
    bool calm, over;
    bool away; /* the database, from all */
    int64_t database_off_us;
    struct history history;
    struct tally *tally;
    char wrong[512];
    size_t at; /* the fact that shows it */
};

/* A world from its beginning to its end; false: it is wrong, and world->wrong says how. */
bool hosts_world_run(struct hosts_world *w, uint64_t seed, enum lie lie, const char *folder,
                     struct tally *tally);
void hosts_world_done(struct hosts_world *w);

/* hosts_world.c */
void world_wrong(struct hosts_world *w, const char *fmt, ...) printf_like(2, 3);
void world_at(struct hosts_world *w, const struct event *event);
static inline bool world_chance(struct hosts_world *w, unsigned percent)
{
    return rng_below(&w->rng, 100) < percent;
}
static inline int64_t world_below(struct hosts_world *w, int64_t ns)
{
    return (int64_t)rng_below(&w->rng, (uint64_t)ns);
}
static inline void world_count(struct hosts_world *w, enum fault fault)
{
    w->tally->faults[fault]++;
}
void world_fact(struct hosts_world *w, struct history_fact fact);

/* host.c */
void host_boot(struct sim_host *h);
void host_boot_in(struct sim_host *h, int64_t in_ns);
void host_kill(struct sim_host *h);
void host_request(struct sim_host *h);
void host_apply(struct sim_host *h);
void host_await_answer(struct sim_host *h);
void host_event(struct sim_host *h, const struct event *event);
void host_drain(struct sim_host *h);
void host_clocks(struct sim_host *h);
bool host_reaches(const struct sim_host *h);

/* record.c: what became durable, as facts. */
void record_durable(void *arg, const struct link *link, const struct store_batch *b);
unsigned record_run_of_id(const struct hosts_world *w, const char *run_id);
unsigned record_chain(const struct hosts_world *w, unsigned run, const char *node_id, bool handler);

/* faults.c, clients.c */
void faults_begin(struct hosts_world *w);
void faults_event(struct hosts_world *w, const struct event *event);
void faults_cut(struct sim_host *h);
void faults_freeze(struct sim_host *h, int64_t for_ns, bool suspended);
/* Nothing is broken any more. */
void faults_end(struct hosts_world *w);
void clients_begin(struct hosts_world *w);
void clients_event(struct hosts_world *w, const struct event *event);
void clients_wish(struct sim_host *h, struct wish_of *wish);

#endif
