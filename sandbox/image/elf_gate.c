/* elf_gate.c -- headers, segments and the ABI note. See elf_gate.h. */
#include "sandbox/image/elf_gate.h"

#include "sandbox/image/elf_view.h"
#include <orch/plugin.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
enum { NATIVE_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { NATIVE_MACHINE = EM_AARCH64 };
#endif

enum { PAGE = 4096, NOTE_BYTES_MAX = 64 * 1024 };
#define IMAGE_BYTES_MAX (1ULL << 30)

bool elf_refuse(struct err *e, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return err_set(e, ERR_UNPROCESSABLE, "plugin refused: %s", text);
}

bool elf_read(const struct elf_view *v, uint64_t offset, void *ret, size_t size)
{
    if (offset > v->len || size > v->len - offset)
        return false;
    memcpy(ret, v->bytes + offset, size);
    return true;
}

bool elf_offset_of(const struct elf_view *v, uint64_t vaddr, uint64_t size, uint64_t *ret)
{
    for (unsigned i = 0; i < v->phdr_count; i++) {
        const Elf64_Phdr *p = &v->phdrs[i];

        if (p->p_type != PT_LOAD || vaddr < p->p_vaddr || vaddr - p->p_vaddr > p->p_filesz)
            continue;
        if (size > p->p_filesz - (vaddr - p->p_vaddr))
            continue;
        *ret = p->p_offset + (vaddr - p->p_vaddr);
        return true;
    }
    return false;
}

static bool check_ident(const Elf64_Ehdr *h, struct err *e)
{
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
        return elf_refuse(e, "not an ELF file");
    if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
        h->e_machine != NATIVE_MACHINE)
        return err_set(e, ERR_UNSUPPORTED,
                       "plugin refused: built for machine %u (class %u, byte order %u), this host "
                       "is machine %u, 64 bits, little-endian",
                       h->e_machine, h->e_ident[EI_CLASS], h->e_ident[EI_DATA], NATIVE_MACHINE);
    if (h->e_ident[EI_VERSION] != EV_CURRENT || h->e_version != EV_CURRENT)
        return elf_refuse(e, "ELF version %u, wanted 1", h->e_version);
    if (h->e_ident[EI_OSABI] != ELFOSABI_SYSV && h->e_ident[EI_OSABI] != ELFOSABI_GNU)
        return elf_refuse(e, "OS ABI %u, wanted System V or GNU", h->e_ident[EI_OSABI]);
    if (h->e_type != ET_DYN)
        return elf_refuse(e, "ELF type %u, wanted a shared object: link with -shared", h->e_type);
    return true;
}

static bool check_tables(const struct elf_view *v, const Elf64_Ehdr *h, struct err *e)
{
    uint64_t sections = (uint64_t)h->e_shnum * sizeof(Elf64_Shdr);

    if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 || h->e_phnum > ELF_PHDRS_MAX)
        return elf_refuse(e, "%u program headers of %u bytes, at most %d of %zu are read",
                          h->e_phnum, h->e_phentsize, ELF_PHDRS_MAX, sizeof(Elf64_Phdr));
    if (h->e_shnum == 0)
        return true;
    if (h->e_shentsize != sizeof(Elf64_Shdr) || h->e_shoff > v->len ||
        sections > v->len - h->e_shoff)
        return elf_refuse(e, "the section headers lie outside of the file");
    return true;
}

static bool check_load(const Elf64_Phdr *p, size_t len, uint64_t *last_end, struct err *e)
{
    uint64_t end;

    if (p->p_offset > len || p->p_filesz > len - p->p_offset)
        return elf_refuse(e, "a segment lies outside of the file");
    if (p->p_filesz > p->p_memsz || p->p_memsz > IMAGE_BYTES_MAX || p->p_vaddr > IMAGE_BYTES_MAX)
        return elf_refuse(e, "a segment is larger than its memory or than 1 GiB");
    if ((p->p_flags & PF_W) != 0 && (p->p_flags & PF_X) != 0)
        return elf_refuse(e, "a segment is writable and executable: link with -z noexecstack "
                             "and without -N");
    if (p->p_align < PAGE || (p->p_align & (p->p_align - 1)) != 0 ||
        (p->p_vaddr - p->p_offset) % p->p_align != 0)
        return elf_refuse(e, "a segment is not aligned");
    end = p->p_vaddr + p->p_memsz;
    if (p->p_vaddr / PAGE * PAGE < *last_end)
        return elf_refuse(e, "segments overlap or are out of order");
    *last_end = (end + PAGE - 1) / PAGE * PAGE;
    return true;
}

/* Finds what must be there once; checks each segment by itself. */
static bool check_segments(struct elf_view *v, const Elf64_Phdr **ret_dynamic, struct err *e)
{
    const Elf64_Phdr *dynamic = NULL, *stack = NULL;
    uint64_t last_end = 0;

    for (unsigned i = 0; i < v->phdr_count; i++) {
        const Elf64_Phdr *p = &v->phdrs[i];

        if (p->p_type == PT_LOAD && !check_load(p, v->len, &last_end, e))
            return false;
        if (p->p_type == PT_INTERP)
            return elf_refuse(e, "it names an interpreter: it is a program, link with -shared");
        if ((p->p_type == PT_DYNAMIC && dynamic != NULL) ||
            (p->p_type == PT_GNU_STACK && stack != NULL))
            return elf_refuse(e, "a program header that may stand once stands twice");
        dynamic = p->p_type == PT_DYNAMIC ? p : dynamic;
        stack = p->p_type == PT_GNU_STACK ? p : stack;
    }
    if (stack == NULL || (stack->p_flags & PF_X) != 0)
        return elf_refuse(e, "it wants an executable stack: link with -z noexecstack");
    if (last_end == 0 || dynamic == NULL)
        return elf_refuse(e, "it has no dynamic section");
    *ret_dynamic = dynamic;
    return true;
}

static bool text_is_printable(const char *text, size_t bytes)
{
    const char *end = memchr(text, '\0', bytes);

    if (end == NULL || end == text)
        return false;
    for (const char *p = text; p < end; p++)
        if (*p <= ' ' || *p > '~')
            return false;
    return true;
}

static bool take_note(const uint8_t *at, uint32_t bytes, struct elf_facts *ret, struct err *e)
{
    orch_note note;

    if (bytes < ORCH_NOTE_DESC_BYTES)
        return elf_refuse(e, "its ABI note has %u bytes, wanted %u", bytes, ORCH_NOTE_DESC_BYTES);
    memcpy(&note.abi_major, at, ORCH_NOTE_DESC_BYTES);
    if (!text_is_printable(note.id, sizeof note.id) ||
        !text_is_printable(note.version, sizeof note.version))
        return elf_refuse(e, "its ABI note has no readable id and version");
    if (ret->id[0] != '\0')
        return elf_refuse(e, "it has two ABI notes");
    ret->abi_major = note.abi_major;
    ret->abi_minor = note.abi_minor;
    ret->min_host_minor = note.min_host_minor;
    ret->flags = note.flags;
    memcpy(ret->id, note.id, sizeof ret->id);
    memcpy(ret->version, note.version, sizeof ret->version);
    return true;
}

/* One PT_NOTE: {name bytes, desc bytes, type, name, desc} with 4-byte padding, repeated. */
static bool scan_notes(const struct elf_view *v, const Elf64_Phdr *p, struct elf_facts *ret,
                       struct err *e)
{
    uint64_t at = p->p_offset, end = p->p_offset + p->p_filesz;
    Elf64_Nhdr head;

    if (p->p_offset > v->len || p->p_filesz > v->len - p->p_offset || p->p_filesz > NOTE_BYTES_MAX)
        return elf_refuse(e, "a note segment lies outside of the file or is too large");
    while (end - at >= sizeof head && elf_read(v, at, &head, sizeof head)) {
        uint64_t name = at + sizeof head;
        uint64_t desc = name + ((uint64_t)head.n_namesz + 3) / 4 * 4;
        uint64_t next = desc + ((uint64_t)head.n_descsz + 3) / 4 * 4;

        if (desc + head.n_descsz > end)
            return elf_refuse(e, "a note runs out of its segment");
        if (head.n_type == ORCH_NOTE_PLUGIN && head.n_namesz == sizeof ORCH_NOTE_OWNER &&
            memcmp(v->bytes + name, ORCH_NOTE_OWNER, sizeof ORCH_NOTE_OWNER) == 0 &&
            !take_note(v->bytes + desc, head.n_descsz, ret, e))
            return false;
        at = next < end ? next : end;
    }
    return true;
}

static bool check_notes(const struct elf_view *v, struct elf_facts *ret, struct err *e)
{
    for (unsigned i = 0; i < v->phdr_count; i++)
        if (v->phdrs[i].p_type == PT_NOTE && !scan_notes(v, &v->phdrs[i], ret, e))
            return false;
    if (ret->id[0] == '\0')
        return elf_refuse(e, "it has no ABI note: use ORCH_PLUGIN of orch/plugin.h");
    if (ret->abi_major != ORCH_ABI_MAJOR)
        return elf_refuse(e, "ABI major %u, this host has %u: rebuild it", ret->abi_major,
                          ORCH_ABI_MAJOR);
    if (ret->min_host_minor > ORCH_ABI_MINOR)
        return elf_refuse(e, "it needs host ABI %u.%u, this host has %u.%u", ORCH_ABI_MAJOR,
                          ret->min_host_minor, ORCH_ABI_MAJOR, ORCH_ABI_MINOR);
    if ((ret->flags & 0xffff0000u) != 0)
        return elf_refuse(e, "it sets flags %#x that this host does not know", ret->flags);
    return true;
}

bool elf_gate_check(const void *bytes, size_t len, struct elf_facts *ret, struct err *e)
{
    struct elf_view v = {.bytes = bytes, .len = len};
    struct elf_facts facts = {0};
    const Elf64_Phdr *dynamic = NULL;
    Elf64_Ehdr head;

    if (!elf_read(&v, 0, &head, sizeof head))
        return elf_refuse(e, "%zu bytes are no ELF file", len);
    if (!check_ident(&head, e) || !check_tables(&v, &head, e))
        return false;
    v.phdr_count = head.e_phnum;
    if (!elf_read(&v, head.e_phoff, v.phdrs, v.phdr_count * sizeof v.phdrs[0]))
        return elf_refuse(e, "the program headers lie outside of the file");
    if (!check_segments(&v, &dynamic, e) || !elf_dynamic_check(&v, dynamic, &facts, e) ||
        !check_notes(&v, &facts, e))
        return false;
    *ret = facts;
    return true;
}
