/* elf_gate_test.c -- case 75 of SANDBOX.md 4: a good shared object passes with its facts, and each
 * damage to it is refused for its own reason. */
#include "sandbox/image/elf_gate.h"

#include "base/fd.h"
#include "base/rng.h"

#include <check.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

static struct buf good;

static void load_fixture(void)
{
    struct err e;

    ck_assert_msg(file_read(FIXTURE, 1 << 20, &good, &e), "%s", e.msg);
}

static Elf64_Ehdr *header(struct buf *b)
{
    return (Elf64_Ehdr *)b->data;
}

static Elf64_Phdr *segment(struct buf *b, uint32_t type)
{
    Elf64_Phdr *p = (Elf64_Phdr *)(b->data + header(b)->e_phoff);

    for (int i = 0; i < header(b)->e_phnum; i++)
        if (p[i].p_type == type)
            return &p[i];
    ck_abort_msg("the fixture has no segment of type %u", type);
    return NULL;
}

static Elf64_Dyn *entry(struct buf *b, int64_t tag)
{
    Elf64_Dyn *d = (Elf64_Dyn *)(b->data + segment(b, PT_DYNAMIC)->p_offset);

    for (; d->d_tag != DT_NULL; d++)
        if (d->d_tag == tag)
            return d;
    ck_abort_msg("the fixture has no dynamic entry %jd", (intmax_t)tag);
    return NULL;
}

/* The place of a byte string in the file. */
static char *find(struct buf *b, const char *text)
{
    char *at = memmem(b->data, b->len, text, strlen(text));

    ck_assert_msg(at != NULL, "the fixture does not hold '%s'", text);
    return at;
}

/* ---- damages ---- */

static void not_elf(struct buf *b)
{
    b->data[1] = 'X';
}
static void too_short(struct buf *b)
{
    b->len = 40;
}
static void class_32(struct buf *b)
{
    header(b)->e_ident[EI_CLASS] = ELFCLASS32;
}
static void big_endian(struct buf *b)
{
    header(b)->e_ident[EI_DATA] = ELFDATA2MSB;
}
static void other_machine(struct buf *b)
{
    header(b)->e_machine = EM_RISCV;
}
static void program(struct buf *b)
{
    header(b)->e_type = ET_EXEC;
}
static void phoff_wraps(struct buf *b)
{
    header(b)->e_phoff = UINT64_MAX - 8;
}
static void phoff_outside(struct buf *b)
{
    header(b)->e_phoff = b->len;
}
static void phnum_many(struct buf *b)
{
    header(b)->e_phnum = 65535;
}
static void shoff_outside(struct buf *b)
{
    header(b)->e_shoff = b->len - 1;
}
static void interpreter(struct buf *b)
{
    segment(b, PT_GNU_EH_FRAME)->p_type = PT_INTERP;
}
static void rwx(struct buf *b)
{
    segment(b, PT_LOAD)->p_flags = PF_R | PF_W | PF_X;
}
static void stack_x(struct buf *b)
{
    segment(b, PT_GNU_STACK)->p_flags |= PF_X;
}
static void no_stack(struct buf *b)
{
    segment(b, PT_GNU_STACK)->p_type = PT_NULL;
}
static void load_outside(struct buf *b)
{
    segment(b, PT_LOAD)->p_filesz = b->len + 1;
}
static void load_wraps(struct buf *b)
{
    segment(b, PT_LOAD)->p_offset = UINT64_MAX - 4095;
}
static void load_huge(struct buf *b)
{
    segment(b, PT_LOAD)->p_memsz = 1ULL << 40;
}
static void load_overlaps(struct buf *b)
{
    segment(b, PT_LOAD)->p_memsz += 1 << 16;
}
static void no_dynamic(struct buf *b)
{
    segment(b, PT_DYNAMIC)->p_type = PT_NULL;
}
static void dynamic_outside(struct buf *b)
{
    segment(b, PT_DYNAMIC)->p_vaddr = 1ULL << 29;
}
static void text_relocation(struct buf *b)
{
    entry(b, DT_RELACOUNT)->d_tag = DT_TEXTREL;
}
static void rpath(struct buf *b)
{
    entry(b, DT_RELACOUNT)->d_tag = DT_RPATH;
}
static void runpath(struct buf *b)
{
    entry(b, DT_RELACOUNT)->d_tag = DT_RUNPATH;
}
static void audit(struct buf *b)
{
    entry(b, DT_RELACOUNT)->d_tag = DT_AUDIT;
}
static void filter(struct buf *b)
{
    entry(b, DT_RELACOUNT)->d_tag = DT_FILTER;
}
static void strtab_outside(struct buf *b)
{
    entry(b, DT_STRTAB)->d_un.d_ptr = 1ULL << 29;
}
static void strtab_huge(struct buf *b)
{
    entry(b, DT_STRSZ)->d_un.d_val = UINT64_MAX;
}
static void symtab_outside(struct buf *b)
{
    entry(b, DT_SYMTAB)->d_un.d_ptr = 1ULL << 29;
}
static void hash_outside(struct buf *b)
{
    entry(b, DT_GNU_HASH)->d_un.d_ptr = 1ULL << 29;
}
static void needed_path(struct buf *b)
{
    memcpy(find(b, "libc.so.6"), "/tmp/x.so", 9);
}
static void needed_other(struct buf *b)
{
    memcpy(find(b, "libm.so.6"), "libz.so.1", 9);
}
static void needed_outside(struct buf *b)
{
    entry(b, DT_NEEDED)->d_un.d_val = 1u << 30;
}
static void newer_glibc(struct buf *b)
{
    memcpy(find(b, "GLIBC_2.2.5"), "GLIBC_2.99\0", 11);
}
static void private_glibc(struct buf *b)
{
    memcpy(find(b, "GLIBC_2.2.5"), "GLIBC_PRIV\0", 11);
}
/* The first version that is asked for becomes name, put where a longer one that nobody checks was.
 */
static void version_becomes(struct buf *b, const char *name)
{
    char *strings = b->data + entry(b, DT_STRTAB)->d_un.d_ptr;
    char *place = find(b, "_ITM_deregisterTMCloneTable");
    Elf64_Verneed *need = (Elf64_Verneed *)(b->data + entry(b, DT_VERNEED)->d_un.d_ptr);
    Elf64_Vernaux *first = (Elf64_Vernaux *)((char *)need + need->vn_aux);

    strcpy(place, name);
    first->vna_name = (Elf64_Word)(place - strings);
}
static void glibc_that_wraps(struct buf *b)
{
    version_becomes(b, "GLIBC_2.4294967297");
}
static void glibc_with_a_sign(struct buf *b)
{
    version_becomes(b, "GLIBC_2.-4294967295");
}
static void glibc_with_more_behind(struct buf *b)
{
    version_becomes(b, "GLIBC_2.2.5.x");
}
static void verneed_many(struct buf *b)
{
    entry(b, DT_VERNEEDNUM)->d_un.d_val = 1u << 20;
}
static void other_export(struct buf *b)
{
    memcpy(find(b, "orch_plugin_v1"), "orch_plugin_v9", 14);
}

static char *note_at(struct buf *b)
{
    /* owner, two zero words of the structure's padding, then the major version */
    static const char start[] = "orch\0\0\0\0\1\0\0\0";
    char *at = memmem(b->data, b->len, start, sizeof start - 1);

    ck_assert_ptr_nonnull(at);
    return at;
}

static void other_major(struct buf *b)
{
    note_at(b)[8] = 2;
}
static void newer_host(struct buf *b)
{
    note_at(b)[16] = 9;
}
static void strange_flags(struct buf *b)
{
    note_at(b)[22] = 1;
}
static void note_unreadable(struct buf *b)
{
    note_at(b)[24] = '\n';
}

static const struct {
    void (*damage)(struct buf *);
    const char *words;
} damages[] = {
    {not_elf, "not an ELF file"},
    {too_short, "no ELF file"},
    {class_32, "built for machine"},
    {big_endian, "built for machine"},
    {other_machine, "built for machine 243"},
    {program, "wanted a shared object"},
    {phoff_wraps, "program headers lie outside"},
    {phoff_outside, "program headers lie outside"},
    {phnum_many, "65535 program headers"},
    {shoff_outside, "section headers lie outside"},
    {interpreter, "interpreter"},
    {rwx, "writable and executable"},
    {stack_x, "executable stack"},
    {no_stack, "executable stack"},
    {load_outside, "outside of the file"},
    {load_wraps, "outside of the file"},
    {load_huge, "larger than"},
    {load_overlaps, "overlap"},
    {no_dynamic, "no dynamic section"},
    {dynamic_outside, "dynamic section lies outside"},
    {text_relocation, "DT_TEXTREL"},
    {rpath, "DT_RPATH"},
    {runpath, "DT_RUNPATH"},
    {audit, "DT_AUDIT"},
    {filter, "DT_FILTER"},
    {strtab_outside, "string table lies outside"},
    {strtab_huge, "string table lies outside"},
    {symtab_outside, "symbol or string table"},
    {hash_outside, "hash table lies outside"},
    {needed_path, "it needs /tmp/x.so"},
    {needed_other, "it needs libz.so.1"},
    {needed_outside, "outside of the string table"},
    {newer_glibc, "GLIBC_2.99"},
    {glibc_that_wraps, "needs GLIBC_2.4294967297, the worker has"},
    {glibc_with_a_sign, "symbol version GLIBC_2.-4294967295"},
    {glibc_with_more_behind, "symbol version GLIBC_2.2.5.x"},
    {private_glibc, "symbol version GLIBC_PRIV"},
    {verneed_many, "version table lies outside"},
    {other_export, "it exports orch_plugin_v9"},
    {other_major, "ABI major 2"},
    {newer_host, "needs host ABI 1.9"},
    {strange_flags, "flags"},
    {note_unreadable, "no readable id"},
};

START_TEST(each_damage_is_refused_for_its_own_reason)
{
    auto_done(buf) bad = {0};
    struct elf_facts facts;
    struct err e;

    buf_add(&bad, good.data, good.len);
    damages[_i].damage(&bad);
    ck_assert(!elf_gate_check(bad.data, bad.len, &facts, &e));
    ck_assert_msg(strstr(e.msg, damages[_i].words) != NULL, "'%s' says not '%s'", e.msg,
                  damages[_i].words);
}
END_TEST

START_TEST(a_plugin_without_a_note_is_told_how_to_get_one)
{
    auto_done(buf) bad = {0};
    struct elf_facts facts;
    struct err e;

    buf_add(&bad, good.data, good.len);
    note_at(&bad)[-4] = 77; /* its type */
    ck_assert(!elf_gate_check(bad.data, bad.len, &facts, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "use ORCH_PLUGIN"));
}
END_TEST

START_TEST(an_ordinary_plugin_passes_with_its_facts)
{
    struct elf_facts facts;
    struct err e;

    ck_assert_msg(elf_gate_check(good.data, good.len, &facts, &e), "%s", e.msg);
    ck_assert_str_eq(facts.id, "fixture");
    ck_assert_str_eq(facts.version, "1.2.3");
    ck_assert_uint_eq(facts.abi_major, 1);
    ck_assert_uint_le(facts.glibc_minor, ELF_GLIBC_MINOR_MAX);
}
END_TEST

/* What the sanitizers make of these is the point. */
START_TEST(a_file_cut_anywhere_or_damaged_at_random_is_read_within_its_bounds)
{
    struct rng rng = rng_of(75);
    struct elf_facts facts;

    for (size_t len = 0; len < good.len; len += 61) {
        auto_mem char *copy = malloc(len + 1);

        memcpy(copy, good.data, len);
        (void)!elf_gate_check(copy, len, &facts, NULL);
    }
    for (int i = 0; i < 20000; i++) {
        auto_done(buf) bad = {0};
        size_t reach = rng_below(&rng, 2) == 0 ? 4096 : good.len;

        buf_add(&bad, good.data, good.len);
        for (int j = 0; j < 4; j++)
            bad.data[rng_below(&rng, reach)] = (char)rng_u64(&rng);
        (void)!elf_gate_check(bad.data, bad.len, &facts, NULL);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("elf_gate");
    TCase *tests = tcase_create("elf_gate");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, load_fixture, NULL);
    tcase_add_test(tests, an_ordinary_plugin_passes_with_its_facts);
    tcase_add_loop_test(tests, each_damage_is_refused_for_its_own_reason, 0,
                        (int)(sizeof damages / sizeof damages[0]));
    tcase_add_test(tests, a_plugin_without_a_note_is_told_how_to_get_one);
    tcase_add_test(tests, a_file_cut_anywhere_or_damaged_at_random_is_read_within_its_bounds);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    buf_done(&good);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
