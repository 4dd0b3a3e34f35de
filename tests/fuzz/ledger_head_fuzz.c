/* ledger_head_fuzz.c -- a head from anybody is refused, or it is one: written again it reads back
 * the same, and its tree can grow. */
#include "model/ledger/head.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct sha256_hex grown_root(struct ledger_head *head)
{
    static const char hash[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    if (!ledger_tree_add(&head->tree, hash, NULL))
        __builtin_trap();
    return ledger_tree_root(&head->tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_done(buf) text = {0};
    struct ledger_head head, again;
    struct err e;

    if (!ledger_head_parse((const char *)bytes, len, &head, &e))
        return 0;
    ledger_head_write(&head, &text);
    if (!ledger_head_parse(buf_text(&text), text.len, &again, &e))
        __builtin_trap();
    if (strcmp(grown_root(&head).text, grown_root(&again).text) != 0)
        __builtin_trap();
    return 0;
}
