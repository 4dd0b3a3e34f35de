/* metrics_test.c -- the registry and its text. */
#include "suites.h"

#include "observe/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAGS "gl_orchestrator_dag_executions_total"

static void has(const struct metrics *m, const char *wanted)
{
    auto_done(buf) text = {0};

    metrics_text(m, &text);
    ck_assert_msg(strstr(buf_text(&text), wanted) != NULL, "lacks %s", wanted);
}

/* The sum of the samples whose lines begin with the text; fails when there is none. */
static double shown(const struct metrics *m, const char *begins)
{
    auto_done(buf) text = {0};
    double sum = 0;
    int found = 0;

    metrics_text(m, &text);
    for (const char *line = buf_text(&text); line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, begins, strlen(begins)) != 0)
            continue;
        sum += strtod(memrchr(line, ' ', strcspn(line, "\n")), NULL);
        found++;
    }
    ck_assert_msg(found > 0, "no line begins with %s", begins);
    return sum;
}

START_TEST(a_text_in_pieces_is_the_text)
{
    auto_obj(metrics) m = metrics_new();
    auto_done(buf) whole = {0}, pieces = {0};
    struct metrics_place at = {0};

    metrics_observe(m, METRIC_HTTP_DURATION, METRIC_LABELS("GET", "/a", "200"), 0.1);
    metrics_observe(m, METRIC_HTTP_DURATION, METRIC_LABELS("GET", "/b", "200"), 0.1);
    metrics_text(m, &whole);
    while (metrics_text_piece(m, &at, 1, &pieces))
        ;
    ck_assert_str_eq(buf_text(&pieces), buf_text(&whole));
}
END_TEST

START_TEST(counters_and_gauges_show_their_values)
{
    auto_obj(metrics) m = metrics_new();

    metrics_add(m, METRIC_DAG_EXECUTIONS, METRIC_LABELS("d", "failed"), 2);
    metrics_add(m, METRIC_DAG_EXECUTIONS, METRIC_LABELS("d", "failed"), 1);
    metrics_set(m, METRIC_ACTIVE_EXECUTIONS, METRIC_NO_LABELS, 4);
    metrics_add(m, METRIC_ACTIVE_EXECUTIONS, METRIC_NO_LABELS, -1);
    has(m, "# TYPE gl_orchestrator_dag_executions_total counter\n"
           "gl_orchestrator_dag_executions_total{dag_id=\"d\",status=\"failed\"} 3\n");
    has(m, "\ngl_orchestrator_active_executions 3\n");
    has(m, "\ngl_orchestrator_queued_executions 0\n");
    ck_assert(shown(m, DAGS "{") == 3);
}
END_TEST

START_TEST(histograms_are_cumulative_with_the_contracts_bounds)
{
    auto_obj(metrics) m = metrics_new();

    metrics_observe(m, METRIC_DAG_DURATION, METRIC_LABELS("d"), 0.1);
    metrics_observe(m, METRIC_DAG_DURATION, METRIC_LABELS("d"), 0.7);
    metrics_observe(m, METRIC_DAG_DURATION, METRIC_LABELS("d"), 5000);
    metrics_observe(m, METRIC_CHECKPOINT_SIZE, METRIC_NO_LABELS, 2e6);
    has(m, "_bucket{dag_id=\"d\",le=\"0.1\"} 1\n");
    has(m, "_bucket{dag_id=\"d\",le=\"1.0\"} 2\n");
    has(m, "_bucket{dag_id=\"d\",le=\"1800.0\"} 2\n");
    has(m, "_bucket{dag_id=\"d\",le=\"+Inf\"} 3\n");
    has(m, "_sum{dag_id=\"d\"} 5000.8\n");
    has(m, "_count{dag_id=\"d\"} 3\n");
    has(m, "gl_orchestrator_checkpoint_size_bytes_bucket{le=\"1e+06\"} 0\n");
    has(m, "gl_orchestrator_checkpoint_size_bytes_bucket{le=\"1e+07\"} 1\n");
}
END_TEST

START_TEST(label_values_are_quoted_and_cut)
{
    auto_obj(metrics) m = metrics_new();
    char longer[METRIC_LABEL_BYTES_MAX + 10];

    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    metrics_add(m, METRIC_VALIDATION_ERRORS, METRIC_LABELS("a\"b\\c\nd"), 1);
    metrics_add(m, METRIC_VALIDATION_ERRORS, METRIC_LABELS(longer), 1);
    longer[METRIC_LABEL_BYTES_MAX] = '\0';
    metrics_add(m, METRIC_VALIDATION_ERRORS, METRIC_LABELS(longer), 1);
    has(m, "{error_type=\"a\\\"b\\\\c\\nd\"} 1\n");
    ck_assert(shown(m, "gl_orchestrator_dag_validation_errors_total{error_type=\"x") == 2);
}
END_TEST

START_TEST(the_number_of_series_is_bounded_and_the_rest_is_counted)
{
    auto_obj(metrics) m = metrics_new();
    char dag_id[16];

    for (int i = 0; i < METRIC_SERIES_MAX + 50; i++) {
        snprintf(dag_id, sizeof dag_id, "d%d", i);
        metrics_add(m, METRIC_DAG_EXECUTIONS, METRIC_LABELS(dag_id, "failed"), 1);
    }
    metrics_add(m, METRIC_DAG_EXECUTIONS, METRIC_LABELS("new", "completed"), 1);
    metrics_add(m, METRIC_DAG_EXECUTIONS, METRIC_LABELS("d7", "completed"), 1);
    ck_assert(shown(m, DAGS "{dag_id=\"other\",status=\"failed\"}") == 50);
    ck_assert(shown(m, DAGS "{dag_id=\"other\",status=\"completed\"}") == 2);
    ck_assert(shown(m, "orch_metrics_series_dropped_total ") == 52);
    ck_assert(shown(m, DAGS "{dag_id=\"d7\",status=\"failed\"}") == 1);
    ck_assert(shown(m, DAGS "{") == METRIC_SERIES_MAX + 52);
}
END_TEST

/* Values that are no names, without end: they are bounded too. */
START_TEST(closed_lists_that_do_not_end_fold_at_last)
{
    auto_obj(metrics) m = metrics_new();
    char reason[16];

    for (int i = 0; i < 10000; i++) {
        snprintf(reason, sizeof reason, "r%d", i);
        metrics_add(m, METRIC_STREAM_CLOSED, METRIC_LABELS(reason), 1);
    }
    ck_assert(shown(m, "orch_stream_closed_total{") == 10000);
    ck_assert(shown(m, "orch_stream_closed_total{reason=\"other\"}") > 7000);
}
END_TEST

START_TEST(a_series_that_was_touched_is_there_with_zero_and_takes_no_place_of_others)
{
    auto_obj(metrics) m = metrics_new();
    char dag_id[16];

    metrics_touch(m, METRIC_DAG_EXECUTIONS, METRIC_LABELS("d", "failed"));
    has(m, DAGS "{dag_id=\"d\",status=\"failed\"} 0\n");
    metrics_add(m, METRIC_DAG_EXECUTIONS, METRIC_LABELS("d", "failed"), 2);
    metrics_touch(m, METRIC_DAG_EXECUTIONS, METRIC_LABELS("d", "failed"));
    ck_assert(shown(m, DAGS "{dag_id=\"d\",status=\"failed\"}") == 2);
    metrics_touch(m, METRIC_RUN_DURATION, METRIC_LABELS("acme"));
    has(m, "orchestrator_run_duration_seconds_count{tenant=\"acme\"} 0\n");
    for (int i = 0; i < METRIC_SERIES_MAX + 50; i++) {
        snprintf(dag_id, sizeof dag_id, "d%d", i);
        metrics_touch(m, METRIC_DAG_EXECUTIONS, METRIC_LABELS(dag_id, "failed"));
    }
    ck_assert(shown(m, "orch_metrics_series_dropped_total ") == 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("metrics");
    TCase *tc = tcase_create("metrics");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, a_text_in_pieces_is_the_text);
    tcase_add_test(tc, counters_and_gauges_show_their_values);
    tcase_add_test(tc, histograms_are_cumulative_with_the_contracts_bounds);
    tcase_add_test(tc, label_values_are_quoted_and_cut);
    tcase_add_test(tc, the_number_of_series_is_bounded_and_the_rest_is_counted);
    tcase_add_test(tc, closed_lists_that_do_not_end_fold_at_last);
    tcase_add_test(tc, a_series_that_was_touched_is_there_with_zero_and_takes_no_place_of_others);
    suite_add_tcase(suite, tc);
    suite_add_tcase(suite, task_times_cases());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
