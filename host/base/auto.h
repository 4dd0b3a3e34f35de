/* auto.h -- one ownership rule: every object has one owner and every release is automatic.
 *
 * A local that owns something is declared auto_*; giving it away is take(). take() is never
 * written inside a macro argument that is read twice (STYLE 4.7). */
#ifndef ORCH_BASE_AUTO_H
#define ORCH_BASE_AUTO_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define must_check __attribute__((warn_unused_result))
#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))
#define unused_arg __attribute__((unused))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline void auto_close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void auto_free_mem(void *p)
{
    free(*(void **)p);
}

static inline void auto_close_file(FILE **f)
{
    if (*f != NULL)
        fclose(*f);
}

#define auto_fd __attribute__((cleanup(auto_close_fd))) int
#define auto_mem __attribute__((cleanup(auto_free_mem)))
#define auto_file __attribute__((cleanup(auto_close_file))) FILE *

/* DEFINE_AUTO(run) makes auto_obj(run) release with run_free(), which accepts NULL. */
#define DEFINE_AUTO(name)                                                                          \
    static inline void name##_auto_free(struct name **p)                                           \
    {                                                                                              \
        name##_free(*p);                                                                           \
    }
#define auto_obj(name) __attribute__((cleanup(name##_auto_free))) struct name *

/* The same for objects that are embedded and released with name_done(). */
#define DEFINE_AUTO_DONE(name)                                                                     \
    static inline void name##_auto_done(struct name *p)                                            \
    {                                                                                              \
        name##_done(p);                                                                            \
    }
#define auto_done(name) __attribute__((cleanup(name##_auto_done))) struct name

#define take(p)                                                                                    \
    __extension__({                                                                                \
        __typeof__(p) taken_ = (p);                                                                \
        (p) = NULL;                                                                                \
        taken_;                                                                                    \
    })

static inline int take_fd(int *fd)
{
    int taken = *fd;

    *fd = -1;
    return taken;
}

#endif
