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

/* The largest power of two smaller than n; n > 1 (RFC 6962's k). */
static size_t split_of(size_t n)
{
    size_t k = 1;

    while (k * 2 < n)
        k *= 2;
    return k;
}

static void root_of(const uint8_t (*leaves)[SHA256_BYTES], size_t count, uint8_t ret[SHA256_BYTES])
{
    struct merkle tree = {0};

    for (size_t i = 0; i < count; i++)
        merkle_append(&tree, leaves[i]);
    merkle_root(&tree, ret);
}

size_t merkle_path(const uint8_t (*leaves)[SHA256_BYTES], size_t count, size_t index,
                   uint8_t (*path)[SHA256_BYTES])
{
    uint8_t from_top[MERKLE_LEVELS_MAX][SHA256_BYTES];
    size_t depth = 0;

    assert(index < count);
    while (count > 1) {
        size_t k = split_of(count);

        if (index < k) {
            root_of(leaves + k, count - k, from_top[depth++]);
            count = k;
        } else {
            root_of(leaves, k, from_top[depth++]);
            leaves += k;
            index -= k;
            count -= k;
        }
    }
    for (size_t i = 0; i < depth; i++)
        memcpy(path[i], from_top[depth - 1 - i], SHA256_BYTES);
    return depth;
}

bool merkle_path_verify(const uint8_t leaf[SHA256_BYTES], uint64_t index, uint64_t count,
                        const uint8_t (*path)[SHA256_BYTES], size_t path_len,
                        const uint8_t root[SHA256_BYTES])
{
    uint8_t hash[SHA256_BYTES];
    uint64_t last = count - 1;

    if (index >= count)
        return false;
    memcpy(hash, leaf, SHA256_BYTES);
    for (size_t i = 0; i < path_len; i++) {
        if (last == 0)
            return false;
        if ((index & 1) == 1 || index == last) {
            merkle_node(path[i], hash, hash);
            while ((index & 1) == 0 && index != 0) {
                index >>= 1;
                last >>= 1;
            }
        } else {
            merkle_node(hash, path[i], hash);
        }
        index >>= 1;
        last >>= 1;
    }
    return last == 0 && memcmp(hash, root, SHA256_BYTES) == 0;
}
