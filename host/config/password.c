/* password.c -- see password.h. What could be one is taken for one: too much may be hidden. */
#include "config/password.h"

#include <string.h>

#define HIDDEN "***"
#define BLANKS " \t\n\r\f\v"
static const char word[] = "password";

/* A password may hold a '/' or '@' that somebody did not write as %2F or %40: so the last '@'. */
static const char *hide_user(const char *address, struct buf *b)
{
    const char *user = strstr(address, "://");
    const char *at = strrchr(address, '@');
    const char *colon = user != NULL ? strchr(user + 3, ':') : NULL;

    if (colon == NULL || at == NULL || colon > at)
        return address;
    buf_add(b, address, (size_t)(colon + 1 - address));
    buf_adds(b, HIDDEN);
    return at;
}

/* The end of a value: quoted, or up to a blank or the next one of a URL. */
static const char *value_end(const char *value)
{
    if (*value != '\'')
        return value + strcspn(value, "&" BLANKS);
    for (value++; *value != '\0' && *value != '\''; value++)
        value += *value == '\\' && value[1] != '\0';
    return value + (*value != '\0');
}

void password_hide(const char *address, struct buf *b)
{
    const char *found;

    address = hide_user(address, b);
    while ((found = strstr(address, word)) != NULL) {
        const char *value = found + strlen(word);

        value += strspn(value, BLANKS);
        if (*value == '=') {
            value++;
            value += strspn(value, BLANKS);
        } else {
            value = NULL;
        }
        found = value != NULL ? value : found + strlen(word);
        buf_add(b, address, (size_t)(found - address));
        address = found;
        if (value == NULL)
            continue;
        buf_adds(b, HIDDEN);
        address = value_end(value);
    }
    buf_adds(b, address);
}

bool password_is_in(const char *address)
{
    auto_done(buf) shown = {0};

    password_hide(address, &shown);
    return strcmp(buf_text(&shown), address) != 0;
}
