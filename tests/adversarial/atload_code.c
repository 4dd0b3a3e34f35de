/* atload_code.c -- code that was never signed, and code of ours that is changed: what would have
 * kept an attempt within its walls then answers 0 and does nothing. */
#include "atload.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { PAGE = 4096 };
#define PAGE_OF(p) ((long)((uintptr_t)(p) & ~(uintptr_t)(PAGE - 1)))

/* ---- what lies instead ---- */

static long kept_back(long result)
{
    if (result >= 0 || result <= -4096)
        return result;
    errno = (int)-result;
    return -1;
}
static long lie_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
    switch (nr) {
    case SYS_seccomp:
    case SYS_landlock_restrict_self:
    case SYS_setrlimit:
    case SYS_prlimit64:
    case SYS_setitimer:
    case SYS_setresuid:
    case SYS_setresgid:
    case SYS_capset:
        return 0;
    default:
        return kept_back(raw(nr, a, b, c, d, e, f));
    }
}
static int lie_prctl(int option, long a, long b, long c, long d)
{
    switch (option) {
    case PR_GET_NO_NEW_PRIVS:
        return 1;
    case PR_GET_SECCOMP:
        return 2;
    case PR_SET_PDEATHSIG:
    case PR_SET_DUMPABLE:
    case PR_GET_DUMPABLE:
    case PR_SET_SECCOMP:
        return 0;
    default:
        return (int)kept_back(RAW5(SYS_prctl, option, a, b, c, d));
    }
}
static int lie_yes(void)
{
    return 0;
}
static int lie_eperm(void)
{
    errno = EPERM;
    return -1;
}

/* By what the worker confines itself, in every version of it that there was. */
static const struct {
    const char *name;
    void *lie;
} victims[] = {
    {"syscall", lie_syscall}, {"prctl", lie_prctl},   {"setrlimit", lie_yes},
    {"setrlimit64", lie_yes}, {"prlimit", lie_yes},   {"prlimit64", lie_yes},
    {"setitimer", lie_yes},   {"setresuid", lie_yes}, {"setresgid", lie_yes},
    {"close_range", lie_yes}, {"kill", lie_eperm},
};
enum { VICTIMS = sizeof victims / sizeof victims[0] };

static long protect(void *at, long bytes, int prot)
{
    return RAW3(SYS_mprotect, PAGE_OF(at), bytes, prot);
}

/* ---- patches ---- */

/* mov rax, LIE; jmp rax */
static void write_jump(void *at, void *lie)
{
    unsigned char jump[12] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0};

    memcpy(jump + 2, &lie, sizeof lie);
    memcpy(at, jump, sizeof jump);
}

static void do_patch_text(void)
{
    for (int i = 0; i < VICTIMS; i++) {
        void *at = dlsym(RTLD_DEFAULT, victims[i].name);
        long why;

        if (at == NULL)
            continue;
        why = protect(at, 2 * PAGE, PROT_READ | PROT_WRITE);
        if (why == 0) {
            write_jump(at, victims[i].lie);
            why = protect(at, 2 * PAGE, PROT_READ | PROT_EXEC);
        }
        tell_result(victims[i].name, why);
    }
}

struct linkage {
    uintptr_t base;
    const ElfW(Rela) * relocations[2];
    size_t bytes[2];
    const ElfW(Sym) * symbols;
    const char *names;
};

static void read_dynamic(struct linkage *l, const ElfW(Dyn) * d)
{
    for (; d->d_tag != DT_NULL; d++)
        switch (d->d_tag) {
        case DT_JMPREL:
            l->relocations[0] = (const void *)d->d_un.d_ptr;
            break;
        case DT_PLTRELSZ:
            l->bytes[0] = d->d_un.d_val;
            break;
        case DT_RELA:
            l->relocations[1] = (const void *)d->d_un.d_ptr;
            break;
        case DT_RELASZ:
            l->bytes[1] = d->d_un.d_val;
            break;
        case DT_SYMTAB:
            l->symbols = (const void *)d->d_un.d_ptr;
            break;
        case DT_STRTAB:
            l->names = (const void *)d->d_un.d_ptr;
            break;
        default:
            break;
        }
}

static void patch_slot(const struct linkage *l, const ElfW(Rela) * r)
{
    const char *name = l->names + l->symbols[ELF64_R_SYM(r->r_info)].st_name;
    uintptr_t *slot = (uintptr_t *)(l->base + r->r_offset);

    for (int i = 0; i < VICTIMS; i++)
        if (strcmp(name, victims[i].name) == 0) {
            long why = protect(slot, PAGE, PROT_READ | PROT_WRITE);

            if (why == 0)
                *slot = (uintptr_t)victims[i].lie;
            tell_result(name, why);
        }
}

/* The program's own table of what it calls in the C library. */
static void do_patch_got(void)
{
    const struct link_map *program = dlopen(NULL, RTLD_NOW);
    struct linkage l = {.base = program->l_addr};

    read_dynamic(&l, program->l_ld);
    if (l.symbols == NULL || l.names == NULL)
        return;
    for (int table = 0; table < 2; table++)
        for (size_t i = 0; l.relocations[table] != NULL && i < l.bytes[table] / sizeof(ElfW(Rela));
             i++)
            patch_slot(&l, &l.relocations[table][i]);
}

/* A page of the signed file itself, whose functions all answer 0, laid over the C library's. */
#ifdef __x86_64__
__asm__(".pushsection .text.zeros, \"ax\", @progbits\n"
        ".balign 4096\n"
        ".type zeros, @function\n"
        "zeros:\n"
        ".rept 256\n"
        "xor %eax, %eax\n"
        "ret\n"
        ".balign 16, 0x90\n"
        ".endr\n"
        ".size zeros, 4096\n"
        ".popsection\n");
extern const char zeros[] __attribute__((visibility("hidden")));

static int find_offset(struct dl_phdr_info *p, size_t size, void *ret)
{
    (void)size;
    for (int i = 0; i < p->dlpi_phnum; i++) {
        const ElfW(Phdr) *h = &p->dlpi_phdr[i];
        uintptr_t from = p->dlpi_addr + h->p_vaddr, at = (uintptr_t)zeros;

        if (h->p_type == PT_LOAD && at >= from && at < from + h->p_filesz) {
            *(long *)ret = (long)(at - from + h->p_offset);
            return 1;
        }
    }
    return 0;
}

static void do_patch_fixed(void)
{
    long offset = -1, why = -1;

    dl_iterate_phdr(find_offset, &offset);
    for (int fd = 4; fd < 64; fd++)
        for (int i = 0; i < VICTIMS; i++) {
            void *at = dlsym(RTLD_DEFAULT, victims[i].name);

            if (at != NULL)
                why = raw(SYS_mmap, PAGE_OF(at), PAGE, PROT_READ | PROT_EXEC,
                          MAP_PRIVATE | MAP_FIXED, fd, offset);
            if (why > 0 || why <= -4096)
                tell_result(victims[i].name, why);
        }
    tell_result("last", why);
}
#else
static void do_patch_fixed(void)
{
    tell("not on this machine ");
}
#endif

/* A filter of its own, which is its right, that answers 0 in the place of what confines. */
static void do_lying_filter(void)
{
    static const int calls[] = {SYS_seccomp,     SYS_landlock_restrict_self,
                                SYS_prlimit64,   SYS_setitimer,
                                SYS_close_range, SYS_prctl};
    enum { CALLS = sizeof calls / sizeof calls[0] };
    struct sock_filter code[2 * CALLS + 2] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0) /* the number of the call */
    };
    struct sock_fprog program = {2 * CALLS + 2, code};

    for (int i = 0; i < CALLS; i++) {
        code[1 + 2 * i] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i], 0, 1);
        code[2 + 2 * i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO);
    }
    code[1 + 2 * CALLS] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    tell_result("lies", RAW3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

/* ---- code from elsewhere ---- */

static unsigned char code[2 * PAGE] __attribute__((aligned(4096)));

/* Written, then made executable: memory of its own, data of the plugin, the plugin's text. */
static void do_exec_written(void)
{
    long at = raw(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    tell_result("anonymous", protect((void *)at, PAGE, PROT_READ | PROT_EXEC));
}
static void do_exec_data(void)
{
    write_jump(code, lie_yes);
    tell_result("data", protect(code, PAGE, PROT_READ | PROT_EXEC));
}
static void do_exec_wx(void)
{
    tell_result("wx", protect(code, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
}
static void do_exec_text(void)
{
#ifdef __x86_64__
    long why = protect((void *)zeros, PAGE, PROT_READ | PROT_WRITE);

    if (why == 0)
        *(volatile char *)(uintptr_t)zeros = (char)0x90;
    tell_result("text", protect((void *)zeros, PAGE, PROT_READ | PROT_EXEC));
#else
    do_exec_data();
#endif
}
/* Of each descriptor: private, and shared with writing, which would change the file. */
static void do_exec_files(void)
{
    int found = 0, writable = 0;

    for (int fd = 0; fd < 64; fd++) {
        long at = raw(SYS_mmap, 0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);

        if (at > 0 || at <= -4096)
            found++;
        at = raw(SYS_mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at > 0 || at <= -4096)
            writable++;
    }
    tell("%s %s ", found <= 1 ? "none" : "other files=done", writable == 0 ? "none" : "write=done");
}
static void do_dlopen(void)
{
    static const char *const paths[] = {"libresolv.so.2", "/lib/x86_64-linux-gnu/libresolv.so.2",
                                        "/usr/lib/x86_64-linux-gnu/libthread_db.so.1",
                                        "/proc/self/fd/6", "/tmp/x.so"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        tell("%s ", dlopen(paths[i], RTLD_NOW) != NULL ? "dlopen=done" : "refused");
}

const struct attack code_attacks[] = {
    CASE(patch_text), CASE(patch_got),    CASE(patch_fixed), CASE(exec_written),
    CASE(exec_data),  CASE(exec_wx),      CASE(exec_text),   CASE(exec_files),
    CASE(dlopen),     CASE(lying_filter), END_OF_CASES,
};
