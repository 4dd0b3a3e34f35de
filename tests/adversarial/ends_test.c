/* ends_test.c -- attempts that end in every way there is leave nothing behind: as many processes,
 * descriptors, groups, files and as much charge after them as before. ORCH_ENDS says how many, 500
 * without it; scripts/attempts-leave-nothing runs ten thousand. */
#include "harness.h"
#include "residue.h"

#include "base/clock.h"
#include "base/mem.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_KEPT_IDLE = 2 * 8 /* of both kinds, at rest: supervisor/cgroup.c */ };
enum { ENDS = 500, AT_ONCE = 12, QUIET_S = 60, SMALL_BYTES = 16 << 20 };

enum act { NOTHING, CANCEL, KILL, KILL_9, CANCEL_AT_ONCE };

/* outcome INVALID: any but ok. */
struct way {
    struct request request;
    enum outcome outcome;
    enum act act; /* when it runs */
};

#define HOSTILE(name)                                                                              \
    {                                                                                              \
        .config = "{\"case\":\"" name "\"}"                                                        \
    }
#define DIES(number)                                                                               \
    {                                                                                              \
        {.config = "{\"case\":\"die\",\"signal\":" #number "}"}, OUTCOME_INVALID, NOTHING          \
    }

static const struct way ways[] = {
    {{.agent = "canary", .input = "{\"a\":1}"}, OUTCOME_OK, NOTHING},
    {{.agent = "canary", .secret = "a value"}, OUTCOME_OK, NOTHING},
    {{.agent = "canary", .isolation = ISOLATION_COLD}, OUTCOME_OK, NOTHING},
    {{.agent = "fails", .config = "{\"status\":-1}"}, OUTCOME_INVALID, NOTHING},
    {{.agent = "fails", .config = "{\"status\":-2}"}, OUTCOME_INVALID, NOTHING},
    {{.agent = "fails", .config = "{\"status\":-3}"}, OUTCOME_INVALID, NOTHING},
    {{.agent = "nobody"}, OUTCOME_UNKNOWN_AGENT, NOTHING},
    {HOSTILE("no_such_case"), OUTCOME_BAD_INPUT, NOTHING},
    {{.agent = "raw", .config = "[1,"}, OUTCOME_PROTOCOL, NOTHING},
    {HOSTILE("nothing"), OUTCOME_PROTOCOL, NOTHING},
    {HOSTILE("exit_code"), OUTCOME_INVALID, NOTHING},
    {HOSTILE("ok_then_crash"), OUTCOME_INVALID, NOTHING},
    {HOSTILE("close_channel"), OUTCOME_INVALID, NOTHING},
    {HOSTILE("fork"), OUTCOME_POLICY_VIOLATION, NOTHING},
    {HOSTILE("system"), OUTCOME_POLICY_VIOLATION, NOTHING},
    {{.config = "{\"case\":\"touch\"}", .limits = {.memory_bytes = SMALL_BYTES}},
     OUTCOME_OOM,
     NOTHING},
    {{.config = "{\"case\":\"loop\"}", .limits = {.cpu_ms = 20}}, OUTCOME_CPU_LIMIT, NOTHING},
    {{.config = "{\"case\":\"sleep\"}", .deadline_ms = 50}, OUTCOME_TIMEOUT, NOTHING},
    {{.config = "{\"case\":\"stubborn\"}", .deadline_ms = 50}, OUTCOME_TIMEOUT, NOTHING},
    {{.agent = "canary", .deadline_ms = -1}, OUTCOME_TIMEOUT, NOTHING},
    {HOSTILE("sleep"), OUTCOME_CANCELLED, CANCEL},
    {HOSTILE("sleep"), OUTCOME_CANCELLED, CANCEL_AT_ONCE},
    {HOSTILE("sleep"), OUTCOME_CANCELLED, KILL},
    {HOSTILE("stubborn"), OUTCOME_CANCELLED, KILL},
    {{.config = "{\"case\":\"sleep\"}", .secret = "a value"}, OUTCOME_CANCELLED, KILL},
    {HOSTILE("sleep"), OUTCOME_INVALID, KILL_9},
    {HOSTILE("segv"), OUTCOME_CRASH, NOTHING},
    {HOSTILE("abort"), OUTCOME_CRASH, NOTHING},
    {HOSTILE("recurse"), OUTCOME_CRASH, NOTHING},
    DIES(3),
    DIES(4),
    DIES(5),
    DIES(6),
    DIES(7),
    DIES(8),
    DIES(9),
    DIES(10),
    DIES(11),
    DIES(12),
    DIES(13),
    DIES(14),
    DIES(16),
    DIES(24),
    DIES(25),
    DIES(26),
    DIES(27),
    DIES(29),
    DIES(30),
    DIES(31),
    DIES(34),
    DIES(64),
};

/* ---- one batch ---- */

struct begun {
    const struct way *way;
    struct answer *answer;
    bool acted;
};

/* The newest of the attempts' processes: what a person would hit who kills by hand. */
static void kill_one_by_hand(void)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    int newest = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        int pid = atoi(entry->d_name);

        if (pid > newest && process_is_named(pid, "orch-attempt") &&
            process_is_below(pid, getpid()))
            newest = pid;
    }
    if (dir != NULL)
        closedir(dir);
    if (newest > 0)
        kill(newest, SIGKILL);
}

static void act(struct world *w, struct begun *b)
{
    bool due = b->way->act == CANCEL_AT_ONCE || b->answer->started;

    if (b->acted || !due || b->answer->times > 0)
        return;
    b->acted = true;
    if (b->way->act == CANCEL || b->way->act == CANCEL_AT_ONCE)
        sandbox_attempt_cancel(w->sb, b->answer->id);
    else if (b->way->act == KILL)
        sandbox_attempt_kill(w->sb, b->answer->id);
    else if (b->way->act == KILL_9)
        kill_one_by_hand();
}

/* Whose process a kill by hand hits is not known: with one in the batch any of them may have
 * failed. With secrets an attempt has its process from the beginning, and a neighbour's crash may
 * take that away before it began. */
static void expect_end(const struct begun *b, bool by_hand)
{
    const struct request *r = &b->way->request;
    const struct answer *a = b->answer;
    bool right = b->way->outcome == OUTCOME_INVALID ? a->outcome != OUTCOME_OK
                                                    : a->outcome == b->way->outcome;
    bool taken_away = r->secret != NULL && !a->started && a->outcome == OUTCOME_INFRA;

    ck_assert_msg(right || by_hand || taken_away, "%s %s: %s, signal %d: %s",
                  r->agent != NULL ? r->agent : "hostile", r->config != NULL ? r->config : "",
                  outcome_name(a->outcome), a->signal, a->message);
}

static void run_batch(struct world *w, unsigned first, unsigned count)
{
    struct begun begun[AT_ONCE] = {0};
    int64_t until = clock_mono_ns() + QUIET_S * 1000000000LL;
    bool by_hand = false;

    for (unsigned i = 0; i < count; i++) {
        const struct way *way = &ways[(first + i) % ARRAY_LEN(ways)];

        begun[i] = (struct begun){way, attempt_begin(w, &way->request), false};
        by_hand = by_hand || way->act == KILL_9;
    }
    while (w->pending > 0 && clock_mono_ns() < until) {
        for (unsigned i = 0; i < count; i++)
            act(w, &begun[i]);
        world_turn_for(w, 1);
    }
    ck_assert_msg(w->pending == 0, "%u attempts without an answer", w->pending);
    for (unsigned i = 0; i < count; i++)
        expect_end(&begun[i], by_hand);
    world_forget(w);
}

static void run_all(struct world *w, unsigned count)
{
    for (unsigned at = 0; at < count; at += AT_ONCE)
        run_batch(w, at, count - at < AT_ONCE ? count - at : AT_ONCE);
}

/* ---- before and after ---- */

/* Nothing is on its way and the last two looks saw the same. */
static struct residue at_rest(struct world *w)
{
    struct residue last = {0}, now = residue_take();

    for (int same = 0; same < 3; last = now) {
        world_turn_for(w, 300);
        now = residue_take();
        same = residue_equal(&last, &now) ? same + 1 : 0;
    }
    return now;
}

/* A zygote of then may have been retired meanwhile: fewer groups are no leak. Nor are idle ones
 * that the supervisor keeps, if fewer were in use at once on a busy machine's first turn: each way
 * to end is taken oftener than that. */
static bool is_no_more(const struct residue *before, const struct residue *after)
{
    struct residue now = *after;

    if (now.groups <= before->groups + GROUPS_KEPT_IDLE)
        now.groups = before->groups;
    return residue_equal(before, &now);
}

static void expect_as_before(struct world *w, const struct residue *before, unsigned count)
{
    int64_t until = clock_mono_ns() + QUIET_S * 1000000000LL;
    struct residue after = at_rest(w);
    auto_done(buf) was = {0};
    auto_done(buf) is = {0};

    while (!is_no_more(before, &after) && clock_mono_ns() < until)
        after = at_rest(w);
    residue_say(before, &was);
    residue_say(&after, &is);
    printf("before %s\nafter %u attempts %s\n", buf_text(&was), count, buf_text(&is));
    ck_assert_msg(is_no_more(before, &after), "before %s; after %u attempts %s", buf_text(&was),
                  count, buf_text(&is));
}

START_TEST(attempts_that_end_in_every_way_leave_nothing_behind)
{
    const char *said = getenv("ORCH_ENDS");
    unsigned count = said != NULL ? (unsigned)atoi(said) : ENDS;
    struct sandbox_options options = {.spares_max = 1, .spares_min = 1};
    struct residue nothing, before;
    struct world w;

    ck_assert_uint_gt(count, 0);
    nothing = residue_take();
    world_start_hostile(&w, &options);
    run_all(&w, 2 * ARRAY_LEN(ways)); /* every group and zygote that they want is there */
    before = at_rest(&w);
    run_all(&w, count);
    expect_as_before(&w, &before, count);
    world_done(&w);
    residue_expect_equal(&nothing, "the whole sandbox");
}
END_TEST

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("ends");
    TCase *tests = tcase_create("every way to end");

    tcase_set_timeout(tests, 0); /* ctest has one; the longer run has none */
    tcase_add_test(tests, attempts_that_end_in_every_way_leave_nothing_behind);
    suite_add_tcase(suite, tests);
    return suite;
}
