/* hostile_leak.c -- what an attempt can find, and how it might tell. */
#include "hostile.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* ---- what can be found ---- */

static const char *do_environment(void)
{
    int count = 0;

    for (char **e = environ; e != NULL && *e != NULL; e++)
        count++;
    snprintf(text, sizeof text, "%d variables, PATH %s", count,
             getenv("PATH") != NULL ? "set" : "unset");
    return text;
}
/* The kernel says whether a page can be read. */
static int readable(uintptr_t page)
{
    return syscall(SYS_rt_sigprocmask, SIG_BLOCK, page, NULL, 8) == 0 || errno != EFAULT;
}
static int scan(uintptr_t around, const char *needle, size_t len)
{
    uintptr_t from = (around & ~4095ul) - (16u << 20), to = (around & ~4095ul) + (16u << 20);
    int found = 0;

    for (uintptr_t page = from; page < to; page += 4096)
        if (readable(page))
            found += memmem((void *)page, 4096, needle, len) != NULL;
    return found;
}
static const char tail[] = "ARY-7f3a";
static const char *do_scan(void)
{
    /* In two halves, so as not to find itself. */
    char needle[32] = "ORCH-CAN";
    size_t len = strlen(strcat(needle, tail));
    int found = 0;

    found += scan((uintptr_t)sbrk(0), needle, len);
    found += scan((uintptr_t)do_scan, needle, len);
    found += scan((uintptr_t)malloc, needle, len);
    snprintf(text, sizeof text, "%s", found == 0 ? "not found" : "found");
    return text;
}
static const orch_secret_v1 *secrets(void)
{
    return host->ext(host, ORCH_EXT_SECRET);
}
static const char *do_leak(void)
{
    static const char digits[] = "0123456789abcdef";
    orch_bytes value = {0};
    size_t n = 0;

    if (secrets() == NULL || secrets()->get(run, "token", &value) != ORCH_OK)
        return "no secret";
    host->log(run, ORCH_LOG_INFO, value);
    host->progress(run, 1, 2, value);
    printf("%.*s\n", (int)value.len, (const char *)value.ptr);
    fflush(stdout);
    n += (size_t)snprintf(text, sizeof text, "plain %.*s hex ", (int)value.len,
                          (const char *)value.ptr);
    for (size_t i = 0; i < value.len; i++) {
        uint8_t byte = ((const uint8_t *)value.ptr)[i];

        text[n++] = digits[byte >> 4];
        text[n++] = digits[byte & 15];
    }
    text[n] = '\0';
    return text;
}
static const char *do_leak_error(void)
{
    orch_bytes value = {0};

    if (secrets()->get(run, "token", &value) != ORCH_OK)
        return "no secret";
    host->set_error(run, "LeakError", value);
    return NULL;
}
/* A long text whose value lies across each limit that a text has, and behind all of them. */
static size_t far_text(char *ret, orch_bytes value)
{
    static const size_t places[] = {4 * 1024 - 6, 16 * 1024 - 6, 19 * 1024};
    size_t len = 20 * 1024;

    memset(ret, '.', len);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        memcpy(ret + places[i], value.ptr, value.len);
    return len;
}
static const char *do_leak_far(void)
{
    static char far[20 * 1024], class_name[128];
    orch_bytes value = {0}, whole = {far, 0};

    if (secrets()->get(run, "token", &value) != ORCH_OK)
        return "no secret";
    whole.len = far_text(far, value);
    host->log(run, ORCH_LOG_INFO, whole);
    host->progress(run, 1, 2, whole);
    snprintf(class_name, sizeof class_name, "%058d%.*s", 0, (int)value.len,
             (const char *)value.ptr);
    host->set_error(run, class_name, whole);
    return NULL;
}
static const char *do_print(void)
{
    printf("out\xff\xc3\xa9\n");
    fprintf(stderr, "err\n");
    return "printed";
}
static const char *do_sleep(void)
{
    struct timespec ms = {0, 1000000};

    while (!host->should_stop(run))
        nanosleep(&ms, NULL);
    return NULL;
}

const struct attack leak_attacks[] = {
    CASE(environment), CASE(scan),  CASE(leak),  CASE(leak_error),
    CASE(leak_far),    CASE(print), CASE(sleep), END_OF_CASES,
};
