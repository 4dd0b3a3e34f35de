/* main.c -- orch-worker: the zygote's steps in their order. It is exec'd with an empty environment
 * and the supervisor's socket at descriptor 3; it ends when that socket does. See worker.h. */
#include "sandbox/worker/worker.h"

#include "base/fd.h"
#include "base/signals.h"

#include <dlfcn.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { EXIT_NO_SETUP = 64, EXIT_SUPERVISOR_GONE = 0, EXIT_LOAD_FAILED = 65 };
enum { SPARE_HEAP_BYTES = 128 * 1024 };

static struct zygote zygote;

static void set_signals(void)
{
    signals_hold();
    /* The kernel reaps; who wants an exit status asks the pidfd. */
    signal(SIGCHLD, zygote.setup.init_reaps != 0 ? SIG_DFL : SIG_IGN);
}

/* What the supervisor may not set on attempts later, they inherit. */
static bool limit_attempts(void)
{
    return enter_limit(RLIMIT_AS, ATTEMPT_ADDRESS_SPACE_BYTES, ATTEMPT_ADDRESS_SPACE_BYTES) &&
           enter_limit(RLIMIT_STACK, ATTEMPT_STACK_BYTES, ATTEMPT_STACK_BYTES) &&
           enter_limit(RLIMIT_NOFILE, ATTEMPT_FILES_MAX, ATTEMPT_FILES_MAX);
}

/* A warm zygote's plugin was described, and its bytes looked at, by a spare of a clean one. */
static bool load(void)
{
    struct err e = {0};

    if (!zygote_await_load())
        return false;
    signals_let_through(); /* here: what the plugin sets is its attempts' too */
    if ((zygote.setup.limit_inside == 0 || limit_attempts()) &&
        enter_filter(&zygote.filters.warm)) {
        zygote.plugin = plugin_load(false, &e);
        if (zygote.plugin != NULL)
            return zygote_tell(MSG_LOADED, 0, NULL, 0, NULL);
    } else {
        err_sys(&e, "set limits and filter");
    }
    zygote_tell(MSG_LOAD_FAILED, 0, e.msg, strlen(e.msg), NULL);
    return false;
}

/* With the listener, which nobody here may keep. */
static bool tell_confined(void)
{
    auto_fd listener = zygote.listener;

    return zygote_tell(MSG_CONFINED, 0, &zygote.confined, sizeof zygote.confined,
                       listener >= 0 ? &listener : NULL);
}

/* What every attempt would make for itself: a heap, of which a fork copies what was touched, and
 * the table of checksums. */
static void make_ready(void)
{
    void *volatile first = malloc(1);

    free(first);
    (void)attempt_crc(0, NULL, 0);
}

/* In an empty root nothing can be found by name. Only for those who need it: it is mapped, copied
 * and searched for every attempt. */
static bool load_math(void)
{
    return (zygote.setup.flags & ZYGOTE_MATH) == 0 ||
           dlopen("libm.so.6", RTLD_NOW | RTLD_GLOBAL) != NULL;
}

int main(int argc, char **argv)
{
    title_keep(argc, argv);
    prctl(PR_SET_NAME, "orch-worker", 0, 0, 0);
    if (!zygote_setup(&zygote) || !load_math())
        return EXIT_NO_SETUP;
    set_signals();
    setvbuf(stdout, NULL, _IOLBF, 0);
    make_ready();
    enter_zygote(&zygote);
    if (!tell_confined())
        return EXIT_SUPERVISOR_GONE;
    if ((zygote.setup.flags & ZYGOTE_PROBE) != 0) {
        (void)zygote_await_load(); /* it is looked at, and killed */
        return EXIT_SUPERVISOR_GONE;
    }
    if ((zygote.setup.flags & ZYGOTE_WARM) != 0 && !load())
        return EXIT_LOAD_FAILED;
    malloc_trim(SPARE_HEAP_BYTES);
    zygote_serve(&zygote);
    return EXIT_SUPERVISOR_GONE;
}
