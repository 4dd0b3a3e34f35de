/* wave_test.c -- what may go to the database together, and what must wait for the next statement.
 */
#include "fixture.h"

#include "store/ops.h"
#include "store/postgres/wave.h"

/* How many waves the batch's operations need. */
static int waves_of(struct store_batch *b)
{
    auto_done(wave) w = {0};
    int waves = 1;

    for (const struct op *op = b->first; op != NULL; op = op->next) {
        if (wave_take(&w, op))
            continue;
        wave_next(&w);
        ck_assert(wave_take(&w, op));
        waves++;
    }
    store_batch_free(b);
    return waves;
}

START_TEST(the_steps_of_many_runs_and_of_one_go_together)
{
    struct store_batch *b = store_batch_new();
    char run_id[16], node_id[16];

    for (int i = 0; i < 200; i++) {
        snprintf(run_id, sizeof run_id, "r%d", i % 50);
        snprintf(node_id, sizeof node_id, "n%d", i);
        sample_step(b, run_id, node_id, 1);
    }
    ck_assert_int_eq(waves_of(b), 1);
}
END_TEST

START_TEST(a_row_that_is_written_twice_needs_two)
{
    struct store_batch *b = store_batch_new();

    for (int i = 0; i < 3; i++)
        sample_step(b, "r1", "n1", 1);
    ck_assert_int_eq(waves_of(b), 3);
}
END_TEST

START_TEST(what_stands_behind_its_like_in_the_calls_does_so_in_the_waves)
{
    struct store_batch *b = store_batch_new();
    const struct store_run run = sample_run("r1");
    const struct store_node node = sample_node("r1", "n1");
    const struct store_checkpoint checkpoint = sample_checkpoint("r1", "n1");
    const struct store_run_end over = sample_run_end("r1");

    store_batch_run_insert(b, &run);
    store_batch_node_upsert(b, &node);
    store_batch_checkpoint_put(b, &checkpoint);
    store_batch_checkpoint_delete(b, SAMPLE_TENANT, "r1", NULL);
    store_batch_run_end(b, &over);
    store_batch_run_reopen(b, SAMPLE_TENANT, "r1", SAMPLE_HOST, 1);
    ck_assert_int_eq(waves_of(b), 1);

    b = store_batch_new();
    store_batch_node_upsert(b, &node);
    store_batch_run_insert(b, &run); /* too late for the node */
    store_batch_checkpoint_delete(b, SAMPLE_TENANT, "r1", "n1");
    store_batch_checkpoint_put(b, &checkpoint); /* stays */
    store_batch_run_reopen(b, SAMPLE_TENANT, "r1", SAMPLE_HOST, 1);
    store_batch_run_end(b, &over); /* over in the end */
    ck_assert_int_eq(waves_of(b), 4);
}
END_TEST

TCase *wave_cases(void)
{
    TCase *c = tcase_create("wave");

    tcase_add_test(c, the_steps_of_many_runs_and_of_one_go_together);
    tcase_add_test(c, a_row_that_is_written_twice_needs_two);
    tcase_add_test(c, what_stands_behind_its_like_in_the_calls_does_so_in_the_waves);
    return c;
}
