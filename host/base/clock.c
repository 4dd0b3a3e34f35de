/* clock.c -- see clock.h. */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t clock_mono_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t clock_wall_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void clock_text(int64_t wall_us, char out[CLOCK_TEXT_BYTES])
{
    time_t seconds = (time_t)(wall_us / 1000000);
    struct tm tm;
    size_t used;

    gmtime_r(&seconds, &tm);
    used = strftime(out, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + used, CLOCK_TEXT_BYTES - used, ".%06dZ", (int)(wall_us % 1000000));
}

static bool parse_fraction(const char **text, int64_t *ret_us)
{
    int64_t us = 0;
    int digits = 0;

    for ((*text)++; **text >= '0' && **text <= '9'; (*text)++, digits++) {
        if (digits < 6)
            us = us * 10 + (**text - '0');
    }
    for (int i = digits; i < 6; i++)
        us *= 10;
    *ret_us = us;
    return digits >= 1 && digits <= 9;
}

static bool parse_offset(const char *text, int64_t *ret_seconds)
{
    int hours, minutes, used = 0;

    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
        *ret_seconds = 0;
        return true;
    }
    if (text[0] != '+' && text[0] != '-')
        return false;
    if (sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2 || used != 5 ||
        text[1 + used] != '\0' || hours > 23 || minutes > 59)
        return false;
    *ret_seconds = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
    return true;
}

bool clock_parse(const char *text, int64_t *ret_wall_us)
{
    struct tm tm = {0}, again;
    int64_t us = 0, offset;
    int used = 0;
    time_t seconds;

    if (sscanf(text, "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) != 6 ||
        used != 19)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    again = tm;
    seconds = timegm(&again);
    if (again.tm_mday != tm.tm_mday || again.tm_mon != tm.tm_mon || again.tm_hour != tm.tm_hour)
        return false; /* 31 February and the like */
    text += used;
    if (*text == '.' && !parse_fraction(&text, &us))
        return false;
    if (!parse_offset(text, &offset))
        return false;
    *ret_wall_us = ((int64_t)seconds - offset) * 1000000 + us;
    return true;
}
