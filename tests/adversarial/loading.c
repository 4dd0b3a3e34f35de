/* loading.c -- plugins that attack while they are being loaded: one shared object an attack, chosen
 * by -DATTACK_name. Without one it is an honest plugin that says its version. */
#include <orch/plugin.h>

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef VERSION
#define VERSION "1.0.0"
#endif

static char note[64] = VERSION;

#if defined(ATTACK_socket)
__attribute__((constructor)) static void attack(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    snprintf(note, sizeof note, "%s", fd < 0 ? strerrorname_np(errno) : "a socket");
}
#elif defined(ATTACK_math) /* none: it needs the library that not every zygote has */
__attribute__((constructor)) static void attack(void)
{
    volatile double two = 2;

    snprintf(note, sizeof note, "%.3f", pow(two, 0.5));
}
#elif defined(ATTACK_exec)
__attribute__((constructor)) static void attack(void)
{
    char *argv[] = {"/bin/sh", NULL};

    execve("/bin/sh", argv, argv + 1);
}
#elif defined(ATTACK_thread)
static void *loop(void *arg)
{
    for (;;)
        sleep(1);
    return arg;
}
__attribute__((constructor)) static void attack(void)
{
    pthread_t thread;
    int why = pthread_create(&thread, NULL, loop, NULL);

    snprintf(note, sizeof note, "%s", why != 0 ? strerrorname_np(why) : "a thread");
}
#elif defined(ATTACK_sleep)
__attribute__((constructor)) static void attack(void)
{
    for (;;)
        sleep(60);
}
#elif defined(ATTACK_fork)
__attribute__((constructor)) static void attack(void)
{
    if (fork() == 0)
        for (;;)
            sleep(1);
}
#elif defined(ATTACK_open)
__attribute__((constructor)) static void attack(void)
{
    snprintf(note, sizeof note, "%s",
             fopen("/etc/passwd", "r") == NULL ? strerrorname_np(errno) : "a file");
}
#elif defined(ATTACK_forge)
/* A LOADED frame of ipc/frame.h with an empty description, then a FORKED with init's pidfd. */
__attribute__((constructor)) static void attack(void)
{
    struct {
        uint32_t magic;
        uint16_t type, fds;
        uint64_t id;
        uint32_t payload[5];
    } loaded = {0x6f726331, 97, 0, 0, {1, 0, 0, 0, 0}};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct {
        uint32_t magic;
        uint16_t type, fds;
        uint64_t id;
        uint32_t pid;
    } forked = {0x6f726331, 99, 1, 1, 1};
    struct iovec part = {&forked, 20};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    int init = (int)syscall(SYS_pidfd_open, 1, 0);

    (void)!write(3, &loaded, 16 + 20);
    CMSG_FIRSTHDR(&msg)->cmsg_level = SOL_SOCKET;
    CMSG_FIRSTHDR(&msg)->cmsg_type = SCM_RIGHTS;
    CMSG_FIRSTHDR(&msg)->cmsg_len = CMSG_LEN(sizeof init);
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&msg)), &init, sizeof init);
    (void)!sendmsg(3, &msg, 0);
}
#elif defined(ATTACK_ifunc)
static void nothing(void)
{
}
typedef void nothing_fn(void);
__attribute__((used)) static nothing_fn *resolve(void)
{
    syscall(SYS_execve, "/bin/sh", NULL, NULL);
    return nothing;
}
void indirect(void) __attribute__((ifunc("resolve"), visibility("hidden")));
__attribute__((constructor)) static void attack(void)
{
    indirect();
}
#elif defined(ATTACK_fini)
__attribute__((destructor)) static void attack(void)
{
    (void)!write(1, "destructor", 10);
}
#elif defined(ATTACK_prepare)
static orch_status attack(const orch_host *host)
{
    (void)host;
    return ORCH_E_INTERNAL;
}
#elif defined(ATTACK_names)
/* Hidden names that the worker has as well: bound inside, invisible outside. */
void *malloc(size_t bytes);
ssize_t read(int fd, void *to, size_t bytes);
static char heap[4096];
void *malloc(size_t bytes)
{
    return bytes < sizeof heap ? heap : NULL;
}
ssize_t read(int fd, void *to, size_t bytes)
{
    (void)fd, (void)to, (void)bytes;
    abort();
}
char **environ = NULL;
#elif defined(ATTACK_export)
__attribute__((visibility("default"))) void *malloc(size_t bytes)
{
    (void)bytes;
    return NULL;
}
#endif

static orch_status run(const orch_host *host, orch_run *r, const orch_ctx *ctx)
{
    char json[128];
    int n = snprintf(json, sizeof json, "{\"said\":\"%s\"}", note);

    (void)ctx;
    return host->emit(r, ORCH_PORT_RESULT, (orch_bytes){json, (uint64_t)n});
}

static const orch_agent agent = {.size = sizeof(orch_agent), .id = "hostile", .run = run};

#ifdef ATTACK_prepare
ORCH_PLUGIN("loading", VERSION, attack, &agent);
#else
ORCH_PLUGIN("loading", VERSION, NULL, &agent);
#endif
