/* router_test.c -- the matcher, and the whole route table against its committed snapshot. */
#include "suites.h"

#include "api/routes/routes.h"
#include "base/fd.h"
#include "model/dag/names.h"
#include "model/dag/source/parse.h"

#include <stdio.h>
#include <string.h>

static const struct route small_rows[] = {
    {.method = HTTP_GET, .pattern = "/runs/stream"},
    {.method = HTTP_POST, .pattern = "/runs/{id}:cancel"},
    {.method = HTTP_GET, .pattern = "/runs/{id}"},
    {.method = HTTP_DELETE, .pattern = "/runs/{id}"},
    {.method = HTTP_POST, .pattern = "/dags/{id}/{version}:disable"},
};
static const struct route_table small = {small_rows, ARRAY_LEN(small_rows)};

static struct route_match find(enum http_method method, const char *path)
{
    struct route_match m;
    struct err e;

    ck_assert_msg(route_find(&small, method, path, &m, &e), "%s", e.msg);
    return m;
}

START_TEST(a_fixed_word_stands_before_a_parameter)
{
    struct route_match m = find(HTTP_GET, "/runs/stream");

    ck_assert_str_eq(m.route->pattern, "/runs/stream");
    ck_assert_uint_eq(m.param_count, 0);
}
END_TEST

START_TEST(parameters_have_their_values)
{
    struct route_match m = find(HTTP_POST, "/dags/a b/1.0.0:disable");

    ck_assert_str_eq(route_param(&m, "id"), "a b");
    ck_assert_str_eq(route_param(&m, "version"), "1.0.0");
}
END_TEST

START_TEST(a_verb_is_not_part_of_the_id)
{
    struct route_match m = find(HTTP_POST, "/runs/r-1:cancel");

    ck_assert_str_eq(route_param(&m, "id"), "r-1");
    m = find(HTTP_GET, "/runs/r:1");
    ck_assert_str_eq(route_param(&m, "id"), "r:1");
    m = find(HTTP_GET, "/runs/:cancel"); /* nothing before the verb: an odd id */
    ck_assert_str_eq(m.route->pattern, "/runs/{id}");
}
END_TEST

START_TEST(another_method_is_told_apart_from_no_path)
{
    struct route_match m = find(HTTP_GET, "/runs/r-1:cancel");

    ck_assert_ptr_null(m.route);
    ck_assert_uint_eq(m.allowed, 1u << HTTP_POST);
    m = find(HTTP_PUT, "/runs/r-1");
    ck_assert_ptr_null(m.route);
    ck_assert_uint_eq(m.allowed, 1u << HTTP_GET | 1u << HTTP_DELETE);
    m = find(HTTP_GET, "/runs/a/b");
    ck_assert_uint_eq(m.allowed, 0);
}
END_TEST

START_TEST(head_finds_what_get_finds)
{
    ck_assert_ptr_nonnull(find(HTTP_HEAD, "/runs/r-1").route);
}
END_TEST

START_TEST(paths_that_nobody_can_mean_are_no_route)
{
    static const char *const paths[] = {"",        "/",      "//",       "/runs",        "/runs/",
                                        "/runs//", "runs/a", "/runs/a/", "/runs/stream/"};

    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        ck_assert_msg(find(HTTP_GET, paths[i]).allowed == 0, "%s", paths[i]);
}
END_TEST

START_TEST(bad_text_and_long_segments_are_refused)
{
    char path[HTTP_PATH_BYTES_MAX + 2];
    struct route_match m;
    struct err e;

    ck_assert(!route_find(&small, HTTP_GET, "/runs/\xff", &m, &e));
    ck_assert(!route_find(&small, HTTP_GET, "/runs/a\x01", &m, &e));
    memset(path, 'a', sizeof path);
    path[0] = '/';
    path[HTTP_SEGMENT_BYTES_MAX + 2] = '\0';
    ck_assert(!route_find(&small, HTTP_GET, path, &m, &e));
    path[HTTP_SEGMENT_BYTES_MAX + 1] = '\0';
    ck_assert(route_find(&small, HTTP_GET, path, &m, &e));
}
END_TEST

/* A row that an earlier one always hides could never answer. */
START_TEST(every_row_of_the_table_can_be_reached)
{
    for (size_t i = 0; i < api_routes.count; i++) {
        const struct route *row = &api_routes.rows[i];
        char path[256], *out = path;
        struct route_match m;
        struct err e;

        for (const char *at = row->pattern; *at != '\0'; at++) {
            if (*at == '{')
                at = strchr(at, '}');
            *out++ = *at == '}' ? 'x' : *at;
        }
        *out = '\0';
        ck_assert(route_find(&api_routes, row->method, path, &m, &e));
        ck_assert_msg(m.route == row, "%s %s is hidden", http_method_text(row->method), path);
    }
}
END_TEST

START_TEST(the_table_is_the_committed_one)
{
    auto_done(buf) now = {0}, then = {0};
    struct err e;

    for (size_t i = 0; i < api_routes.count; i++) {
        const struct route *row = &api_routes.rows[i];

        buf_addf(&now, "%-7s %-60s %-8s %8u\n", http_method_text(row->method), row->pattern,
                 route_need_text(row->need), row->body_bytes_max);
    }
    ck_assert_msg(file_read(ROUTES_SNAPSHOT, 1 << 20, &then, &e), "%s", e.msg);
    if (strcmp(buf_text(&now), buf_text(&then)) == 0)
        return;
    fputs(buf_text(&now), stdout);
    ck_abort_msg("the routes or what they need changed; the table is now as printed");
}
END_TEST

static bool published_as(const char *dag_id, const char *version)
{
    auto_json doc = json_pack("{s:s, s:s, s:s, s:{s:{s:s}}}", "dag_id", dag_id, "version", version,
                              "name", "x", "nodes", "n", "agent_id", "a");
    auto_done(dag_findings) findings = {0};
    auto_obj(dag) dag = NULL;

    ck_assert(dag_from_json(doc, &dag, &findings, NULL));
    dag_check_names(dag, &findings);
    return findings.count == 0;
}

/* A new fixed word beside {dag_id} or {version} hides what has it for a name. */
START_TEST(the_words_of_the_paths_are_no_ids)
{
    static const char dags[] = API_BASE "/dags/", versions[] = API_BASE "/dags/{dag_id}/";
    int words = 0;

    ck_assert(published_as("d", "1.0.0"));
    for (size_t i = 0; i < api_routes.count; i++) {
        const char *pattern = api_routes.rows[i].pattern;

        if (strchr(pattern, '{') == NULL && strncmp(pattern, dags, strlen(dags)) == 0) {
            ck_assert_msg(!published_as(pattern + strlen(dags), "1"), "%s", pattern);
            words++;
        } else if (strncmp(pattern, versions, strlen(versions)) == 0 &&
                   pattern[strlen(versions)] != '{') {
            ck_assert_msg(!published_as("d", pattern + strlen(versions)), "%s", pattern);
            words++;
        }
    }
    ck_assert_int_ge(words, 5);
}
END_TEST

TCase *router_cases(void)
{
    TCase *tc = tcase_create("router");

    tcase_add_test(tc, a_fixed_word_stands_before_a_parameter);
    tcase_add_test(tc, parameters_have_their_values);
    tcase_add_test(tc, a_verb_is_not_part_of_the_id);
    tcase_add_test(tc, another_method_is_told_apart_from_no_path);
    tcase_add_test(tc, head_finds_what_get_finds);
    tcase_add_test(tc, paths_that_nobody_can_mean_are_no_route);
    tcase_add_test(tc, bad_text_and_long_segments_are_refused);
    tcase_add_test(tc, every_row_of_the_table_can_be_reached);
    tcase_add_test(tc, the_table_is_the_committed_one);
    tcase_add_test(tc, the_words_of_the_paths_are_no_ids);
    return tc;
}
