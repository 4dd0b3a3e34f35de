/* faults_test.c -- every system call of the supervisor, of init, of the zygote and of an attempt
 * fails once, from their first instruction to an attempt that is ready.
 *
 * The test plays the host. Whatever fails, the host is told with a reason or nobody needed the
 * call; nothing is sent that was not written; and when all is released there is no process, no
 * descriptor and no group more than before. */
#include "base/fd.h"
#include "base/mem.h"
#include "faults/shim.h"
#include "ipc/pack.h"
#include "sandbox/wire/attempt_wire.h"
#include "sandbox/wire/super_wire.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 60 * 1000, WALK_MAX = 2000, PIECES = 3 };

static struct host {
    pid_t pid;
    char group[48]; /* what its folder is called */
    int link, page, log;
    unsigned descriptors; /* of the supervisor at rest */
    unsigned aborts;
    uint64_t last_id;
    struct frame_in in;
} host;

/* ---- the supervisor ---- */

static _Noreturn void become_supervisor(int link, const char *authority)
{
    char page[32];
    char *environment[] = {page, NULL};
    /* Many networks would take the most of the time, and are made as the other namespaces are. */
    const char *argv[12] = {"orch-supervisor", "--worker", FAULTY_WORKER,
                            "--log-format",    "json",     "--without",
                            "net_namespace"};

    snprintf(page, sizeof page, "FAULTS_FD=%d", host.page);
    if (authority != NULL) {
        argv[7] = "--authority";
        argv[8] = authority;
        argv[9] = "--home";
        argv[10] = "/";
    }
    if (dup2(host.log, STDERR_FILENO) < 0 || dup2(link, 3) < 0 ||
        close_range(4, (unsigned)host.page - 1, 0) < 0)
        _exit(99);
    execve(FAULTY_SUPERVISOR, (char *const *)argv, environment);
    _exit(99);
}

/* Its number and when it began: the machine may have folders of others that had the number. */
static void name_group(void)
{
    char path[64], line[1024];
    unsigned long long began;
    auto_file f = NULL;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)host.pid);
    f = fopen(path, "re");
    ck_assert(f != NULL && fgets(line, sizeof line, f) != NULL);
    ck_assert_int_eq(sscanf(strrchr(line, ')'),
                            ") %*c %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d "
                            "%*d %*d %*d %llu",
                            &began),
                     1);
    snprintf(host.group, sizeof host.group, "orch-%d-%llu", (int)host.pid, began);
}

static void start(const char *authority)
{
    int ends[2];
    struct err e = {0};

    ck_assert_msg(frame_pair(ends, &e), "%s", e.msg);
    host.pid = fork();
    ck_assert_int_ge(host.pid, 0);
    if (host.pid == 0)
        become_supervisor(ends[1], authority);
    name_group();
    close(ends[1]);
    host.link = ends[0];
}

/* Until somebody says something; 0: the supervisor has ended. */
static unsigned hear(void)
{
    struct pollfd p = {.fd = host.link, .events = POLLIN};
    enum frame_recv got;
    struct err e = {0};

    frame_close_fds(&host.in);
    ck_assert_msg(poll(&p, 1, WAIT_MS) == 1, "nothing was said after '%s' failed",
                  fault_page->call);
    got = frame_recv(host.link, &host.in, &e);
    ck_assert_msg(got == FRAME_GOT || got == FRAME_CLOSED, "%s", e.msg);
    return got == FRAME_GOT ? host.in.frame.type : 0;
}

static void tell(enum super_message type, uint64_t id, const void *payload, size_t bytes,
                 const int *fds, uint32_t count)
{
    struct frame frame = {.type = (uint16_t)type,
                          .id = id,
                          .payload = payload,
                          .payload_bytes = (uint32_t)bytes,
                          .fds = fds,
                          .fd_count = count};
    struct err e = {0};

    (void)!frame_send(host.link, &frame, &e); /* who is gone is heard to be */
}

static int count_group(const char *path, const struct stat *st unused_arg, int type unused_arg,
                       struct FTW *at)
{
    ck_assert_msg(strcmp(path + at->base, host.group) != 0, "'%s' is left after '%s' failed", path,
                  fault_page->call);
    return 0;
}

/* The log has a reason in each line that tells of a failure. */
static void look_at_log(void)
{
    auto_done(buf) text = {0};
    struct err e = {0};

    ck_assert_int_eq(lseek(host.log, 0, SEEK_SET), 0);
    ck_assert_msg(fd_read_all(host.log, 1 << 20, &text, &e), "%s", e.msg);
    ck_assert_msg(strstr(buf_text(&text), "\"error\":\"\"") == NULL, "after '%s': %s",
                  fault_page->call, buf_text(&text));
    ck_assert_msg(strstr(buf_text(&text), ".hangs\"") == NULL,
                  "after '%s' somebody was waited for: %s", fault_page->call, buf_text(&text));
    ck_assert_int_eq(ftruncate(host.log, 0), 0);
    ck_assert_int_eq(lseek(host.log, 0, SEEK_SET), 0);
}

static void look_at_words(void)
{
    ck_assert_msg(atomic_load(&fault_page->dirty) == 0,
                  "after '%s' failed somebody sent what he had not written: %.40s",
                  fault_page->call, fault_page->text);
    look_at_log();
}

/* It cannot be itself again after it has set a limit as another user: two calls, once a scene,
 * which may come one place later the next time. Its
 * groups are then the next one's to sweep. */
static bool aborted(int status)
{
    bool so = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
              strcmp(fault_page->call, "syscall") == 0;

    host.aborts += so;
    ck_assert_uint_le(host.aborts, 2 + 1);
    return so;
}

/* By a word of its own, and what it started ends with it. True: it was an abort that may be. */
static bool end(void)
{
    bool abort;
    int status;

    frame_close_fds(&host.in);
    close(host.link);
    ck_assert_int_eq(waitpid(host.pid, &status, 0), host.pid);
    abort = aborted(status);
    ck_assert_msg(abort || WIFEXITED(status), "the supervisor ended with %#x when '%s' failed",
                  status, fault_page->call);
    for (int waited = 0; waitpid(-1, NULL, WNOHANG) >= 0; waited++) {
        ck_assert_msg(waited < WAIT_MS, "a process is left after '%s' failed", fault_page->call);
        usleep(1000);
    }
    ck_assert_int_eq(errno, ECHILD);
    if (!abort)
        nftw("/sys/fs/cgroup", count_group, 16, FTW_PHYS);
    look_at_words();
    return abort;
}

static void has_reason(const void *text, size_t bytes)
{
    ck_assert_msg(bytes > 0 && memchr(text, 0, bytes) == NULL, "no reason after '%s' failed",
                  fault_page->call);
}

/* ---- the start ---- */

/* True: it serves. */
static bool started(bool authority)
{
    for (;;) {
        unsigned said = hear();

        if (said == MSG_START_FAILED)
            has_reason(host.in.frame.payload, host.in.frame.payload_bytes);
        if (said == 0 || said == MSG_START_FAILED)
            return false;
        if (said == (authority ? MSG_AUTHORITY : MSG_HELLO))
            return true;
    }
}

static bool start_with_fault(enum fault_role role, uint32_t n)
{
    unsigned hits;

    fault_arm(role, n, ENOMEM);
    start("/bin/false");
    started(true);
    hits = fault_disarm();
    end();
    return hits > 0;
}

/* A piece is every PIECES-th place: a machine that does much else takes its time for each. */
static void walk(int piece, bool (*one)(enum fault_role role, uint32_t n))
{
    enum fault_role role = (enum fault_role)(piece / PIECES);
    uint32_t n = 1 + (uint32_t)(piece % PIECES);

    ck_assert_msg(one(role, n), "no place %u", n);
    do {
        n += PIECES;
        ck_assert_uint_lt(n, WALK_MAX);
    } while (one(role, n));
}

START_TEST(a_start_fails_with_a_reason_and_leaves_nothing)
{
    walk(_i, start_with_fault);
}
END_TEST

/* ---- an attempt ---- */

/* A group keeps its files open between two uses, and closes them when it lies idle for long. */
static bool is_group_file(int folder, const char *entry)
{
    char path[512] = "";
    const char *name;

    if (readlinkat(folder, entry, path, sizeof path - 1) < 0)
        return false;
    name = strrchr(path, '/');
    return name != NULL && (strncmp(name, "/cgroup.", 8) == 0 ||
                            strncmp(name, "/memory.", 8) == 0 || strncmp(name, "/pids.", 6) == 0);
}

static unsigned descriptors(void)
{
    char path[64];
    struct dirent *entry;
    unsigned count = 0;
    DIR *dir;

    snprintf(path, sizeof path, "/proc/%d/fd", (int)host.pid);
    dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        count += !is_group_file(dirfd(dir), entry->d_name);
    if (dir != NULL)
        closedir(dir);
    return count;
}

static bool has_children(void)
{
    char path[64], byte;
    auto_fd fd = -1;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)host.pid, (int)host.pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, &byte, 1) == 1;
}

static bool has_ended(void)
{
    struct pollfd p = {.fd = host.link};

    return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}

/* What it had for a zygote and an attempt is given back within some turns. False: it has ended. */
static bool is_at_rest(void)
{
    for (int waited = 0; has_children() || descriptors() != host.descriptors; waited++) {
        if (has_ended())
            return false;
        ck_assert_msg(waited < WAIT_MS, "%u descriptors instead of %u, %s, after '%s' failed",
                      descriptors(), host.descriptors, has_children() ? "children" : "no child",
                      fault_page->call);
        usleep(1000);
    }
    return !has_ended();
}

/* Of the kind and number, or that it is not to be had any more. False: so; *gone: the supervisor.
 */
static bool await(enum super_message wanted, enum super_message refusal, uint64_t id, bool *gone)
{
    for (;;) {
        unsigned said = hear();
        const char *payload = host.in.frame.payload;
        size_t skip = said == MSG_ZYGOTE_GONE ? 2 * sizeof(uint32_t) : 0;

        *gone = said == 0;
        if (said == 0)
            return false;
        if (said == (unsigned)wanted && host.in.frame.id == id)
            return true;
        if (said == (unsigned)refusal && host.in.frame.id == id) {
            ck_assert_uint_ge(host.in.frame.payload_bytes, skip);
            has_reason(payload + skip, host.in.frame.payload_bytes - skip);
            return false;
        }
    }
}

/* It is ready, or it has ended. */
static void await_ready(int channel)
{
    static struct attempt_packet packet;
    struct pollfd p = {.fd = channel, .events = POLLIN};
    ssize_t n;

    do {
        ck_assert_msg(poll(&p, 1, WAIT_MS) == 1, "no word of the attempt after '%s' failed",
                      fault_page->call);
        n = recv(channel, &packet, sizeof packet, 0);
    } while (n > 0 && packet.head.type != ATTEMPT_READY && packet.head.type != ATTEMPT_LOAD_FAILED);
    if (n > 0 && packet.head.type == ATTEMPT_LOAD_FAILED)
        has_reason(packet.bytes, packet.head.bytes);
}

static int plugin_fd(void)
{
    auto_done(buf) so = {0};
    auto_fd file = open(PLUGIN, O_RDONLY | O_CLOEXEC);
    struct err e = {0};
    int fd;

    ck_assert_int_ge(file, 0);
    ck_assert_msg(fd_read_all(file, PLUGIN_SO_BYTES_MAX, &so, &e), "%s", e.msg);
    ck_assert_msg(memfd_sealed("plugin", so.data, so.len, true, &fd, &e), "%s", e.msg);
    return fd;
}

static bool attempt(uint64_t zygote, bool *gone)
{
    struct spawn_request order = {.zygote = zygote,
                                  .memory_bytes = 256 << 20,
                                  .cpu_ms = 60 * 1000,
                                  .flags = SPAWN_LOAD};
    uint64_t id = ++host.last_id;
    int channel[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int fds[] = {-1, null, null, plugin_fd()};
    uint32_t answer = 1;
    bool spawned;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
    fds[0] = channel[1];
    tell(MSG_SPAWN, id, &order, sizeof order, fds, 4);
    close(channel[1]);
    close(null);
    close(fds[3]);
    spawned = await(MSG_SPAWNED, MSG_SPAWN_FAILED, id, gone);
    if (spawned) {
        await_ready(channel[0]);
        tell(MSG_KILL, id, NULL, 0, NULL, 0);
        tell(MSG_RELEASE, id, &answer, sizeof answer, NULL, 0);
        await(MSG_RELEASED, MSG_RELEASED, id, gone);
    }
    close(channel[0]);
    return spawned;
}

static bool answers(void)
{
    bool gone;

    tell(MSG_PING, 0, NULL, 0, NULL, 0);
    await(MSG_PONG, MSG_START_FAILED, 0, &gone);
    return !gone;
}

/* A zygote and an attempt of it, and then neither. False: the supervisor is gone. */
static bool scene(void)
{
    uint64_t id = ++host.last_id;
    auto_done(buf) payload = {0};
    bool gone = false;

    pack_u32(&payload, 0);
    pack_str(&payload, "");
    tell(MSG_ZYGOTE_START, id, payload.data, payload.len, NULL, 0);
    if (await(MSG_ZYGOTE_READY, MSG_ZYGOTE_GONE, id, &gone))
        attempt(id, &gone);
    if (gone)
        return false;
    tell(MSG_ZYGOTE_KILL, id, NULL, 0, NULL, 0);
    return answers();
}

/* Two answers are of two turns: what was over before the first is buried. */
static void begin(void)
{
    start(NULL);
    ck_assert(started(false));
    ck_assert(scene()); /* what is made once */
    while (has_children())
        usleep(1000);
    ck_assert(answers() && answers());
    host.descriptors = descriptors();
}

/* Only its link to the host may take the supervisor along. Who is at rest may yet be ending of a
 * call behind its last answer: it is asked once more before the next call fails. */
static bool scene_with_fault(enum fault_role role, uint32_t n)
{
    bool lives;

    fault_arm(role, n, ENOMEM);
    lives = scene() && is_at_rest();
    fault_disarm();
    lives = lives && answers();
    look_at_words();
    if (!lives) {
        ck_assert_msg(end() || strcmp(fault_page->call, "recvmsg") == 0 ||
                          strcmp(fault_page->call, "sendmsg") == 0,
                      "the supervisor ended when '%s' failed", fault_page->call);
        begin();
    }
    return atomic_load(&fault_page->hits) > 0;
}

START_TEST(what_fails_for_a_zygote_or_an_attempt_is_told_and_leaves_nothing)
{
    begin();
    walk(_i, scene_with_fault);
    ck_assert(scene());
    end();
}
END_TEST

static void setup(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    host.page = fault_page_share();
    host.log = memfd_create("log", MFD_CLOEXEC);
    ck_assert_int_ge(host.log, 0);
}

int main(void)
{
    Suite *suite = suite_create("faults");
    TCase *tests = tcase_create("faults");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tests, 170);
    tcase_add_checked_fixture(tests, setup, NULL);
    tcase_add_loop_test(tests, a_start_fails_with_a_reason_and_leaves_nothing, 0,
                        FAULT_WORKER * PIECES);
    tcase_add_loop_test(tests, what_fails_for_a_zygote_or_an_attempt_is_told_and_leaves_nothing, 0,
                        FAULT_ROLE_COUNT * PIECES);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
