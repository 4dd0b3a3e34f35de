/* beside_test.c -- what grows with a definition is done beside the loop: who reads it, what waits
 * meanwhile, in which order it goes on. Nothing here looks at a clock. */
#include "reads.h"
#include "suites.h"

#include "base/mem.h"
#include "engine/catalog/dag_cache.h"
#include "engine/catalog/definitions.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

enum { CALLS_MAX = 8 };

/* Answers in the order in which they came. */
static struct rig_answer answers[CALLS_MAX];
static unsigned order[CALLS_MAX], answered;

static void reset(void)
{
    memset(answers, 0, sizeof answers);
    answered = 0;
}

static void on_answer(void *arg, const struct api_outcome *outcome)
{
    struct rig_answer *a = arg;

    ck_assert_uint_lt(answered, CALLS_MAX);
    order[answered++] = (unsigned)(a - answers);
    rig_answered(a, outcome);
}

static void publish(unsigned n, enum api_definition_form form, const char *text)
{
    json_t *json = form == API_DEFINITION_TEXT ? json_string(text) : json_loads(text, 0, NULL);

    definitions_publish(engine_definitions(rig.engine), &rig_actor,
                        &(struct api_publish){.form = form, .json = json}, on_answer, &answers[n]);
}

static void start(unsigned n, const char *dag_id)
{
    auto_json inputs = json_object();

    control_start(engine_control(rig.engine), &rig_actor,
                  &(struct api_run_start){.dag_id = dag_id,
                                          .inputs = inputs,
                                          .checkpoint_enabled = true},
                  on_answer, &answers[n]);
}

/* Turns until so many were answered, whatever is held. */
static void turn_until(unsigned count)
{
    while (answered < count) {
        engine_store_turn(rig.engine);
        beside_turn(rig.beside);
        engine_turn(rig.engine, rig_mono_ns);
    }
}

static void let_go(void)
{
    reads_hold(NULL);
    rig_settle(&rig);
}

static void definition(char *out, size_t bytes, const char *version, unsigned variant)
{
    snprintf(out, bytes,
             "{\"name\":\"d\",\"dag_id\":\"d\",\"version\":\"%s\",\"nodes\":{\"n%u\":{"
             "\"agent_id\":\"a\"}}}",
             version, variant);
}

/* ---- who reads ---- */

/* Every way on which a definition is needed; that the loop has read none is said for each test of
 * this program when it ends (main.c). */
START_TEST(every_way_to_a_definition_reads_it_beside_the_loop)
{
    struct reads before = reads_now(), after;
    char id[UUID_TEXT_BYTES];

    reset();
    publish_chain();
    definitions_update(engine_definitions(rig.engine), &rig_actor, "chain",
                       json_pack("{s:s}", "description", "changed"), on_answer, &answers[0]);
    rig_settle(&rig);
    snprintf(id, sizeof id, "%s", run_of("chain"));
    rig_fails(&rig, "first", OUTCOME_PLUGIN_FATAL);
    rig_crash(&rig);
    control_resume(engine_control(rig.engine), &rig_actor, id, on_answer, &answers[1]);
    rig_settle(&rig);
    rig_crash(&rig); /* recovered */
    rig_fails(&rig, "first", OUTCOME_PLUGIN_FATAL);
    rig_crash(&rig);
    control_restart(engine_control(rig.engine), &rig_actor, &(struct api_run_restart){.run_id = id},
                    on_answer, &answers[2]);
    rig_settle(&rig);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_msg(answers[i].told == 1 && answers[i].code == ERR_NONE, "%u: %s", i,
                      answers[i].msg);
    after = reads_now();
    ck_assert_uint_eq(after.count[READS_SOURCE] - before.count[READS_SOURCE], 2);
    ck_assert_uint_ge(after.count[READS_MODEL] - before.count[READS_MODEL], 4); /* of each host */
    ck_assert_uint_eq(after.on_loop, before.on_loop);
}
END_TEST

/* What an import reads is the same for every k: its text once, and no older version's. */
START_TEST(the_kth_import_of_a_version_reads_what_the_third_did)
{
    struct reads third = {0}, before, after;
    char text[200];

    for (unsigned k = 0; k < 33; k++) {
        reset();
        definition(text, sizeof text, "1.0.0", k);
        before = reads_now();
        publish(0, API_DEFINITION_TEXT, text);
        rig_settle(&rig);
        ck_assert(answers[0].created);
        after = reads_now();
        ck_assert_uint_eq(after.count[READS_SOURCE] - before.count[READS_SOURCE], 1);
        for (int kind = 0; kind < READS_KINDS; kind++) {
            unsigned count = after.count[kind] - before.count[kind];

            if (k == 2)
                third.count[kind] = count;
            ck_assert_msg(k < 3 || count == third.count[kind], "import %u: %u of kind %d, not %u",
                          k, count, kind, third.count[kind]);
        }
    }
    ck_assert_str_eq(answers[0].version, "1.0.32");
    ck_assert_uint_le(third.count[READS_KEPT], 2);
    ck_assert_uint_le(third.count[READS_MODEL], 2);
}
END_TEST

/* ---- what waits ---- */

START_TEST(starts_of_a_version_share_one_reading_and_are_answered_in_their_order)
{
    struct reads before;

    publish_chain();
    rig_crash(&rig);
    reset();
    before = reads_now();
    reads_hold("chain");
    for (unsigned i = 0; i < 5; i++)
        start(i, "chain");
    reads_await_held();
    ck_assert_uint_eq(store_pending(rig.store), 0); /* nothing is decided */
    ck_assert_uint_eq(answered, 0);
    ck_assert(!engine_idle(rig.engine));
    let_go();
    ck_assert_uint_eq(answered, 5);
    for (unsigned i = 0; i < 5; i++) {
        ck_assert_uint_eq(order[i], i);
        ck_assert_msg(answers[i].code == ERR_NONE && answers[i].created, "%s", answers[i].msg);
    }
    ck_assert_uint_eq(reads_now().count[READS_KEPT] - before.count[READS_KEPT], 1);
    ck_assert(engine_idle(rig.engine) || rig_open_count(&rig) > 0);
}
END_TEST

START_TEST(a_start_that_waits_is_refused_when_the_host_is_told_to_end)
{
    publish_chain();
    rig_crash(&rig);
    reset();
    reads_hold("chain");
    start(0, "chain");
    engine_drain(rig.engine);
    let_go();
    ck_assert_uint_eq(answers[0].told, 1);
    ck_assert_int_eq(answers[0].code, ERR_UNAVAILABLE);
    ck_assert(engine_idle(rig.engine));
}
END_TEST

/* Its definition is damaged: whoever waits hears so, and the next one that asks too. */
START_TEST(a_definition_that_cannot_be_read_is_told_to_all_that_wait_and_not_kept)
{
    publish_chain();
    outside_unguarded("UPDATE dag_workflows SET hash = 'x'");
    reset();
    start(0, "chain");
    start(1, "chain");
    rig_settle(&rig);
    start(2, "chain");
    rig_settle(&rig);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(answers[i].code, ERR_CORRUPT);
    outside_unguarded("UPDATE dag_workflows SET definition = '{'");
    start(3, "chain");
    rig_settle(&rig);
    ck_assert_int_ne(answers[3].code, ERR_NONE);
    ck_assert_ptr_nonnull(strstr(answers[3].msg, "stored definition chain@1.0.0"));
}
END_TEST

/* ---- publishes ---- */

START_TEST(publishes_of_one_version_at_once_are_settled_one_after_the_other)
{
    char one[200], two[200];

    definition(one, sizeof one, "1.0.0", 1);
    definition(two, sizeof two, "1.0.0", 2);
    reset();
    reads_hold("d");
    publish(0, API_DEFINITION_TEXT, one);
    publish(1, API_DEFINITION_JSON, one);
    publish(2, API_DEFINITION_JSON, two);
    publish(3, API_DEFINITION_TEXT, two);
    publish(4, API_DEFINITION_TEXT, two);
    reads_await_held();
    ck_assert_uint_eq(answered, 0);
    let_go();
    ck_assert_uint_eq(answered, 5);
    for (unsigned i = 0; i < 5; i++)
        ck_assert_uint_eq(order[i], i);
    ck_assert(answers[0].created);
    ck_assert_int_eq(answers[1].code, ERR_NONE);
    ck_assert(!answers[1].created);
    ck_assert_int_eq(answers[2].code, ERR_CONFLICT);
    ck_assert_str_eq(answers[3].version, "1.0.1");
    ck_assert(answers[3].created);
    ck_assert_str_eq(answers[4].version, "1.0.1");
    ck_assert(!answers[4].created);
}
END_TEST

/* Of the two threads a publish has one at most: a run's definition does not wait behind those that
 * are published. */
START_TEST(what_is_published_does_not_hold_what_a_run_waits_for)
{
    char text[200];

    publish_chain();
    rig_crash(&rig);
    definition(text, sizeof text, "1.0.0", 1);
    reset();
    reads_hold("\"dag_id\":\"d\"");
    publish(1, API_DEFINITION_TEXT, text);
    publish(2, API_DEFINITION_TEXT, text);
    publish(3, API_DEFINITION_TEXT, text);
    start(0, "chain");
    turn_until(1);
    ck_assert_uint_eq(order[0], 0);
    ck_assert_int_eq(answers[0].code, ERR_NONE);
    let_go();
    ck_assert_uint_eq(answered, 4);
}
END_TEST

/* ---- the host ends ---- */

static void *release(void *arg)
{
    struct timespec soon = {.tv_nsec = 20000000};

    (void)arg;
    nanosleep(&soon, NULL);
    reads_hold(NULL);
    return NULL;
}

/* What runs is waited for, what waits is dropped; nobody is answered and nothing is stored. */
START_TEST(a_host_that_ends_while_definitions_are_read_answers_nobody)
{
    auto_done(store_dag_list) rows = {0};
    pthread_t thread;
    char text[200];
    struct err e = {0};

    publish_chain();
    snprintf(text, sizeof text, "%s", run_of("chain")); /* left to wait for its definition too */
    rig_die(&rig);
    reads_hold("d"); /* all of them */
    rig_boot(&rig);
    reset();
    definition(text, sizeof text, "1.0.0", 1);
    start(0, "chain");
    publish(1, API_DEFINITION_TEXT, text);
    publish(2, API_DEFINITION_TEXT, text);
    reads_await_held();
    ck_assert_int_eq(pthread_create(&thread, NULL, release, NULL), 0);
    rig_die(&rig);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(answered, 0);
    rig_start(&rig);
    ck_assert(!store_read_dag_head(rig.reader, RIG_TENANT, "d", "1.0.0", &rows, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 1);
}
END_TEST

/* Freed beside the loop, and the loop has not heard of it. */
START_TEST(a_host_that_ends_behind_a_definition_that_was_freed_frees_it_once)
{
    unsigned before;

    publish_chain();
    run_of("chain");
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    rig_authority_answers(&rig, ERR_NONE);
    before = reads_now().freed;
    dag_cache_clear(engine_dags(rig.engine));
    while (reads_now().freed == before)
        sched_yield();
    ck_assert_uint_eq(beside_left(rig.beside), 1);
    rig_crash(&rig);
    ck_assert_uint_eq(reads_now().freed, before + 1);
}
END_TEST

/* ---- a start of the host ---- */

START_TEST(runs_of_one_version_are_recovered_by_one_reading)
{
    struct reads before;

    publish_chain();
    for (int i = 0; i < 20; i++)
        run_of("chain");
    before = reads_now();
    rig_crash(&rig);
    ck_assert_uint_eq(rig.recovered, 20);
    ck_assert_uint_eq(engine_counts(rig.engine).runs_active, 20);
    ck_assert_uint_eq(reads_now().count[READS_KEPT] - before.count[READS_KEPT], 1);
}
END_TEST

/* A run whose definition is still being read is carried by nobody, and is nobody else's either. */
START_TEST(a_run_that_waits_for_its_definition_can_be_cancelled_and_keeps_its_place)
{
    char id[UUID_TEXT_BYTES], text[200];
    struct control *ctl;

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.runs_active_max = 1});
    definition(text, sizeof text, "1.0.0", 1);
    rig_publish(&rig, text);
    publish_chain();
    snprintf(id, sizeof id, "%s", run_of("chain"));
    rig_die(&rig);
    reads_hold("\"dag_id\":\"chain\"");
    rig_boot(&rig);
    ck_assert_uint_eq(rig.recovered, 1);
    reset();
    ctl = engine_control(rig.engine);
    start(0, "d");
    turn_until(1);
    ck_assert_int_eq(answers[0].code, ERR_NONE);
    ck_assert_int_eq(rig_status(&rig, answers[0].run_id), STORE_RUN_PENDING); /* no place is free */
    control_pause(ctl, &rig_actor, id, true, on_answer, &answers[1]);
    control_resume(ctl, &rig_actor, id, on_answer, &answers[2]);
    ck_assert_int_eq(answers[1].code, ERR_UNAVAILABLE);
    ck_assert_int_eq(answers[2].code, ERR_CONFLICT);
    control_cancel(ctl, &rig_actor, id, on_answer, &answers[3]);
    control_cancel(ctl, &rig_actor, id, on_answer, &answers[4]);
    ck_assert_int_eq(answers[4].code, ERR_CONFLICT);
    ck_assert_uint_eq(answers[3].told, 0);
    let_go();
    ck_assert_int_eq(answers[3].code, ERR_NONE);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_CANCELLED);
    ck_assert_int_eq(rig_status(&rig, answers[0].run_id), STORE_RUN_RUNNING);
    check_chain(id);
}
END_TEST

/* Whose definition was read first does not matter: the oldest of those that wait begins first. */
START_TEST(runs_that_wait_come_back_in_the_order_of_their_age)
{
    char other[UUID_TEXT_BYTES], text[200];

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.runs_active_max = 1});
    definition(text, sizeof text, "1.0.0", 1);
    rig_publish(&rig, text);
    publish_chain();
    run_of("chain");
    rig_pass(RIG_MS);
    snprintf(other, sizeof other, "%s", run_of("d"));
    rig_pass(RIG_MS);
    run_of("chain");
    rig_die(&rig);
    reads_hold("\"dag_id\":\"d\"");
    rig_boot(&rig);
    while (engine_counts(rig.engine).runs_waiting == 0) /* the younger one is back */
        beside_turn(rig.beside);
    let_go();
    ck_assert_uint_eq(engine_counts(rig.engine).runs_waiting, 2);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, other), STORE_RUN_RUNNING);
}
END_TEST

TCase *beside_cases(void)
{
    TCase *tc = tcase_create("beside");

    tcase_add_test(tc, every_way_to_a_definition_reads_it_beside_the_loop);
    tcase_add_test(tc, the_kth_import_of_a_version_reads_what_the_third_did);
    tcase_add_test(tc, starts_of_a_version_share_one_reading_and_are_answered_in_their_order);
    tcase_add_test(tc, a_start_that_waits_is_refused_when_the_host_is_told_to_end);
    tcase_add_test(tc, a_definition_that_cannot_be_read_is_told_to_all_that_wait_and_not_kept);
    tcase_add_test(tc, publishes_of_one_version_at_once_are_settled_one_after_the_other);
    tcase_add_test(tc, what_is_published_does_not_hold_what_a_run_waits_for);
    tcase_add_test(tc, a_host_that_ends_while_definitions_are_read_answers_nobody);
    tcase_add_test(tc, a_host_that_ends_behind_a_definition_that_was_freed_frees_it_once);
    tcase_add_test(tc, runs_of_one_version_are_recovered_by_one_reading);
    tcase_add_test(tc, a_run_that_waits_for_its_definition_can_be_cancelled_and_keeps_its_place);
    tcase_add_test(tc, runs_that_wait_come_back_in_the_order_of_their_age);
    return tc;
}
