/* elf_gate_fuzz.c -- any bytes as a plugin's shared object. */
#include "sandbox/image/elf_gate.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct elf_facts facts = {0};
    struct err e;

    if (elf_gate_check(bytes, len, &facts, &e)) {
        assert(memchr(facts.id, '\0', sizeof facts.id) != NULL && facts.id[0] != '\0');
        assert(facts.abi_major == 1);
    } else {
        assert(e.code == ERR_UNPROCESSABLE || e.code == ERR_UNSUPPORTED);
    }
    return 0;
}
