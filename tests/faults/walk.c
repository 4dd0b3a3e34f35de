/* walk.c -- see walk.h. */
#include "faults/walk.h"

#include "faults/shim.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>

enum { PLACES_MAX = 2000 };

static unsigned descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static bool try_place(const struct fault_trial *trial, uint32_t n)
{
    struct err e = {0};
    unsigned hits;
    bool done;

    fault_arm(fault_own_role(), n, EIO);
    done = trial->act(&e);
    hits = fault_disarm();
    ck_assert_msg(done || (e.code != ERR_NONE && e.msg[0] != '\0'),
                  "no reason when '%s' (%u) failed", fault_page->call, n);
    ck_assert_msg(done || hits > 0, "%s", e.msg);
    trial->after(done);
    return hits > 0;
}

unsigned fault_walk(const struct fault_trial *trial)
{
    unsigned before = descriptors();
    uint32_t n = 1;

    for (; try_place(trial, n); n++) {
        ck_assert_uint_lt(n, PLACES_MAX);
        ck_assert_msg(descriptors() == before, "%u descriptors, not %u, when '%s' (%u) failed",
                      descriptors(), before, fault_page->call, n);
    }
    return n - 1;
}
