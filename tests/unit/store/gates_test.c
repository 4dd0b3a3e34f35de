/* gates_test.c -- what runs wait at: places of a key, and starts that become one. */
#include "suites.h"

#include <string.h>

static struct store_gate at(const char *run_id, const char *key, int64_t bound, const char *policy,
                            int64_t created)
{
    return (struct store_gate){.tenant = SAMPLE_TENANT,
                               .run_id = run_id,
                               .kind = STORE_GATE_CONCURRENCY,
                               .dag_id = "d",
                               .gate_key = key,
                               .bound = bound,
                               .on_conflict = policy,
                               .created_us = SAMPLE_TIME + created,
                               .due_us = SAMPLE_TIME + created,
                               .first_us = SAMPLE_TIME + created};
}

/* Of debounce, with a period of 100. */
static struct store_gate soon(const char *run_id, int64_t max_wait, int64_t created)
{
    struct store_gate gate = at(run_id, "\"k\"", max_wait, "", created);

    gate.kind = STORE_GATE_DEBOUNCE;
    gate.due_us += 100;
    return gate;
}

typedef void write_fn(struct store_batch *b, const struct store_gate *gate);

static enum err_code write_one(write_fn *fn, struct store_gate gate)
{
    struct store_batch *b = store_batch_new();
    struct err e = {0};

    fn(b, &gate);
    if (!store_commit_wait(fixture_store, &b, NULL, &e))
        store_batch_free(b);
    return e.code;
}

static void must(write_fn *fn, struct store_gate gate)
{
    ck_assert_int_eq(write_one(fn, gate), ERR_NONE);
}

static int64_t slot_of(const char *run_id)
{
    auto_done(store_gate_list) l = {0};
    struct err e = {0};

    ck_assert(
        store_read_gate(fixture_reader, SAMPLE_TENANT, run_id, STORE_GATE_CONCURRENCY, &l, &e));
    return l.count == 0 ? -1 : l.rows[0].slot;
}

static void end(const char *run_id)
{
    struct store_batch *b = store_batch_new();

    store_batch_gate_end(b, SAMPLE_TENANT, run_id);
    (void)commit(b);
}

static void put_and_take(struct store_gate gate)
{
    must(store_batch_gate_put, gate);
    must(store_batch_gate_take, gate);
}

START_TEST(a_key_has_so_many_places)
{
    put_and_take(at("a", "1", 2, "queue", 1));
    put_and_take(at("b", "1", 2, "queue", 2));
    put_and_take(at("c", "1", 2, "queue", 3));
    put_and_take(at("d", "2", 2, "queue", 4));
    ck_assert_int_eq(slot_of("a"), 1);
    ck_assert_int_eq(slot_of("b"), 2);
    ck_assert_int_eq(slot_of("c"), 0);
    ck_assert_int_eq(slot_of("d"), 1);
    end("a");
    ck_assert_int_eq(slot_of("a"), -1);
    must(store_batch_gate_take, at("c", "1", 2, "queue", 3));
    ck_assert_int_eq(slot_of("c"), 1);
    must(store_batch_gate_take, at("c", "1", 2, "queue", 3));
    ck_assert_int_eq(slot_of("c"), 1);
}
END_TEST

/* The first that holds one says nothing of how many may: the bound is each row's own. */
START_TEST(a_lower_bound_counts_all_that_hold_one)
{
    put_and_take(at("a", "1", 3, "queue", 1));
    put_and_take(at("b", "1", 3, "queue", 2));
    put_and_take(at("c", "1", 1, "queue", 3));
    ck_assert_int_eq(slot_of("c"), 0);
    end("a");
    must(store_batch_gate_take, at("c", "1", 1, "queue", 3));
    ck_assert_int_eq(slot_of("c"), 0);
    end("b");
    must(store_batch_gate_take, at("c", "1", 1, "queue", 3));
    ck_assert_int_eq(slot_of("c"), 1);
}
END_TEST

START_TEST(who_queues_takes_in_the_order_of_age)
{
    put_and_take(at("a", "1", 1, "queue", 1));
    must(store_batch_gate_put, at("c", "1", 1, "queue", 3));
    must(store_batch_gate_put, at("b", "1", 1, "queue", 2));
    must(store_batch_gate_put, at("n", "1", 1, "keep_latest", 0));
    end("a");
    must(store_batch_gate_take, at("n", "1", 1, "keep_latest", 0));
    ck_assert_int_eq(slot_of("n"), 0);
    must(store_batch_gate_take, at("c", "1", 1, "queue", 3));
    ck_assert_int_eq(slot_of("c"), 0);
    must(store_batch_gate_take, at("b", "1", 1, "queue", 2));
    ck_assert_int_eq(slot_of("b"), 1);
}
END_TEST

START_TEST(of_those_that_keep_the_latest_the_newest_takes)
{
    put_and_take(at("a", "1", 1, "keep_latest", 1));
    must(store_batch_gate_put, at("b", "1", 1, "keep_latest", 2));
    must(store_batch_gate_put, at("c", "1", 1, "replace", 3));
    end("a");
    must(store_batch_gate_take, at("b", "1", 1, "keep_latest", 2));
    ck_assert_int_eq(slot_of("b"), 0);
    must(store_batch_gate_take, at("c", "1", 1, "replace", 3));
    ck_assert_int_eq(slot_of("c"), 1);
}
END_TEST

START_TEST(who_must_have_one_at_once_is_refused)
{
    must(store_batch_gate_put, at("a", "1", 1, "skip", 1));
    ck_assert_int_eq(write_one(store_batch_gate_take_now, at("a", "1", 1, "skip", 1)), ERR_NONE);
    must(store_batch_gate_put, at("b", "1", 1, "skip", 2));
    ck_assert_int_eq(write_one(store_batch_gate_take_now, at("b", "1", 1, "skip", 2)),
                     ERR_CONFLICT);
    ck_assert_int_eq(slot_of("b"), 0);
}
END_TEST

static void list(struct store_gate_list *l, struct buf *text)
{
    for (size_t i = 0; i < l->count; i++)
        buf_addf(text, "%s ", l->rows[i].run_id);
    buf_addc(text, '|');
}

START_TEST(a_key_is_read_by_who_holds_and_who_waits)
{
    const struct store_gate key = at("c", "1", 2, "queue", 3);
    auto_done(store_gate_list) held = {0}, newest = {0};
    auto_done(buf) text = {0};
    int64_t ahead;
    struct err e = {0};

    put_and_take(at("b", "1", 2, "queue", 2));
    put_and_take(at("a", "1", 2, "queue", 1));
    for (int i = 0; i < 4; i++)
        must(store_batch_gate_put,
             at((const char *[]){"c", "d", "e", "f"}[i], "1", 2, "queue", 3 + i));
    must(store_batch_gate_put, at("other", "2", 2, "queue", 0));
    ck_assert(store_read_gates_held(fixture_reader, &key, 10, &held, &e));
    ck_assert(store_read_gates_newest(fixture_reader, &key, 3, &newest, &e));
    list(&held, &text);
    list(&newest, &text);
    ck_assert_str_eq(buf_text(&text), "a b |f e d |");
    ck_assert(store_read_gates_ahead(fixture_reader, &key, &ahead, &e));
    ck_assert_int_eq(ahead, 0);
    ck_assert_int_eq(held.rows[0].bound, 2);
    ck_assert_int_eq(held.rows[0].created_us, SAMPLE_TIME + 1);
    ck_assert_str_eq(held.rows[0].on_conflict, "queue");
    ck_assert_str_eq(newest.rows[0].gate_key, "1");
}
END_TEST

START_TEST(so_many_are_ahead)
{
    const struct store_gate last = at("c", "1", 1, "queue", 3);
    int64_t ahead;
    struct err e = {0};

    must(store_batch_gate_put, at("a", "1", 1, "queue", 1));
    must(store_batch_gate_put, at("b", "1", 1, "queue", 2));
    must(store_batch_gate_put, last);
    ck_assert(store_read_gates_ahead(fixture_reader, &last, &ahead, &e));
    ck_assert_int_eq(ahead, 2);
}
END_TEST

static int64_t due_of(const char *run_id)
{
    auto_done(store_gate_list) l = {0};
    struct err e = {0};

    ck_assert(store_read_gate(fixture_reader, SAMPLE_TENANT, run_id, STORE_GATE_DEBOUNCE, &l, &e));
    return l.count == 0 ? 0 : l.rows[0].due_us - SAMPLE_TIME;
}

static void join(struct store_gate gate)
{
    must(store_batch_gate_put, gate);
    must(store_batch_gate_join, gate);
}

static void open_at(struct store_gate gate, int64_t now)
{
    gate.due_us = SAMPLE_TIME + now;
    must(store_batch_gate_open, gate);
}

START_TEST(starts_become_the_last_of_them)
{
    join(soon("a", 0, 0));
    join(soon("b", 0, 50));
    ck_assert_int_eq(due_of("a"), 100);
    ck_assert_int_eq(due_of("b"), 150);
    open_at(soon("a", 0, 0), 1000);
    ck_assert_int_eq(due_of("a"), 100);
    open_at(soon("b", 0, 50), 149);
    ck_assert_int_eq(due_of("b"), 150);
    open_at(soon("b", 0, 50), 150);
    ck_assert_int_eq(due_of("b"), 0);
}
END_TEST

START_TEST(they_wait_so_long_behind_the_first)
{
    join(soon("a", 120, 0));
    join(soon("b", 120, 50));
    end("a");
    join(soon("c", 120, 90));
    ck_assert_int_eq(due_of("a"), 0);
    ck_assert_int_eq(due_of("b"), 120);
    ck_assert_int_eq(due_of("c"), 120);
}
END_TEST

TCase *gates_cases(void)
{
    TCase *c = tcase_create("gates");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, a_key_has_so_many_places);
    tcase_add_test(c, a_lower_bound_counts_all_that_hold_one);
    tcase_add_test(c, who_queues_takes_in_the_order_of_age);
    tcase_add_test(c, of_those_that_keep_the_latest_the_newest_takes);
    tcase_add_test(c, who_must_have_one_at_once_is_refused);
    tcase_add_test(c, a_key_is_read_by_who_holds_and_who_waits);
    tcase_add_test(c, so_many_are_ahead);
    tcase_add_test(c, starts_become_the_last_of_them);
    tcase_add_test(c, they_wait_so_long_behind_the_first);
    return c;
}
