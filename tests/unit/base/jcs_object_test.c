/* jcs_object_test.c -- canonical JSON written member by member, and walked. */
#include "base/jcs_object.h"
#include "base/json.h"

#include "suites.h"

#include <check.h>
#include <string.h>

START_TEST(what_is_written_member_by_member_is_canonical)
{
    auto_done(buf) text = {0}, again = {0};
    struct jcs_object o = jcs_object_begin(&text), inner;
    auto_json value = NULL;
    struct err e = {0};

    jcs_object_bool(&o, "a", true);
    jcs_object_int(&o, "b", -9007199254740991);
    jcs_object_key(&o, "c");
    inner = jcs_object_begin(&text);
    jcs_object_end(&inner);
    jcs_object_real(&o, "ca", 0.000001);
    jcs_object_str(&o, "d", "quote \" slash \\ line\n bell\a \xc3\xa9");
    jcs_object_str(&o, "e", NULL);
    jcs_object_end(&o);
    value = json_loadb(text.data, text.len, 0, NULL);
    ck_assert_msg(value != NULL && jcs_write(value, &again, &e), "%s", buf_text(&text));
    ck_assert_str_eq(buf_text(&text), buf_text(&again));
}
END_TEST

static void is(struct jcs_part part, const char *text)
{
    ck_assert_uint_eq(part.len, strlen(text));
    ck_assert_mem_eq(part.at, text, part.len);
}

START_TEST(a_walk_gives_each_member_whatever_stands_in_it)
{
    const char *at =
        "{\"a\\\"}\":\"x\\\\\",\"b\":{\"c\":[1,{}],\"d\":\"]}\"},\"e\":-1e-7,\"f\":[]}";
    struct jcs_part key, value;

    ck_assert(jcs_next_member(&at, &key, &value));
    is(key, "a\\\"}");
    is(jcs_part_inside(value), "x\\\\");
    ck_assert(jcs_next_member(&at, &key, &value));
    is(key, "b");
    is(value, "{\"c\":[1,{}],\"d\":\"]}\"}");
    is(jcs_part_inside(value), "");
    ck_assert(jcs_next_member(&at, &key, &value));
    is(value, "-1e-7");
    ck_assert(jcs_next_member(&at, &key, &value));
    is(value, "[]");
    ck_assert(!jcs_next_member(&at, &key, &value));
}
END_TEST

START_TEST(a_walk_gives_each_element_and_none_of_an_empty_array)
{
    const char *at = "[\",\",[2],null]", *empty = "[]", *object = "{}";
    struct jcs_part key, value;

    ck_assert(jcs_next_element(&at, &value));
    is(value, "\",\"");
    ck_assert(jcs_next_element(&at, &value));
    is(value, "[2]");
    ck_assert(jcs_next_element(&at, &value));
    is(value, "null");
    ck_assert(!jcs_next_element(&at, &value));
    ck_assert(!jcs_next_element(&empty, &value) && !jcs_next_member(&object, &key, &value));
}
END_TEST

TCase *jcs_object_cases(void)
{
    TCase *tc = tcase_create("jcs_object");

    tcase_add_test(tc, what_is_written_member_by_member_is_canonical);
    tcase_add_test(tc, a_walk_gives_each_member_whatever_stands_in_it);
    tcase_add_test(tc, a_walk_gives_each_element_and_none_of_an_empty_array);
    return tc;
}
