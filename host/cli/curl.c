/* curl.c -- see curl.h. */
#include "cli/curl.h"

#include "base/auto.h"
#include "base/library_calls.h"

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stdarg.h>
#undef curl_easy_getinfo
#undef curl_easy_setopt

/* Those with "..." are made below. */
#define FUNCTIONS(RETURNS, GIVES, RELEASES)                                                        \
    RETURNS(CURLcode, curl_global_init, (long flags), (flags))                                     \
    GIVES(curl_global_cleanup, (void), ())                                                         \
    RETURNS(curl_version_info_data *, curl_version_info, (CURLversion age), (age))                 \
    RETURNS(CURL *, curl_easy_init, (void), ())                                                    \
    RETURNS(CURLcode, curl_easy_perform, (CURL * curl), (curl))                                    \
    RETURNS(const char *, curl_easy_strerror, (CURLcode code), (code))                             \
    RELEASES(curl_easy_cleanup, CURL *)                                                            \
    RETURNS(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *text),  \
            (list, text))                                                                          \
    RELEASES(curl_slist_free_all, struct curl_slist *)                                             \
    RETURNS(CURLU *, curl_url, (void), ())                                                         \
    RETURNS(CURLUcode, curl_url_set,                                                               \
            (CURLU * url, CURLUPart part, const char *text, unsigned flags),                       \
            (url, part, text, flags))                                                              \
    RETURNS(CURLUcode, curl_url_get, (CURLU * url, CURLUPart part, char **ret, unsigned flags),    \
            (url, part, ret, flags))                                                               \
    RELEASES(curl_url_cleanup, CURLU *)                                                            \
    RELEASES(curl_free, void *)

/* The names of the parameters are ours.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name,readability-function-size) */
LIBRARY_CALLS(FUNCTIONS, curl_load)
/* NOLINTEND(readability-inconsistent-declaration-parameter-name,readability-function-size) */

static CURLcode (*own_setopt)(CURL *curl, CURLoption option, ...);
static CURLcode (*own_getinfo)(CURL *curl, CURLINFO info, ...);
static const struct library_function variadic[] = {
    {"curl_easy_setopt", (void *)&own_setopt},
    {"curl_easy_getinfo", (void *)&own_getinfo},
};

static_assert(sizeof(curl_off_t) == sizeof(long), "both kinds of number are passed on as one");

/* What an option takes its number says: a number, or a pointer. */
static bool takes_number(CURLoption option)
{
    return option < CURLOPTTYPE_OBJECTPOINT ||
           (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB);
}

/* Whoever has a handle has the library. */
LIBRARY_OURS CURLcode curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
    CURLcode code;
    va_list args;

    va_start(args, option);
    if (takes_number(option)) {
        long number = va_arg(args, long);

        code = own_setopt(curl, option, number);
    } else {
        void *pointer = va_arg(args, void *);

        code = own_setopt(curl, option, pointer);
    }
    va_end(args);
    return code;
}

LIBRARY_OURS CURLcode curl_easy_getinfo(CURL *curl, CURLINFO info, ...)
{
    CURLcode code;
    va_list args;

    va_start(args, info);
    code = own_getinfo(curl, info, va_arg(args, void *));
    va_end(args);
    return code;
}

bool curl_load(struct err *e)
{
    static const char soname[] = "libcurl.so.4";
    static void *library, *again;

    return again != NULL || (library_load(soname, functions, ARRAY_LEN(functions), &library, e) &&
                             library_load(soname, variadic, ARRAY_LEN(variadic), &again, e));
}
