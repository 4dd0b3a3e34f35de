/* head_test.c -- request heads: what is read, what is refused, and whether the connection can go
 * on behind it. */
#include "suites.h"

#include "api/http/http.h"
#include "base/mem.h"

#include <string.h>

#define HOST "Host: x\r\n"
#define GET "GET / HTTP/1.1\r\n" HOST

struct reading {
    bool good;
    struct http_head head;
    struct early error;
};

static struct reading read_text(const char *text)
{
    struct reading r = {0};
    size_t at = 0, len = 0;
    enum http_scan scan = http_head_scan(text, strlen(text), &at, &len);

    if (scan == HTTP_SCAN_WHOLE)
        r.good = http_head_read(text, len, &r.head, &r.error);
    else
        http_head_refuse(scan, &r.head, &r.error);
    return r;
}

START_TEST(a_head_is_read_as_it_was_written)
{
    struct reading r = read_text("POST /a%20b/c+d?q=1+2&r=%3D%26&s HTTP/1.1\r\n" HOST
                                 "content-LENGTH: 12\r\nX-Stella-Tenant: \t acme \r\n"
                                 "Accept: a\r\nAccept: b\r\nX-Any: \x80\xff\r\n\r\n");

    ck_assert(r.good && !r.head.close);
    ck_assert_int_eq(r.head.method, HTTP_POST);
    ck_assert_str_eq(r.head.path, "/a b/c+d");
    ck_assert_str_eq(http_query_get(&r.head.query, "q"), "1 2");
    ck_assert_str_eq(http_query_get(&r.head.query, "r"), "=&");
    ck_assert_str_eq(http_query_get(&r.head.query, "s"), "");
    ck_assert_str_eq(http_header(&r.head, HTTP_HEADER_TENANT), "acme");
    ck_assert_str_eq(http_header(&r.head, HTTP_HEADER_ACCEPT), "a, b");
    ck_assert_uint_eq(r.head.body_bytes, 12);
    http_head_done(&r.head);
}
END_TEST

START_TEST(a_head_comes_in_any_pieces)
{
    static const char text[] = "\r\n\r\n" GET "\r\nGET";
    size_t whole = sizeof text - 1 - 3;

    for (size_t step = 1; step < sizeof text; step++) {
        size_t at = 0, len = 0, have = 0;
        enum http_scan scan = HTTP_SCAN_MORE;

        while (scan == HTTP_SCAN_MORE && have < sizeof text - 1) {
            have = have + step < sizeof text - 1 ? have + step : sizeof text - 1;
            scan = http_head_scan(text, have, &at, &len);
        }
        ck_assert_int_eq(scan, HTTP_SCAN_WHOLE);
        ck_assert_uint_eq(len, whole);
    }
}
END_TEST

/* After these it is not known where the next request begins: the connection must end. */
static const struct {
    int status;
    const char *text;
} unframed[] = {
    {400, "GET / HTTP/1.1\nHost: x\n\n"},
    {400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n"},
    {400, GET "A: b\nC: d\r\n\r\n"},
    {400, GET "A: b\r\n folded\r\n\r\n"},
    {400, GET "A : b\r\n\r\n"},
    {400, GET " A: b\r\n\r\n"},
    {400, GET "no colon\r\n\r\n"},
    {400, GET ": b\r\n\r\n"},
    {400, GET "A: \x01\r\n\r\n"},
    {400, GET "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"},
    {400, GET "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"},
    {400, GET "Content-Length: 4,4\r\n\r\n"},
    {400, GET "Content-Length: +4\r\n\r\n"},
    {400, GET "Content-Length: 0x4\r\n\r\n"},
    {400, GET "Content-Length: -0\r\n\r\n"},
    {400, GET "Content-Length: 4 4\r\n\r\n"},
    {400, GET "Content-Length:\r\n\r\n"},
    {400, GET "Content-Length: 99999999999999999999\r\n\r\n"},
    {400, GET "Content-Length: 000000000000000000000000000000000001\r\n\r\n"},
    {400, GET "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {411, GET "Transfer-Encoding: chunked\r\n\r\n"},
    {411, GET "Transfer-Encoding: identity\r\n\r\n"},
    {411, GET "Transfer-Encoding:\r\n\r\n"},
    {400, GET "Transfer-Encoding : chunked\r\n\r\n"},
    {400, GET HOST "\r\n"},
    {400, GET "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n\r\n"},
    {400, "GET /  HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET  / HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /\r\n" HOST "\r\n"},
    {400, "GET\r\n\r\n"},
    {400, "GET / http/1.1\r\n" HOST "\r\n"},
    {400, "GET / HTTP/1.x\r\n" HOST "\r\n"},
    {400, "GET x HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /\x80 HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /#a HTTP/1.1\r\n" HOST "\r\n"},
    {400, "CONNECT x:80 HTTP/1.1\r\n" HOST "\r\n"},
    {505, "GET / HTTP/2.0\r\n" HOST "\r\n"},
    {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
};

START_TEST(a_head_with_two_readings_ends_the_connection)
{
    struct reading r = read_text(unframed[_i].text);

    ck_assert_msg(!r.good && r.error.status == unframed[_i].status, "%d instead of %d: %s",
                  r.error.status, unframed[_i].status, unframed[_i].text);
    ck_assert_msg(r.head.close && r.head.body_bytes == 0, "%s", unframed[_i].text);
    http_head_done(&r.head);
}
END_TEST

/* These are wrong, but everybody knows where they end. */
static const struct {
    int status;
    const char *target;
} framed[] = {
    {400, "/%"},      {400, "/%4"},         {400, "/%zz"},    {400, "/a%00b"},
    {400, "/a%0ab"},  {400, "/a%0d%0aX:y"}, {400, "/%ff"},    {404, "/..%2f..%2flivez"},
    {404, "/a%2Fb"},  {400, "/?a=%"},       {400, "/?a=%00"}, {400, "/?a=1&a=2"},
    {400, "/?a=%ff"}, {400, "/?a=%0a"},
};

START_TEST(a_target_that_is_wrong_is_refused_and_the_connection_goes_on)
{
    auto_mem char *text =
        mem_printf("GET %s HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n", framed[_i].target);
    struct reading r = read_text(text);

    ck_assert_msg(!r.good && r.error.status == framed[_i].status, "%d: %s", r.error.status,
                  framed[_i].target);
    ck_assert(!r.head.close);
    ck_assert_uint_eq(r.head.body_bytes, 3);
    http_head_done(&r.head);
}
END_TEST

static void path_is(const char *target, const char *path)
{
    auto_mem char *text = mem_printf("GET %s HTTP/1.1\r\n" HOST "\r\n", target);
    struct reading r = read_text(text);

    ck_assert_msg(r.good, "%s: %s", target, r.error.e.msg);
    ck_assert_str_eq(r.head.path, path);
    http_head_done(&r.head);
}

START_TEST(a_path_is_decoded_once_and_never_normalized)
{
    path_is("/a/../b", "/a/../b");
    path_is("/a/%2e%2e/b", "/a/../b");
    path_is("//a/./b", "//a/./b");
    path_is("/%2561", "/%61");
    path_is("http://other/a?b=c", "/a");
    path_is("http://other", "/");
    path_is("/%E2%82%AC", "/\xe2\x82\xac");
}
END_TEST

START_TEST(what_is_too_long_is_431)
{
    auto_mem char *long_value = mem_zero(HTTP_HEAD_BYTES_MAX + 1, 1);
    auto_mem char *text = NULL;
    auto_done(buf) many = {0};
    struct reading r;

    memset(long_value, 'a', HTTP_HEAD_BYTES_MAX);
    r = read_text(long_value);
    ck_assert(r.error.status == 431 && r.head.close);
    http_head_done(&r.head);
    text = mem_printf(GET "X-Stella-Tenant: %.*s\r\n\r\n", 129, long_value);
    r = read_text(text);
    ck_assert(!r.good && r.error.status == 431 && !r.head.close);
    http_head_done(&r.head);
    buf_adds(&many, GET);
    for (int i = 0; i < HTTP_HEAD_LINES_MAX; i++)
        buf_adds(&many, "A: b\r\n");
    buf_adds(&many, "\r\n");
    r = read_text(buf_text(&many));
    ck_assert(!r.good && r.error.status == 431 && r.head.close);
    http_head_done(&r.head);
}
END_TEST

START_TEST(who_closes_says_so)
{
    static const char *const closing[] = {"GET / HTTP/1.0\r\n\r\n", GET "Connection: close\r\n\r\n",
                                          GET "Connection: x\r\nConnection: Close\r\n\r\n"};

    for (size_t i = 0; i < ARRAY_LEN(closing); i++) {
        struct reading r = read_text(closing[i]);

        ck_assert(r.good && r.head.close);
        http_head_done(&r.head);
    }
}
END_TEST

START_TEST(an_unknown_method_is_501)
{
    struct reading r = read_text("BREW / HTTP/1.1\r\n" HOST "\r\n");

    ck_assert(!r.good && r.error.status == 501 && !r.head.close);
    http_head_done(&r.head);
}
END_TEST

TCase *head_cases(void)
{
    TCase *tc = tcase_create("head");

    tcase_add_test(tc, a_head_is_read_as_it_was_written);
    tcase_add_test(tc, a_head_comes_in_any_pieces);
    tcase_add_loop_test(tc, a_head_with_two_readings_ends_the_connection, 0,
                        (int)ARRAY_LEN(unframed));
    tcase_add_loop_test(tc, a_target_that_is_wrong_is_refused_and_the_connection_goes_on, 0,
                        (int)ARRAY_LEN(framed));
    tcase_add_test(tc, a_path_is_decoded_once_and_never_normalized);
    tcase_add_test(tc, what_is_too_long_is_431);
    tcase_add_test(tc, who_closes_says_so);
    tcase_add_test(tc, an_unknown_method_is_501);
    return tc;
}
