/* clock.c -- see clock.h. */
#include "base/clock.h"

#include <string.h>
#include <time.h>

/* 1000-01-01 and 9999-12-31T23:59:59.999999Z: RFC 3339 has four digits for a year. Behind them the
 * first and the last moment are written: a wrong clock must not spoil what is signed. */
#define WALL_LEAST_US (-30610224000LL * 1000000)
#define WALL_MOST_US (253402300800LL * 1000000 - 1)

int64_t clock_mono_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t read_us(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    return read_us(CLOCK_REALTIME);
}

int64_t clock_boot_us(void)
{
    return read_us(CLOCK_BOOTTIME);
}

/* Several times a step: strftime and printf cost ten times as much. */
static char *put_digits(char *out, int number, int count, char behind)
{
    for (int i = count - 1; i >= 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
    out[count] = behind;
    return out + count + 1;
}

void clock_text(int64_t wall_us, char out[CLOCK_TEXT_BYTES])
{
    int64_t least = wall_us > WALL_LEAST_US ? wall_us : WALL_LEAST_US;
    int64_t us = least < WALL_MOST_US ? least : WALL_MOST_US;
    int64_t part = (us % 1000000 + 1000000) % 1000000;
    time_t seconds = (time_t)((us - part) / 1000000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    out = put_digits(out, tm.tm_year + 1900, 4, '-');
    out = put_digits(out, tm.tm_mon + 1, 2, '-');
    out = put_digits(out, tm.tm_mday, 2, 'T');
    out = put_digits(out, tm.tm_hour, 2, ':');
    out = put_digits(out, tm.tm_min, 2, ':');
    out = put_digits(out, tm.tm_sec, 2, '.');
    out = put_digits(out, (int)part, 6, 'Z');
    *out = '\0';
}

/* Exactly so many digits: sscanf would take blanks and signs as well. */
static bool parse_digits(const char **text, int count, int *ret)
{
    int value = 0;

    for (int i = 0; i < count; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        value = value * 10 + (**text - '0');
    }
    *ret = value;
    return true;
}

static bool parse_one_of(const char **text, const char *any)
{
    if (**text == '\0' || strchr(any, **text) == NULL)
        return false;
    (*text)++;
    return true;
}

static bool parse_seconds(const char **text, int64_t *ret_seconds)
{
    struct tm tm = {0}, again;

    if (!parse_digits(text, 4, &tm.tm_year) || !parse_one_of(text, "-") ||
        !parse_digits(text, 2, &tm.tm_mon) || !parse_one_of(text, "-") ||
        !parse_digits(text, 2, &tm.tm_mday) || !parse_one_of(text, "Tt ") ||
        !parse_digits(text, 2, &tm.tm_hour) || !parse_one_of(text, ":") ||
        !parse_digits(text, 2, &tm.tm_min) || !parse_one_of(text, ":") ||
        !parse_digits(text, 2, &tm.tm_sec))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    again = tm;
    *ret_seconds = (int64_t)timegm(&again);
    /* timegm turns 31 February and 10:61 into times that exist. */
    return again.tm_mon == tm.tm_mon && again.tm_mday == tm.tm_mday &&
           again.tm_hour == tm.tm_hour && again.tm_min == tm.tm_min;
}

static bool parse_fraction(const char **text, int64_t *ret_us)
{
    int64_t us = 0;
    int digits = 0;

    *ret_us = 0;
    if (!parse_one_of(text, "."))
        return true;
    for (; **text >= '0' && **text <= '9'; (*text)++, digits++) {
        if (digits < 6)
            us = us * 10 + (**text - '0');
    }
    for (int i = digits; i < 6; i++)
        us *= 10;
    *ret_us = us;
    return digits >= 1 && digits <= 9;
}

static bool parse_offset(const char **text, int64_t *ret_seconds)
{
    bool west = **text == '-';
    int hours, minutes;

    *ret_seconds = 0;
    if (parse_one_of(text, "Zz"))
        return true;
    if (!parse_one_of(text, "+-") || !parse_digits(text, 2, &hours) || !parse_one_of(text, ":") ||
        !parse_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_seconds = ((int64_t)hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

bool clock_parse(const char *text, int64_t *ret_wall_us)
{
    int64_t seconds, us, offset;

    if (!parse_seconds(&text, &seconds) || !parse_fraction(&text, &us) ||
        !parse_offset(&text, &offset) || *text != '\0')
        return false;
    *ret_wall_us = (seconds - offset) * 1000000 + us;
    return true;
}
