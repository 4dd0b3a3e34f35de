/* merkle.h -- Merkle tree hashing of RFC 6962 section 2.1 over the ledger's event hashes.
 *
 * The tree is kept as its frontier (one root a complete subtree), so an append costs amortised one
 * hash and a head costs log2(n). Pure. */
#ifndef ORCH_MODEL_LEDGER_MERKLE_H
#define ORCH_MODEL_LEDGER_MERKLE_H

#include "base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MERKLE_LEVELS_MAX = 48 };

struct merkle {
    uint64_t leaves;
    uint8_t subtree[MERKLE_LEVELS_MAX][SHA256_BYTES]; /* [i] is of 2^i leaves; valid where bit i of
                                                         leaves is set */
};

/* Leaf hash: SHA-256(0x00 || bytes). */
void merkle_leaf(const void *bytes, size_t len, uint8_t ret[SHA256_BYTES]);
/* Node hash: SHA-256(0x01 || left || right). */
void merkle_node(const uint8_t left[SHA256_BYTES], const uint8_t right[SHA256_BYTES],
                 uint8_t ret[SHA256_BYTES]);

void merkle_append(struct merkle *tree, const uint8_t leaf[SHA256_BYTES]);
/* The tree head; of an empty tree SHA-256 of nothing. */
void merkle_root(const struct merkle *tree, uint8_t ret[SHA256_BYTES]);

#endif
