/* suite_main.c -- the program of a suite: it looks at the machine, runs the cases and looks at what
 * they left. See harness.h. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { SKIPPED = 77, NOBODY = 65534 };

void give_up_root(void)
{
    if (setresgid(NOBODY, NOBODY, NOBODY) < 0 || setresuid(NOBODY, NOBODY, NOBODY) < 0 ||
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
        abort();
}

/* What this machine lacks, in words; false when it has every layer. The cases expect all of them,
 * and fallbacks_test takes them away one by one. Without root there are no groups of its own. */
static bool lacks_layers(int level, struct buf *why)
{
    struct sandbox_options options = {.supervisor_path = ORCH_SUPERVISOR,
                                      .worker_path = ORCH_WORKER};
    auto_obj(sandbox) sb = NULL;
    struct err e;

    if (!sandbox_start(&options, &(struct sandbox_events){0}, NULL, &sb, &e)) {
        buf_adds(why, e.msg);
        return true;
    }
    if (sandbox_layers(sb)->level >= level)
        return false;
    layer_report_json(sandbox_layers(sb), why);
    return true;
}

void suite_add_part(Suite *suite, const char *name, void (*add)(TCase *))
{
    TCase *tests = tcase_create(name);

    tcase_set_timeout(tests, 120);
    add(tests);
    suite_add_tcase(suite, tests);
}

int main(int argc, char **argv)
{
    bool rootless = argc > 1 && strcmp(argv[1], "rootless") == 0;
    auto_done(buf) why = {0};
    auto_done(buf) left = {0};
    struct residue before;
    SRunner *runner;
    int failed;

    residue_begin();
    if (rootless && geteuid() == 0)
        give_up_root();
    if (lacks_layers(rootless ? LAYER_LEVEL_DEFAULT : LAYER_LEVEL_MAX, &why)) {
        printf("skipped: %s needed: %s\n",
               rootless ? "user namespaces and Landlock are" : "root and all layers are",
               buf_text(&why));
        return SKIPPED;
    }
    before = residue_take();
    runner = srunner_create(adversarial_suite());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    if (failed == 0 && !residue_comes_back(&before, &left)) {
        printf("the suite left something: %s\n", buf_text(&left));
        failed = 1;
    }
    return failed == 0 ? 0 : 1;
}
