/* past_test.c -- what a run is built from is read beside the loop: who reads it, what waits
 * meanwhile, what may not happen to the run until it was read. That the loop has read no outputs is
 * said for each test of this program when it ends (main.c). */
#include "reads.h"
#include "suites.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

static char id[UUID_TEXT_BYTES];
static struct rig_answer answers[4];

/* A run of the chain that has failed in its second node. */
static void failed_run(void)
{
    memset(answers, 0, sizeof answers);
    publish_chain();
    snprintf(id, sizeof id, "%s", run_of("chain"));
    rig_ok(&rig, "first");
    rig_fails(&rig, "second", OUTCOME_PLUGIN_FATAL);
    rig_forget(&rig);
}

static void resume(unsigned n)
{
    control_resume(engine_control(rig.engine), &rig_actor, id, rig_answered, &answers[n]);
}

static void restart(unsigned n, const char *from)
{
    control_restart(engine_control(rig.engine), &rig_actor,
                    &(struct api_run_restart){.run_id = id, .from_node = from}, rig_answered,
                    &answers[n]);
}

static void let_go(void)
{
    reads_hold(NULL);
    rig_settle(&rig);
}

static void ck_answered(unsigned n, enum err_code code)
{
    ck_assert_msg(answers[n].told == 1, "%u was told %u times", n, answers[n].told);
    ck_assert_msg(answers[n].code == code, "%u: %d, %s", n, answers[n].code, answers[n].msg);
}

static unsigned pages(void)
{
    return reads_now().count[READS_PAST];
}

START_TEST(every_way_to_a_run_reads_what_its_nodes_gave_beside_the_loop)
{
    unsigned before;

    failed_run();
    before = pages();
    resume(0);
    rig_settle(&rig);
    ck_assert_uint_gt(pages(), before);
    before = pages();
    rig_crash(&rig); /* recovered */
    ck_assert_uint_gt(pages(), before);
    rig_fails(&rig, "second", OUTCOME_PLUGIN_FATAL);
    before = pages();
    restart(1, "second");
    rig_settle(&rig);
    ck_assert_uint_gt(pages(), before);
    rig_ok(&rig, "second");
    before = pages();
    rig_crash(&rig); /* two runs that ended and were not signed */
    ck_assert_uint_ge(pages(), before + 2);
    ck_answered(0, ERR_NONE);
    ck_answered(1, ERR_NONE);
}
END_TEST

START_TEST(a_run_that_is_being_read_is_changed_by_nobody)
{
    struct control *ctl = engine_control(rig.engine);

    failed_run();
    reads_hold(id);
    resume(0);
    resume(1);
    reads_await_held();
    control_cancel(ctl, &rig_actor, id, rig_answered, &answers[2]);
    control_checkpoints_delete(ctl, &rig_actor, id, rig_answered, &answers[3]);
    ck_answered(2, ERR_CONFLICT);
    ck_answered(3, ERR_CONFLICT);
    ck_assert_uint_eq(store_pending(rig.store), 0); /* nothing is decided */
    ck_assert_uint_eq(answers[0].told + answers[1].told, 0);
    ck_assert(!engine_idle(rig.engine));
    let_go();
    ck_answered(0, ERR_NONE);
    ck_assert_uint_eq(answers[0].skipped, 1);
    ck_answered(1, ERR_CONFLICT); /* it is still going on */
    ck_assert_ptr_null(rig_open_attempt(&rig, "first"));
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_chain(id);
}
END_TEST

START_TEST(restarts_of_one_run_at_once_all_happen)
{
    failed_run();
    reads_hold(id);
    for (unsigned i = 0; i < 3; i++)
        restart(i, "second");
    resume(3);
    reads_await_held();
    let_go();
    for (unsigned i = 0; i < 4; i++)
        ck_answered(i, ERR_NONE);
    ck_assert_str_ne(answers[0].run_id, answers[1].run_id);
    ck_assert_str_ne(answers[1].run_id, answers[2].run_id);
    ck_assert_str_eq(answers[3].run_id, id);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 4);
    ck_assert_ptr_null(rig_open_attempt(&rig, "first"));
    ck_assert_uint_eq(rig_open_count(&rig), 4);
}
END_TEST

START_TEST(a_resume_that_waits_is_refused_when_the_host_is_told_to_end)
{
    failed_run();
    reads_hold(id);
    resume(0);
    reads_await_held();
    engine_drain(rig.engine);
    let_go();
    ck_answered(0, ERR_UNAVAILABLE);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert(engine_idle(rig.engine));
}
END_TEST

static void *release(void *arg)
{
    struct timespec soon = {.tv_nsec = 20000000};

    (void)arg;
    nanosleep(&soon, NULL);
    reads_hold(NULL);
    return NULL;
}

/* Its calls are answered by nobody, and what a crash left to be read is found by the next start. */
START_TEST(a_host_that_ends_while_runs_are_read_answers_nobody)
{
    char other[UUID_TEXT_BYTES];
    unsigned before;
    pthread_t thread;

    failed_run();
    snprintf(other, sizeof other, "%s", run_of("chain"));
    rig_die(&rig);
    reads_hold("-"); /* all of them */
    rig_boot(&rig);
    resume(0);
    restart(1, NULL);
    before = pages();
    while (pages() < before + 2) /* behind the definition, which is read first */
        beside_turn(rig.beside);
    ck_assert_int_eq(pthread_create(&thread, NULL, release, NULL), 0);
    rig_die(&rig);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(answers[0].told + answers[1].told, 0);
    rig_start(&rig);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    ck_assert_int_eq(rig_status(&rig, other), STORE_RUN_RUNNING);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 1);
}
END_TEST

/* It had kept what is before its node; a crash while it waits for a place takes none of that. */
START_TEST(a_restart_that_waits_keeps_its_nodes_through_a_crash)
{
    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.runs_active_max = 1});
    failed_run();
    run_of("chain"); /* has the one place */
    restart(0, "second");
    rig_settle(&rig);
    ck_answered(0, ERR_NONE);
    ck_assert_int_eq(rig_status(&rig, answers[0].run_id), STORE_RUN_PENDING);
    rig_crash(&rig);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, answers[0].run_id), STORE_RUN_RUNNING);
    ck_assert_ptr_null(rig_open_attempt(&rig, "first"));
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, answers[0].run_id), STORE_RUN_COMPLETED);
    check_chain(answers[0].run_id);
}
END_TEST

TCase *past_cases(void)
{
    TCase *tc = tcase_create("past");

    tcase_add_test(tc, every_way_to_a_run_reads_what_its_nodes_gave_beside_the_loop);
    tcase_add_test(tc, a_run_that_is_being_read_is_changed_by_nobody);
    tcase_add_test(tc, restarts_of_one_run_at_once_all_happen);
    tcase_add_test(tc, a_resume_that_waits_is_refused_when_the_host_is_told_to_end);
    tcase_add_test(tc, a_host_that_ends_while_runs_are_read_answers_nobody);
    tcase_add_test(tc, a_restart_that_waits_keeps_its_nodes_through_a_crash);
    return tc;
}
