/* merkle.c -- see merkle.h. */
#include "model/ledger/merkle.h"

#include <assert.h>
#include <string.h>

static void hash_tagged(uint8_t tag, const void *bytes, size_t len, uint8_t ret[SHA256_BYTES])
{
    struct sha256_stream *s = sha256_stream_new();

    sha256_stream_add(s, &tag, 1);
    sha256_stream_add(s, bytes, len);
    sha256_stream_end(s, ret);
}

void merkle_leaf(const void *bytes, size_t len, uint8_t ret[SHA256_BYTES])
{
    hash_tagged(0x00, bytes, len, ret);
}

void merkle_node(const uint8_t left[SHA256_BYTES], const uint8_t right[SHA256_BYTES],
                 uint8_t ret[SHA256_BYTES])
{
    uint8_t both[1 + 2 * SHA256_BYTES] = {0x01};

    memcpy(both + 1, left, SHA256_BYTES);
    memcpy(both + 1 + SHA256_BYTES, right, SHA256_BYTES);
    sha256(both, sizeof both, ret);
}

void merkle_append(struct merkle *tree, const uint8_t leaf[SHA256_BYTES])
{
    uint8_t carry[SHA256_BYTES];
    int level = 0;

    memcpy(carry, leaf, SHA256_BYTES);
    for (; (tree->leaves >> level) & 1; level++)
        merkle_node(tree->subtree[level], carry, carry);
    assert(level < MERKLE_LEVELS_MAX);
    memcpy(tree->subtree[level], carry, SHA256_BYTES);
    tree->leaves++;
}

void merkle_root(const struct merkle *tree, uint8_t ret[SHA256_BYTES])
{
    bool any = false;

    if (tree->leaves == 0) {
        sha256("", 0, ret);
        return;
    }
    for (int level = 0; level < MERKLE_LEVELS_MAX; level++) {
        if (((tree->leaves >> level) & 1) == 0)
            continue;
        if (any)
            merkle_node(tree->subtree[level], ret, ret);
        else
            memcpy(ret, tree->subtree[level], SHA256_BYTES);
        any = true;
    }
}
