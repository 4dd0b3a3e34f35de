/* evidence_test.c -- statements of ended runs, and signed heads over the ledger. */
#include "suites.h"

#include "base/clock.h"
#include "engine/catalog/dag_cache.h"
#include "engine/evidence/heads.h"
#include "engine/evidence/left_unsigned.h"
#include "engine/evidence/seals.h"
#include "engine/evidence/statements.h"
#include "model/ledger/statement.h"

#include <string.h>

static char id[UUID_TEXT_BYTES];

static unsigned pending(void)
{
    return statements_pending(engine_statements(rig.engine));
}

START_TEST(an_ended_run_gets_its_statement_signed_and_stored)
{
    run_chain(id);
    ck_assert_uint_eq(rig.authority.count, 1);
    ck_assert_ptr_nonnull(strstr(rig.authority.requests[0].payloads[0], id));
    ck_assert_ptr_nonnull(strstr(rig.authority.requests[0].payloads[0], RIG_BUILDER));
    ck_assert_uint_eq(pending(), 1);
    rig_authority_answers(&rig, ERR_NONE);
    ck_assert_uint_eq(rig_statements(&rig, id), 1);
    ck_assert_uint_eq(pending(), 0);
}
END_TEST

START_TEST(a_completed_nodes_row_has_the_hash_that_its_record_has)
{
    auto_done(store_node_list) nodes = {0};
    auto_done(store_provenance_list) records = {0};
    struct err e = {0};

    run_chain(id);
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "first", &nodes, &e));
    ck_assert(
        store_read_provenance(rig.reader, RIG_TENANT, id, (struct store_page){0}, &records, &e));
    ck_assert_uint_eq(records.count, 2);
    ck_assert_str_eq(records.rows[0].node_id, "first");
    ck_assert_str_eq(nodes.rows[0].chain_hash, records.rows[0].chain_hash);
    ck_assert_str_eq(nodes.rows[0].output_hash, records.rows[0].output_hash);
}
END_TEST

START_TEST(a_statement_waits_for_an_authority)
{
    rig.authority.attached = false;
    run_chain(id);
    ck_assert_uint_eq(rig.authority.count, 0);
    ck_assert_uint_eq(pending(), 1);
    rig.authority.attached = true;
    rig.authority.refuse = true; /* it died between the look and the request */
    rig_settle(&rig);
    ck_assert_uint_eq(pending(), 1);
    rig.authority.refuse = false;
    rig_settle(&rig);
    rig_authority_answers(&rig, ERR_UNAVAILABLE); /* it died with the request */
    ck_assert_uint_eq(pending(), 1);
    rig_authority_answers(&rig, ERR_NONE); /* the next one signs */
    ck_assert_uint_eq(rig_statements(&rig, id), 1);
}
END_TEST

START_TEST(a_statement_that_the_authority_refuses_is_not_asked_for_again)
{
    run_chain(id);
    rig_authority_answers(&rig, ERR_DENIED);
    ck_assert_uint_eq(pending(), 0);
    ck_assert_uint_eq(rig.authority.count, 0);
    ck_assert_uint_eq(rig_statements(&rig, id), 0);
    ck_assert_uint_eq(statements_left(engine_statements(rig.engine)), 1);
}
END_TEST

/* The newest reason; "" when none was left. */
static const char *left_why(void)
{
    const struct err *why = statements_left_why(engine_statements(rig.engine));

    return why != NULL ? why->msg : "";
}

START_TEST(a_statement_that_is_refused_for_good_holds_up_no_other)
{
    rig.authority.attached = false;
    run_chain(id);
    snprintf(id, sizeof id, "%s", run_of("chain"));
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_uint_eq(pending(), 2);
    rig.authority.attached = true;
    rig.authority.too_large = 1; /* the first of them */
    rig_settle(&rig);
    ck_assert_uint_eq(statements_left(engine_statements(rig.engine)), 1);
    ck_assert_ptr_nonnull(strstr(left_why(), "too large to sign"));
    rig_authority_answers(&rig, ERR_NONE);
    ck_assert_uint_eq(rig_statements(&rig, id), 1);
    ck_assert_uint_eq(pending(), 0);
    rig_crash(&rig); /* the next start tries the other again */
    ck_assert_uint_eq(pending(), 1);
    ck_assert_str_eq(left_why(), "");
}
END_TEST

START_TEST(a_statement_that_is_refused_for_now_is_asked_for_again)
{
    run_chain(id);
    rig_authority_answers(&rig, ERR_LIMIT);
    ck_assert_uint_eq(pending(), 1);
    rig_authority_answers(&rig, ERR_NONE);
    ck_assert_uint_eq(rig_statements(&rig, id), 1);
    ck_assert_uint_eq(statements_left(engine_statements(rig.engine)), 0);
}
END_TEST

START_TEST(what_a_crash_left_unsigned_is_signed_at_the_next_start)
{
    run_chain(id);
    rig_crash(&rig);
    ck_assert_uint_eq(rig.authority.count, 1);
    ck_assert_ptr_nonnull(strstr(rig.authority.requests[0].payloads[0], id));
    rig_authority_answers(&rig, ERR_NONE);
    ck_assert_uint_eq(rig_statements(&rig, id), 1);
    rig_crash(&rig);
    ck_assert_uint_eq(rig.authority.count, 0);
}
END_TEST

START_TEST(what_two_looks_find_at_once_is_signed_once)
{
    struct left_unsigned left = {.env = &rig.env};

    rig.authority.attached = false;
    run_chain(id);
    left.dags = dag_cache_new(&rig.env);
    left.statements = statements_new(&rig.env);
    left.again = left_again_new();
    left_unsigned_run(&left, RIG_TENANT, id);
    left_unsigned_run(&left, RIG_TENANT, id);
    rig_beside(&rig);
    ck_assert_uint_eq(statements_pending(left.statements), 1);
    left_again_free(left.again);
    statements_free(left.statements);
    dag_cache_free(left.dags);
}
END_TEST

/* The newest payload that waits for a signature, verified. */
static void check_statement(void)
{
    const struct rig_request *r = &rig.authority.requests[rig.authority.count - 1];
    auto_json statement = json_loads(r->payloads[0], 0, NULL);
    struct statement_facts facts;
    struct err e = {0};

    ck_assert_msg(statement_verify(statement, &facts, &e), "%s", e.msg);
    ck_assert_str_eq(facts.run_id, id);
}

START_TEST(a_step_of_the_wall_clock_changes_no_duration)
{
    static const int64_t steps_us[] = {-3600000000, 3600000000};
    auto_done(store_node_list) nodes = {0};
    auto_done(store_run_list) runs = {0};
    struct err e = {0};

    publish_chain();
    snprintf(id, sizeof id, "%s", run_of("chain"));
    rig_pass(RIG_S);
    rig_ok(&rig, "first");
    rig_wall_us += steps_us[_i];
    rig_pass(2 * RIG_S);
    rig_ok(&rig, "second");
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "first", &nodes, &e));
    ck_assert(nodes.rows[0].duration_ms == 1000);
    store_node_list_done(&nodes);
    ck_assert(store_read_node(rig.reader, RIG_TENANT, id, "second", &nodes, &e));
    ck_assert(nodes.rows[0].duration_ms == 2000);
    ck_assert(store_read_run(rig.reader, RIG_TENANT, id, &runs, &e));
    ck_assert_int_eq(runs.rows[0].completed_us - runs.rows[0].started_us, 3000000);
    check_statement();
}
END_TEST

START_TEST(a_wall_clock_that_went_back_before_a_start_does_not_turn_a_run_round)
{
    publish_chain();
    snprintf(id, sizeof id, "%s", run_of("chain"));
    rig_pass(RIG_S);
    rig_ok(&rig, "first");
    rig_wall_us -= 3600000000;
    rig_crash(&rig);
    rig_pass(RIG_S);
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    check_statement();
    check_chain(id);
}
END_TEST

/* ---- heads ---- */

static void seal(struct rig_answer *a)
{
    seals_ask(engine_seals(rig.engine), RIG_TENANT, rig_answered, a);
    rig_settle(&rig);
}

/* Answers until nothing is asked any more. */
static void answer_all(void)
{
    while (rig.authority.count > 0)
        rig_authority_answers(&rig, ERR_NONE);
}

static int64_t head_of(const char *tenant)
{
    auto_done(store_ledger_head_list) rows = {0};
    struct err e;

    ck_assert_msg(store_read_ledger_head(rig.reader, tenant, &rows, &e), "%s", e.msg);
    return rows.count > 0 ? rows.rows[0].tree_size : 0;
}

START_TEST(a_seal_is_answered_when_every_event_is_under_a_head)
{
    struct rig_answer a = {0}, again = {0};
    size_t events;

    run_chain(id);
    events = rig.event_count + 1; /* and the entry of its publishing */
    answer_all();
    seal(&a);
    ck_assert_uint_eq(a.told, 0);
    ck_assert_int_eq(heads_behind(engine_heads(rig.engine)), (int64_t)events);
    answer_all();
    ck_assert_uint_eq(a.told, 1);
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_int_eq(head_of(RIG_TENANT), (int64_t)events);
    ck_assert_int_eq(heads_behind(engine_heads(rig.engine)), 0);
    seal(&again); /* nothing new: at once */
    ck_assert_uint_eq(again.told, 1);
}
END_TEST

START_TEST(a_head_goes_on_where_the_last_one_ended_also_after_a_crash)
{
    struct rig_answer a = {0};
    int64_t first;

    run_chain(id);
    seal(&a);
    answer_all();
    first = head_of(RIG_TENANT);
    rig_crash(&rig);
    run_of("chain");
    a = (struct rig_answer){0};
    seal(&a);
    answer_all();
    ck_assert_uint_eq(a.told, 1);
    ck_assert_int_gt(head_of(RIG_TENANT), first);
}
END_TEST

/* Seals one more run: the payload of the head, as it is given to the authority. */
static const char *next_payload(void)
{
    static char payload[16 * 1024];
    struct rig_answer a = {0};

    run_of("chain");
    answer_all();
    seal(&a);
    ck_assert_uint_eq(rig.authority.count, 1);
    snprintf(payload, sizeof payload, "%s", rig.authority.requests[0].payloads[0]);
    answer_all();
    ck_assert_int_eq(a.code, ERR_NONE);
    return payload;
}

START_TEST(a_clock_that_was_set_forward_and_back_leaves_no_later_head_in_the_future)
{
    const int64_t step_us = 44LL * 365 * 24 * 3600 * 1000000;
    auto_done(store_ledger_head_list) rows = {0};
    char ahead[CLOCK_TEXT_BYTES], now[CLOCK_TEXT_BYTES];
    const char *payload;
    struct err e;

    run_chain(id);
    answer_all();
    rig_wall_us += step_us;
    clock_text(rig_wall_us, ahead);
    payload = next_payload();
    ck_assert_ptr_nonnull(strstr(payload, ahead));
    ck_assert_ptr_null(strstr(payload, "latest_timestamp"));
    rig_wall_us -= step_us;
    for (int i = 0; i < 2; i++) {
        rig_crash(&rig); /* what it knows is in the store */
        answer_all();
        clock_text(rig_wall_us, now);
        payload = next_payload();
        ck_assert_ptr_nonnull(strstr(payload, now));
        ck_assert_ptr_nonnull(strstr(payload, "\"latest_timestamp\":\""));
        ck_assert_ptr_nonnull(strstr(payload, ahead));
    }
    /* An export finds its heads by times that rise with the tree. */
    ck_assert(
        store_read_ledger_head_from(rig.reader, RIG_TENANT, rig_wall_us + step_us + 2, &rows, &e));
    ck_assert_uint_eq(rows.count, 1);
    ck_assert_int_eq(rows.rows[0].tree_size, head_of(RIG_TENANT));
}
END_TEST

START_TEST(heads_come_by_themselves_within_their_interval)
{
    int64_t first;

    rig_close(&rig);
    rig_open(&rig, (struct rig_options){.head_interval_ns = 60 * RIG_S});
    run_chain(id);
    answer_all();
    ck_assert_int_eq(head_of(RIG_TENANT), 0);
    ck_assert_int_le(engine_next_timer(rig.engine), rig_mono_ns + 60 * RIG_S);
    rig_pass(60 * RIG_S);
    rig_settle(&rig);
    answer_all();
    first = head_of(RIG_TENANT);
    ck_assert_int_gt(first, 0);
    run_of("chain");
    rig_crash(&rig); /* events without a head: the pass begins at the start */
    answer_all();
    ck_assert_int_gt(head_of(RIG_TENANT), first);
    rig_pass(60 * RIG_S); /* the run was read from the store behind that pass */
    rig_settle(&rig);
    answer_all();
    ck_assert_int_eq(heads_behind(engine_heads(rig.engine)), 0);
}
END_TEST

START_TEST(a_pass_that_fails_answers_why_and_is_made_again)
{
    struct rig_answer a = {0};

    run_chain(id);
    answer_all();
    seal(&a);
    rig_authority_answers(&rig, ERR_DENIED);
    ck_assert_uint_eq(a.told, 1);
    ck_assert_int_eq(a.code, ERR_DENIED);
    ck_assert_ptr_nonnull(heads_failed(engine_heads(rig.engine)));
    a = (struct rig_answer){0};
    rig.authority.attached = false;
    seal(&a);
    ck_assert_int_eq(a.code, ERR_UNAVAILABLE);
    rig.authority.attached = true;
    a = (struct rig_answer){0};
    seal(&a);
    answer_all();
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_ptr_null(heads_failed(engine_heads(rig.engine)));
}
END_TEST

START_TEST(each_tenant_has_a_head_of_its_own)
{
    struct rig_answer a = {0};
    int64_t seq;

    run_chain(id);
    answer_all();
    seq = append_event("other", "");
    heads_note(engine_heads(rig.engine), "other", seq, seq);
    seal(&a);
    answer_all();
    ck_assert_int_eq(a.code, ERR_NONE);
    ck_assert_int_gt(head_of(RIG_TENANT), 1);
    ck_assert_int_eq(head_of("other"), 1);
}
END_TEST

START_TEST(too_many_who_wait_for_a_head_are_refused_and_the_closed_api_is_not_answered)
{
    struct rig_answer waiting = {0}, one = {0};

    run_chain(id);
    for (int i = 0; i < 256; i++)
        seals_ask(engine_seals(rig.engine), RIG_TENANT, rig_answered, &waiting);
    seals_ask(engine_seals(rig.engine), RIG_TENANT, rig_answered, &one);
    ck_assert_int_eq(one.code, ERR_LIMIT);
    engine_forget_waiters(rig.engine);
    one.code = ERR_NONE;
    for (int i = 0; i < 256; i++) /* every place is free again */
        seals_ask(engine_seals(rig.engine), RIG_TENANT, rig_answered, &one);
    ck_assert_int_eq(one.code, ERR_NONE);
    engine_forget_waiters(rig.engine);
    rig_settle(&rig);
    answer_all();
    ck_assert_uint_eq(waiting.told, 0);
}
END_TEST

TCase *evidence_cases(void)
{
    TCase *tc = tcase_create("evidence");

    tcase_add_test(tc, an_ended_run_gets_its_statement_signed_and_stored);
    tcase_add_test(tc, a_completed_nodes_row_has_the_hash_that_its_record_has);
    tcase_add_test(tc, a_statement_waits_for_an_authority);
    tcase_add_test(tc, a_statement_that_the_authority_refuses_is_not_asked_for_again);
    tcase_add_test(tc, a_statement_that_is_refused_for_good_holds_up_no_other);
    tcase_add_test(tc, a_statement_that_is_refused_for_now_is_asked_for_again);
    tcase_add_loop_test(tc, a_step_of_the_wall_clock_changes_no_duration, 0, 2);
    tcase_add_test(tc, a_wall_clock_that_went_back_before_a_start_does_not_turn_a_run_round);
    tcase_add_test(tc, what_a_crash_left_unsigned_is_signed_at_the_next_start);
    tcase_add_test(tc, what_two_looks_find_at_once_is_signed_once);
    tcase_add_test(tc, a_seal_is_answered_when_every_event_is_under_a_head);
    tcase_add_test(tc, a_head_goes_on_where_the_last_one_ended_also_after_a_crash);
    tcase_add_test(tc, a_clock_that_was_set_forward_and_back_leaves_no_later_head_in_the_future);
    tcase_add_test(tc, heads_come_by_themselves_within_their_interval);
    tcase_add_test(tc, a_pass_that_fails_answers_why_and_is_made_again);
    tcase_add_test(tc, each_tenant_has_a_head_of_its_own);
    tcase_add_test(tc, too_many_who_wait_for_a_head_are_refused_and_the_closed_api_is_not_answered);
    return tc;
}
