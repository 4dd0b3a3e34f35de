/* elf_view.h -- between elf_gate.c and elf_dynamic.c: bounded reads of an ELF file. */
#ifndef ORCH_SANDBOX_IMAGE_ELF_VIEW_H
#define ORCH_SANDBOX_IMAGE_ELF_VIEW_H

#include "sandbox/image/elf_gate.h"

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ELF_PHDRS_MAX = 32, ELF_DYNAMIC_MAX = 512, ELF_SYMBOLS_MAX = 1 << 20 };

struct elf_view {
    const uint8_t *bytes;
    size_t len;
    Elf64_Phdr phdrs[ELF_PHDRS_MAX];
    unsigned phdr_count;
};

/* False when a part of [offset, offset + size) lies outside of the file. */
bool elf_read(const struct elf_view *v, uint64_t offset, void *ret, size_t size) must_check;
/* The file offset of size mapped bytes at vaddr, all in one segment's file part. */
bool elf_offset_of(const struct elf_view *v, uint64_t vaddr, uint64_t size,
                   uint64_t *ret) must_check;

bool elf_refuse(struct err *e, const char *fmt, ...) printf_like(2, 3);

/* DT_*, libraries, versions, exported symbols. */
bool elf_dynamic_check(const struct elf_view *v, const Elf64_Phdr *dynamic, struct elf_facts *ret,
                       struct err *e) must_check;

#endif
