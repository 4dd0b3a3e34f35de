/* keyring.h -- the host's own keys, all derived from one root key of 32 random bytes.
 *
 * The root key is the systemd credential `orch-root-key` when $CREDENTIALS_DIRECTORY holds one,
 * otherwise ORCH_HOME/root.key (0600, ours, one link). It is wiped as soon as the keys are derived
 * (crypto_kdf, one number a key: a number is never used for anything else again). Losing it loses
 * every sealed secret; copying it copies the host's identity. */
#ifndef ORCH_AUTHORITY_KEYS_KEYRING_H
#define ORCH_AUTHORITY_KEYS_KEYRING_H

#include "authority/keys/key.h"
#include "authority/keys/secret.h"
#include "base/err.h"

enum { ROOT_KEY_BYTES = 32 };

/*     key        number in the derivation */
#define KEYRING_MAP(XX)                                                                            \
    XX(TOKEN, 2)     /* access tokens */                                                           \
    XX(HOST, 3)      /* provenance and ledger heads */                                             \
    XX(PUBLISHER, 4) /* bundles and DAGs made on this host */

enum keyring_use {
#define XX(name, number) KEYRING_##name,
    KEYRING_MAP(XX)
#undef XX
        KEYRING_COUNT,
};

struct keyring;

/* Makes ORCH_HOME/root.key; ERR_CONFLICT when there is one. */
bool keyring_create(const char *home, struct err *e) must_check;
/* ERR_NOT_FOUND when there is no root key. */
bool keyring_load(const char *home, struct keyring **ret, struct err *e) must_check;
struct keyring *keyring_derive(const uint8_t root[ROOT_KEY_BYTES]) must_check;
void keyring_free(struct keyring *keyring);
DEFINE_AUTO(keyring)

const struct key_secret *keyring_key(const struct keyring *keyring, enum keyring_use use);
const uint8_t *keyring_sealing(const struct keyring *keyring);
struct secret_box_keys keyring_box(const struct keyring *keyring);

#endif
