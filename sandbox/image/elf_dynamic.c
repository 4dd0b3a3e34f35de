/* elf_dynamic.c -- the dynamic section: what the object needs and what it offers. */
#include "sandbox/image/elf_view.h"

#include <string.h>

enum { NAME_BYTES_MAX = 256, VERSIONS_MAX = 256 };

/* Loaded in the worker before the plugin is; nothing else can be found in an empty root. */
static const char *const libraries[] = {
    "libc.so.6",
    "libm.so.6",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
};

/* What a linker may add to the one symbol of the ABI. */
static const char *const exports[] = {
    "orch_plugin_v1", "_init", "_fini", "_edata", "_end", "__bss_start",
};

static const struct {
    int64_t tag;
    const char *name;
    const char *advice;
} forbidden[] = {
    {DT_TEXTREL, "TEXTREL", "compile with -fPIC"},
    {DT_RPATH, "RPATH", "link without -rpath"},
    {DT_RUNPATH, "RUNPATH", "link without -rpath"},
    {DT_AUDIT, "AUDIT", "link without --audit"},
    {DT_DEPAUDIT, "DEPAUDIT", "link without --depaudit"},
    {DT_FILTER, "FILTER", "link without --filter"},
    {DT_AUXILIARY, "AUXILIARY", "link without --auxiliary"},
};

struct dynamic {
    const struct elf_view *v;
    uint64_t strings, strings_bytes; /* file offset */
    uint64_t symbols;                /* file offset */
    uint64_t hash, gnu_hash;         /* addresses; 0: none */
    uint64_t versions;               /* address of the first Verneed; 0: none */
    uint64_t version_count;
};

static bool string_at(const struct dynamic *d, uint64_t index, char out[NAME_BYTES_MAX],
                      struct err *e)
{
    size_t most = NAME_BYTES_MAX;

    if (index < d->strings_bytes && d->strings_bytes - index < most)
        most = d->strings_bytes - index;
    if (index >= d->strings_bytes || !elf_read(d->v, d->strings + index, out, most) ||
        memchr(out, '\0', most) == NULL)
        return elf_refuse(e, "a name lies outside of the string table");
    for (char *p = out; *p != '\0'; p++)
        if (*p <= ' ' || *p > '~')
            *p = '?';
    return true;
}

static bool word_in(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

static bool check_tag(const Elf64_Dyn *entry, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
        if (entry->d_tag == forbidden[i].tag)
            return elf_refuse(e, "DT_%s: %s", forbidden[i].name, forbidden[i].advice);
    if (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0)
        return elf_refuse(e, "DF_TEXTREL: compile with -fPIC");
    return true;
}

static void note_entry(struct dynamic *d, const Elf64_Dyn *entry, uint64_t *string_address,
                       uint64_t *symbol_address)
{
    uint64_t value = entry->d_un.d_val;

    switch (entry->d_tag) {
    case DT_STRTAB:
        *string_address = value;
        break;
    case DT_STRSZ:
        d->strings_bytes = value;
        break;
    case DT_SYMTAB:
        *symbol_address = value;
        break;
    case DT_HASH:
        d->hash = value;
        break;
    case DT_GNU_HASH:
        d->gnu_hash = value;
        break;
    case DT_VERNEED:
        d->versions = value;
        break;
    case DT_VERNEEDNUM:
        d->version_count = value;
        break;
    default:
        break;
    }
}

/* Fills entries up to DT_NULL. */
static bool read_entries(const struct elf_view *v, const Elf64_Phdr *p,
                         Elf64_Dyn entries[ELF_DYNAMIC_MAX], size_t *ret_count, struct err *e)
{
    size_t most = p->p_filesz / sizeof(Elf64_Dyn);
    uint64_t offset;

    if (!elf_offset_of(v, p->p_vaddr, p->p_filesz, &offset) || offset != p->p_offset)
        return elf_refuse(e, "the dynamic section lies outside of the segments");
    for (size_t i = 0; i < most && i < ELF_DYNAMIC_MAX; i++) {
        if (!elf_read(v, offset + i * sizeof(Elf64_Dyn), &entries[i], sizeof entries[i]))
            return elf_refuse(e, "the dynamic section is cut short");
        *ret_count = i;
        if (entries[i].d_tag == DT_NULL)
            return true;
    }
    return elf_refuse(e, "the dynamic section has no end in %d entries", ELF_DYNAMIC_MAX);
}

static bool find_tables(struct dynamic *d, const Elf64_Dyn *entries, size_t count, struct err *e)
{
    uint64_t strings = 0, symbols = 0;

    for (size_t i = 0; i < count; i++) {
        if (!check_tag(&entries[i], e))
            return false;
        note_entry(d, &entries[i], &strings, &symbols);
    }
    if (!elf_offset_of(d->v, strings, d->strings_bytes, &d->strings) ||
        !elf_offset_of(d->v, symbols, sizeof(Elf64_Sym), &d->symbols))
        return elf_refuse(e, "the symbol or string table lies outside of the segments");
    return true;
}

static bool check_needed(const struct dynamic *d, const Elf64_Dyn *entries, size_t count,
                         struct err *e)
{
    char name[NAME_BYTES_MAX];

    for (size_t i = 0; i < count; i++) {
        if (entries[i].d_tag != DT_NEEDED)
            continue;
        if (!string_at(d, entries[i].d_un.d_val, name, e))
            return false;
        if (!word_in(name, libraries, ARRAY_LEN(libraries)))
            return elf_refuse(e,
                              "it needs %s; only libc.so.6 and libm.so.6 are there: link the "
                              "library statically (-static-libstdc++ -static-libgcc)",
                              name);
    }
    return true;
}

/* Reads digits and moves at behind them. A number that no version has stays one that is too high,
 * however many digits it has. */
static bool read_number(const char **at, unsigned *ret)
{
    const char *begin = *at;
    unsigned value = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++)
        if (value <= ELF_GLIBC_MINOR_MAX)
            value = 10 * value + (unsigned)(**at - '0');
    *ret = value;
    return *at > begin;
}

/* GLIBC_2.x or GLIBC_2.x.y, and nothing behind it. */
static bool read_version(const char *name, unsigned *ret_minor)
{
    static const char prefix[] = "GLIBC_2.";
    const char *at = name + sizeof prefix - 1;
    unsigned patch;

    if (strncmp(name, prefix, sizeof prefix - 1) != 0 || !read_number(&at, ret_minor))
        return false;
    if (*at == '.') {
        at++;
        if (!read_number(&at, &patch))
            return false;
    }
    return *at == '\0';
}

/* GLIBC_2.x[.y] up to ours; GLIBC_ABI_* marks are the linker's; all others are refused. */
static bool check_version(const char *name, struct elf_facts *ret, struct err *e)
{
    unsigned minor;

    if (strncmp(name, "GLIBC_ABI_", 10) == 0)
        return true;
    if (!read_version(name, &minor))
        return elf_refuse(e, "it needs symbol version %s", name);
    if (minor > ELF_GLIBC_MINOR_MAX)
        return elf_refuse(e,
                          "it needs %s, the worker has GLIBC_2.%d: build it on Debian 12 or "
                          "older",
                          name, ELF_GLIBC_MINOR_MAX);
    if (minor > ret->glibc_minor)
        ret->glibc_minor = minor;
    return true;
}

static bool check_versions_of(const struct dynamic *d, uint64_t at, const Elf64_Verneed *need,
                              struct elf_facts *ret, struct err *e)
{
    char name[NAME_BYTES_MAX];
    Elf64_Vernaux aux;

    at += need->vn_aux;
    for (unsigned i = 0; i < need->vn_cnt && i < VERSIONS_MAX; i++) {
        if (!elf_read(d->v, at, &aux, sizeof aux))
            return elf_refuse(e, "the version table lies outside of the file");
        if (!string_at(d, aux.vna_name, name, e) || !check_version(name, ret, e))
            return false;
        if (aux.vna_next == 0)
            return true;
        at += aux.vna_next;
    }
    return need->vn_cnt == 0 || elf_refuse(e, "the version table has no end");
}

static bool check_versions(const struct dynamic *d, struct elf_facts *ret, struct err *e)
{
    Elf64_Verneed need;
    uint64_t at;

    if (d->versions == 0)
        return true;
    if (d->version_count > VERSIONS_MAX || !elf_offset_of(d->v, d->versions, sizeof need, &at))
        return elf_refuse(e, "the version table lies outside of the segments");
    for (uint64_t i = 0; i < d->version_count; i++) {
        if (!elf_read(d->v, at, &need, sizeof need))
            return elf_refuse(e, "the version table lies outside of the file");
        if (!check_versions_of(d, at, &need, ret, e))
            return false;
        if (need.vn_next == 0)
            break;
        at += need.vn_next;
    }
    return true;
}

/* The loader trusts the hash table for the number of symbols, so we count with its rule. */
static bool gnu_symbol_count(const struct dynamic *d, uint32_t *ret)
{
    struct {
        uint32_t buckets, first, bloom, shift;
    } head;
    uint64_t at, chains;
    uint32_t last = 0, word;

    if (!elf_offset_of(d->v, d->gnu_hash, sizeof head, &at) ||
        !elf_read(d->v, at, &head, sizeof head) || head.buckets > ELF_SYMBOLS_MAX ||
        head.bloom > ELF_SYMBOLS_MAX || head.first > ELF_SYMBOLS_MAX)
        return false;
    at += sizeof head + (uint64_t)head.bloom * sizeof(uint64_t);
    chains = at + (uint64_t)head.buckets * sizeof(uint32_t);
    for (uint32_t i = 0; i < head.buckets; i++) {
        if (!elf_read(d->v, at + (uint64_t)i * sizeof word, &word, sizeof word))
            return false;
        last = word > last ? word : last;
    }
    if (last < head.first) {
        *ret = head.first;
        return true;
    }
    do {
        if (last > ELF_SYMBOLS_MAX ||
            !elf_read(d->v, chains + (uint64_t)(last - head.first) * sizeof word, &word,
                      sizeof word))
            return false;
        last++;
    } while ((word & 1) == 0);
    *ret = last;
    return true;
}

static bool symbol_count(const struct dynamic *d, uint32_t *ret)
{
    uint32_t head[2];
    uint64_t at;

    if (d->gnu_hash != 0)
        return gnu_symbol_count(d, ret);
    if (d->hash == 0 || !elf_offset_of(d->v, d->hash, sizeof head, &at) ||
        !elf_read(d->v, at, head, sizeof head))
        return false;
    *ret = head[1];
    return head[1] <= ELF_SYMBOLS_MAX;
}

static bool is_exported(const Elf64_Sym *symbol)
{
    unsigned binding = ELF64_ST_BIND(symbol->st_info);
    unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);

    return symbol->st_shndx != SHN_UNDEF && binding != STB_LOCAL && visibility != STV_HIDDEN &&
           visibility != STV_INTERNAL;
}

static bool check_exports(const struct dynamic *d, struct err *e)
{
    char name[NAME_BYTES_MAX];
    uint32_t count;
    bool found = false;
    Elf64_Sym symbol;

    if (!symbol_count(d, &count))
        return elf_refuse(e, "the symbol hash table lies outside of the file");
    for (uint32_t i = 0; i < count; i++) {
        if (!elf_read(d->v, d->symbols + (uint64_t)i * sizeof symbol, &symbol, sizeof symbol))
            return elf_refuse(e, "the symbol table lies outside of the file");
        if (!is_exported(&symbol))
            continue;
        if (!string_at(d, symbol.st_name, name, e))
            return false;
        if (!word_in(name, exports, ARRAY_LEN(exports)))
            return elf_refuse(e,
                              "it exports %s; only orch_plugin_v1 may be: compile with "
                              "-fvisibility=hidden, link with the SDK's version script",
                              name);
        if (strcmp(name, exports[0]) == 0 && ELF64_ST_TYPE(symbol.st_info) == STT_OBJECT)
            found = true;
    }
    return found || elf_refuse(e, "it exports no orch_plugin_v1: use ORCH_PLUGIN");
}

bool elf_dynamic_check(const struct elf_view *v, const Elf64_Phdr *dynamic, struct elf_facts *ret,
                       struct err *e)
{
    struct dynamic d = {.v = v};
    Elf64_Dyn entries[ELF_DYNAMIC_MAX];
    size_t count = 0;

    return read_entries(v, dynamic, entries, &count, e) && find_tables(&d, entries, count, e) &&
           check_needed(&d, entries, count, e) && check_versions(&d, ret, e) &&
           check_exports(&d, e);
}
