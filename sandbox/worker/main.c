/* main.c -- orch-worker: the zygote's steps in their order. It is exec'd with an empty environment
 * and the supervisor's socket at descriptor 3; it ends when that socket does. See worker.h. */
#include "sandbox/worker/worker.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

enum { EXIT_NO_SETUP = 64, EXIT_SUPERVISOR_GONE = 0, EXIT_LOAD_FAILED = 65 };

static struct zygote zygote;

static void name_plugin(void)
{
    if ((zygote.confined.layers & LAYER_MNTNS) != 0)
        snprintf(zygote.plugin_path, sizeof zygote.plugin_path, "/p/%.64s.so", zygote.setup.digest);
    else
        snprintf(zygote.plugin_path, sizeof zygote.plugin_path, "/proc/self/fd/%d", FD_PLUGIN);
}

/* Even a cold zygote has loaded nothing; its attempts describe nothing either. */
static bool load(void)
{
    auto_done(buf) b = {0};
    struct err e;

    if ((zygote.setup.flags & ZYGOTE_COLD) != 0)
        return zygote_tell(MSG_LOADED, 0, NULL, 0, NULL);
    zygote.plugin = plugin_load(&zygote, &e);
    if (zygote.plugin != NULL && plugin_describe(zygote.plugin, &b, &e))
        return zygote_tell(MSG_LOADED, 0, b.data, b.len, NULL);
    zygote_tell(MSG_LOAD_FAILED, 0, e.msg, strlen(e.msg), NULL);
    return false;
}

int main(void)
{
    prctl(PR_SET_NAME, "orch-worker", 0, 0, 0);
    if (!zygote_setup(&zygote))
        return EXIT_NO_SETUP;
    /* The kernel reaps; who wants an exit status asks the pidfd. */
    signal(SIGCHLD, zygote.setup.init_reaps != 0 ? SIG_DFL : SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    enter_zygote(&zygote);
    if (!zygote_tell(MSG_CONFINED, 0, &zygote.confined, sizeof zygote.confined, NULL))
        return EXIT_SUPERVISOR_GONE;
    if ((zygote.setup.flags & ZYGOTE_PROBE) != 0)
        return EXIT_SUPERVISOR_GONE;
    name_plugin();
    if (!load())
        return EXIT_LOAD_FAILED;
    malloc_trim(0);
    zygote_serve(&zygote);
    return EXIT_SUPERVISOR_GONE;
}
