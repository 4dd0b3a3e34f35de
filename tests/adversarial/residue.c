/* residue.c -- see residue.h. */
#include "residue.h"

#include "base/clock.h"
#include "base/mem.h"
#include "harness.h"

#include <assert.h>
#include <dirent.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SUPERVISORS_MAX = 4096,
    FOLDER_NAME_BYTES = 64,
    WAIT_MS = 10 * 1000,
    STEP_US = 20 * 1000,
    UID_FIRST = 0x6f720000, /* as in sandbox/supervisor/zygote.c */
    WALK_DESCRIPTORS = 16,
};

/* Shared with every fork: a test's process is gone when its suite is compared. */
struct noted {
    pid_t owner;
    unsigned count;
    char folders[SUPERVISORS_MAX][FOLDER_NAME_BYTES]; /* orch-PID-START */
};
static struct noted *noted;

void residue_begin(void)
{
    assert(noted == NULL);
    noted = mmap(NULL, sizeof *noted, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(noted != MAP_FAILED);
    noted->owner = getpid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* ---- processes ---- */

static void each_below(void (*visit)(int pid, void *arg), void *arg)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;

    assert(dir != NULL); /* outside of a test too */
    while ((entry = readdir(dir)) != NULL) {
        int pid = atoi(entry->d_name);

        if (pid > 0 && pid != getpid() && process_is_below(pid, getpid()))
            visit(pid, arg);
    }
    closedir(dir);
}

/* Field 22 of /proc/PID/stat, the 20th behind the name: with the pid it is the folder's name. */
static uint64_t start_of(int pid)
{
    auto_mem char *path = mem_printf("/proc/%d/stat", pid);
    auto_file f = fopen(path, "re");
    char line[1024];
    const char *at = f != NULL && fgets(line, sizeof line, f) != NULL ? strrchr(line, ')') : NULL;
    uint64_t ticks = 0;

    for (int i = 0; at != NULL && i < 20; i++)
        at = strchr(at + 1, ' ');
    return at != NULL && sscanf(at, "%" SCNu64, &ticks) == 1 ? ticks : 0;
}

static bool is_noted(const char *folder)
{
    for (unsigned i = 0; i < noted->count; i++)
        if (strcmp(noted->folders[i], folder) == 0)
            return true;
    return false;
}

static void note(int pid, void *arg)
{
    char folder[FOLDER_NAME_BYTES];

    (void)arg;
    if (!process_is_named(pid, "orch-supervisor"))
        return;
    snprintf(folder, sizeof folder, "orch-%d-%" PRIu64, pid, start_of(pid));
    if (is_noted(folder))
        return;
    ck_assert_uint_lt(noted->count, SUPERVISORS_MAX);
    memcpy(noted->folders[noted->count++], folder, sizeof folder);
}

void residue_note_supervisors(void)
{
    each_below(note, NULL);
}

static unsigned descriptors_of(int pid)
{
    auto_mem char *path = mem_printf("/proc/%d/fd", pid);
    DIR *dir = opendir(path);
    unsigned count = 0;

    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        closedir(dir);
    return count;
}

static void count_process(int pid, void *arg)
{
    struct residue *r = arg;

    r->processes++;
    r->descriptors += descriptors_of(pid);
}

/* Orphans that came to the subreaper and have ended are nobody's leak. */
static void reap_orphans(void)
{
    while (getpid() == noted->owner && waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

/* ---- groups ---- */

/* nftw has no argument for its callback. */
static struct residue *walked;

static uint64_t charge_of(const char *group)
{
    static const char *const files[] = {"memory.usage_in_bytes", "memory.current"};
    uint64_t bytes;

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        auto_mem char *path = mem_printf("%s/%s", group, files[i]);
        auto_file f = fopen(path, "re");

        if (f != NULL && fscanf(f, "%" SCNu64, &bytes) == 1)
            return bytes;
    }
    return 0;
}

/* The part of path that a supervisor made, when it is a noted one. */
static bool in_noted(const char *path, bool *ret_is_top)
{
    const char *at = strstr(path, "/orch-");
    char folder[FOLDER_NAME_BYTES];

    if (at == NULL)
        return false;
    snprintf(folder, sizeof folder, "%.*s", (int)strcspn(at + 1, "/"), at + 1);
    *ret_is_top = strchr(at + 1, '/') == NULL;
    return is_noted(folder);
}

static int count_group(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    bool top;

    (void)st;
    (void)ftw;
    if (type != FTW_D || !in_noted(path, &top))
        return 0;
    walked->groups++;
    if (top) /* the charge of all that is in it, and of what was */
        walked->charge_bytes += charge_of(path);
    return 0;
}

/* ---- files ---- */

static unsigned files_in(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    unsigned count = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        auto_mem char *path = mem_printf("%s/%s", folder, entry->d_name);
        struct stat st;

        count += lstat(path, &st) == 0 && st.st_uid >= UID_FIRST;
    }
    if (dir != NULL)
        closedir(dir);
    return count;
}

/* ---- all ---- */

struct residue residue_take(void)
{
    struct residue r = {0};

    assert(noted != NULL);
    reap_orphans();
    r.descriptors = descriptors_of(getpid());
    each_below(count_process, &r);
    walked = &r;
    nftw("/sys/fs/cgroup", count_group, WALK_DESCRIPTORS, FTW_PHYS);
    walked = NULL;
    r.files = files_in("/tmp") + files_in("/var/tmp") + files_in("/dev/shm");
    return r;
}

bool residue_equal(const struct residue *a, const struct residue *b)
{
    uint64_t more = a->charge_bytes > b->charge_bytes ? a->charge_bytes : b->charge_bytes;
    uint64_t less = a->charge_bytes < b->charge_bytes ? a->charge_bytes : b->charge_bytes;

    return a->processes == b->processes && a->descriptors == b->descriptors &&
           a->groups == b->groups && a->files == b->files && more - less <= RESIDUE_CHARGE_SLACK;
}

void residue_say(const struct residue *r, struct buf *b)
{
    buf_addf(b, "%u processes, %u descriptors, %u groups, %u files, %" PRIu64 " bytes charged",
             r->processes, r->descriptors, r->groups, r->files, r->charge_bytes);
}

bool residue_comes_back(const struct residue *before, struct buf *why)
{
    int64_t until = clock_mono_ns() + WAIT_MS * 1000000LL;
    struct residue after = residue_take();

    while (!residue_equal(before, &after) && clock_mono_ns() < until) {
        usleep(STEP_US);
        after = residue_take();
    }
    buf_adds(why, "before ");
    residue_say(before, why);
    buf_adds(why, "; after ");
    residue_say(&after, why);
    return residue_equal(before, &after);
}

void residue_expect_equal(const struct residue *before, const char *what)
{
    auto_done(buf) why = {0};

    ck_assert_msg(residue_comes_back(before, &why), "%s left something: %s", what, buf_text(&why));
}
