/* elf_gate.h -- what a plugin's shared object must be before anything maps it (SANDBOX.md 2.3).
 * Pure: bytes in, facts or a reason out; never reads past the bytes, whatever they say; needs the C
 * library only. Used inside the confined worker before dlopen, and by `orch plugin check`.
 *
 * Accepted is only: ELF64, little-endian, this machine, ET_DYN; every table inside the file; no
 * interpreter, no writable and executable segment, no executable stack, no text relocation, no
 * RPATH, RUNPATH, AUDIT or FILTER; needs only libraries that the worker has loaded, in versions
 * that it has; exports orch_plugin_v1 and nothing else; holds one valid ABI note.
 *
 * Formulas: System V gABI chapters 4 and 5, psABI of x86-64 and AArch64, the GNU hash layout. */
#ifndef ORCH_SANDBOX_IMAGE_ELF_GATE_H
#define ORCH_SANDBOX_IMAGE_ELF_GATE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* The newest GLIBC_2.x that a plugin may ask for: Debian 12's. */
enum { ELF_GLIBC_MINOR_MAX = 36 };

struct elf_facts {
    uint32_t abi_major, abi_minor, min_host_minor, flags;
    char id[128];
    char version[64];
    uint32_t glibc_minor; /* the newest one asked for */
};

/* ERR_UNPROCESSABLE: found, wanted and how to mend it; ERR_UNSUPPORTED: another machine's. */
bool elf_gate_check(const void *bytes, size_t len, struct elf_facts *ret, struct err *e) must_check;

#endif
