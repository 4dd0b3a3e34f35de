/* file_test.c -- the lanes of a host's file: JSON or YAML, refused as a whole. */
#include "suites.h"

#include "base/json.h"
#include "base/mem.h"
#include "lanes/file.h"

#include <string.h>

START_TEST(lanes_are_read_in_both_languages)
{
    static const struct {
        const char *text, *want;
    } files[] = {
        {"{\"lanes\":{\"ml\":{\"slots\":3}}}", "{\"ml\":{\"slots\":3}}"},
        {"lanes:\n  ml:\n    slots: 3\n  night.ly:\n    agent_id: a\n    config: {n: 1}\n",
         "{\"ml\":{\"slots\":3},\"night.ly\":{\"agent_id\":\"a\",\"config\":{\"n\":1}}}"},
        {"{\"lanes\":{}}", "{}"},
        {"{}", "{}"},
    };
    struct err e = {0};

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        auto_json lanes = NULL;
        auto_mem char *got = NULL;

        ck_assert_msg(lane_file_read(files[i].text, strlen(files[i].text), &lanes, &e), "%s",
                      e.msg);
        got = json_dumps(lanes, JSON_COMPACT);
        ck_assert_str_eq(got, files[i].want);
    }
}
END_TEST

START_TEST(what_a_file_may_not_say_is_named)
{
    static const struct {
        const char *text, *names;
    } files[] = {
        {"", "holds no definition"},
        {"[]", "must be an object"},
        {"{\"lane\":{}}", "no member 'lane'"},
        {"{\"lanes\":[]}", "'lanes' must be an object"},
        {"{\"lanes\":{\"a b\":{}}}", "'a b'"},
        {"{\"lanes\":{\"ml\":3}}", "lane 'ml'"},
        {"{\"lanes\":{\"ml\":{\"slots\":-1}}}", "lane 'ml': 'slots'"},
        {"{\"lanes\":{\"ml\":{\"colour\":1}}}", "lane 'ml': a lane has no member 'colour'"},
        {"{\"lanes\":{\"ml\":{\"agent_id\":\"\"}}}", "lane 'ml': 'agent_id'"},
        {"{\"lanes\":{\"ml\":{\"slots\":1,\"slots\":2}}}", "line 1"},
        {"lanes:\n  ml:\n    slots: [\n", "line "},
    };

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        auto_json lanes = NULL;
        struct err e = {0};

        ck_assert(!lane_file_read(files[i].text, strlen(files[i].text), &lanes, &e));
        ck_assert_msg(strstr(e.msg, files[i].names) != NULL, "%s: %s", files[i].text, e.msg);
        ck_assert_ptr_null(lanes);
    }
}
END_TEST

TCase *file_case(void)
{
    TCase *tc = tcase_create("file");

    tcase_add_test(tc, lanes_are_read_in_both_languages);
    tcase_add_test(tc, what_a_file_may_not_say_is_named);
    return tc;
}
