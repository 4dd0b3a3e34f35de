/* names.c -- see names.h. */
#include "base/names.h"

#include "base/limits.h"
#include "base/text.h"

#include <string.h>

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."

static bool only(const char *text, const char *characters, size_t bytes_max)
{
    size_t len = strlen(text);

    return len > 0 && len <= bytes_max && *text != '.' && strspn(text, characters) == len;
}

bool name_check_plain(const char *what, const char *text, size_t bytes_max, struct err *e)
{
    return only(text, PLAIN, bytes_max) ||
           err_set(e, ERR_INVALID,
                   "%s is 1 to %zu characters of A-Z a-z 0-9 . _ - and does not begin with a dot",
                   what, bytes_max);
}

bool name_check_tenant(const char *text, struct err *e)
{
    return name_check_plain("a tenant", text, TENANT_BYTES_MAX, e);
}

bool name_check_tenant_pattern(const char *text, struct err *e)
{
    return only(text, PLAIN "*?[]!^", TENANT_BYTES_MAX) ||
           err_set(e, ERR_INVALID,
                   "a pattern of tenants is 1 to %u characters of A-Z a-z 0-9 . _ - * ? [ ] ! ^ "
                   "and does not begin with a dot",
                   TENANT_BYTES_MAX);
}

bool name_is_id(const char *text, size_t len)
{
    return len > 0 && len < AGENT_ID_BYTES_MAX && strchr("._-", *text) == NULL &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789._-") >= len;
}

/* UTF-8 without C0, DEL and C1 (which UTF-8 writes as C2 80 to C2 9F). */
static bool is_line(const char *text)
{
    if (!text_utf8_valid(text, strlen(text)))
        return false;
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p < 0x20 || *p == 0x7F || (*p == 0xC2 && p[1] < 0xA0))
            return false;
    }
    return true;
}

bool name_check_task(const char *text, struct err *e)
{
    size_t len = strlen(text);
    bool good =
        len > 0 && len <= TASK_ID_BYTES_MAX && strcmp(text, ".") != 0 && strcmp(text, "..") != 0;

    for (const char *p = text; good && *p != '\0'; p++)
        good = *p >= ' ' && *p <= '~' && *p != '/';
    return good || err_set(e, ERR_INVALID,
                           "'task_id' is 1 to %u printable ASCII characters without '/', and "
                           "neither '.' nor '..'",
                           TASK_ID_BYTES_MAX);
}

bool name_check_subject(const char *text, struct err *e)
{
    size_t len = strlen(text);

    return (len > 0 && len <= SUBJECT_BYTES_MAX && *text != ' ' && text[len - 1] != ' ' &&
            is_line(text)) ||
           err_set(e, ERR_INVALID,
                   "a subject is 1 to %u bytes of UTF-8 without control characters and without a "
                   "blank at either end",
                   SUBJECT_BYTES_MAX);
}

bool name_check_scopes(const char *text, struct err *e)
{
    bool apart = true; /* a word may begin here */

    for (const char *p = text; *p != '\0'; p++) {
        bool blank = *p == ' ';

        if ((blank && (apart || p[1] == '\0')) ||
            (!blank && (*p < 0x21 || *p > 0x7E || *p == '"' || *p == '\\')))
            return err_set(e, ERR_INVALID,
                           "scopes are words of visible ASCII with one blank between");
        apart = blank;
    }
    return true;
}
