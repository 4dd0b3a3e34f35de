/* keyring.c -- see keyring.h. */
#include "authority/keys/keyring.h"

#include "authority/keys/locked.h"
#include "base/mem.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_SEALING = 1, NUMBER_BOX = 5 };
static const char context[crypto_kdf_CONTEXTBYTES] = "orchroot";

static_assert(ROOT_KEY_BYTES == crypto_kdf_KEYBYTES, "the root key is the derivation's key");
static_assert(SECRET_BOX_KEY_BYTES == crypto_box_PUBLICKEYBYTES, "secret.h has libsodium's sizes");
static_assert(SECRET_BOX_KEY_BYTES == crypto_box_SECRETKEYBYTES, "secret.h has libsodium's sizes");

struct keyring {
    struct key_secret *keys[KEYRING_COUNT];
    struct locked *sealing;
    struct locked *box_secret;
    uint8_t box_public[SECRET_BOX_KEY_BYTES];
};

static const uint64_t numbers[KEYRING_COUNT] = {
#define XX(name, number) [KEYRING_##name] = number,
    KEYRING_MAP(XX)
#undef XX
};

static struct locked *derive(const uint8_t root[ROOT_KEY_BYTES], uint64_t number)
{
    struct locked *key = locked_new(KEY_BYTES);

    crypto_kdf_derive_from_key(key->data, KEY_BYTES, number, context, root);
    key->len = KEY_BYTES;
    return key;
}

struct keyring *keyring_derive(const uint8_t root[ROOT_KEY_BYTES])
{
    struct keyring *k = mem_new(struct keyring);
    auto_obj(locked) box_seed = derive(root, NUMBER_BOX);

    for (int use = 0; use < KEYRING_COUNT; use++) {
        auto_obj(locked) seed = derive(root, numbers[use]);

        k->keys[use] = key_secret_from_seed(seed->data);
    }
    k->sealing = derive(root, NUMBER_SEALING);
    k->box_secret = locked_new(SECRET_BOX_KEY_BYTES);
    crypto_box_seed_keypair(k->box_public, k->box_secret->data, box_seed->data);
    return k;
}

void keyring_free(struct keyring *k)
{
    if (k == NULL)
        return;
    for (int use = 0; use < KEYRING_COUNT; use++)
        key_secret_free(k->keys[use]);
    locked_free(k->sealing);
    locked_free(k->box_secret);
    free(k);
}

static char *root_path(const char *home)
{
    return mem_printf("%s/root.key", home);
}

bool keyring_create(const char *home, struct err *e)
{
    auto_mem char *path = root_path(home);
    auto_obj(locked) root = locked_new(ROOT_KEY_BYTES);

    randombytes_buf(root->data, ROOT_KEY_BYTES);
    return locked_write_file(path, root->data, ROOT_KEY_BYTES, e);
}

/* *ret stays NULL when the service manager gave none. */
static bool credential_read(struct locked **ret, struct err *e)
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    auto_mem char *path = dir != NULL ? mem_printf("%s/orch-root-key", dir) : NULL;

    if (path == NULL || access(path, F_OK) < 0)
        return true;
    return locked_read_credential(path, ROOT_KEY_BYTES, ret, e);
}

bool keyring_load(const char *home, struct keyring **ret, struct err *e)
{
    auto_mem char *path = root_path(home);
    auto_obj(locked) root = NULL;

    if (!credential_read(&root, e))
        return err_wrap(e, "root key credential");
    if (root == NULL && !locked_read_file(path, ROOT_KEY_BYTES, &root, e))
        return err_wrap(e, "root key");
    if (root->len != ROOT_KEY_BYTES)
        return err_set(e, ERR_CORRUPT, "the root key has %zu bytes, not %d", root->len,
                       ROOT_KEY_BYTES);
    *ret = keyring_derive(root->data);
    return true;
}

const struct key_secret *keyring_key(const struct keyring *k, enum keyring_use use)
{
    assert(use < KEYRING_COUNT);
    return k->keys[use];
}

const uint8_t *keyring_sealing(const struct keyring *k)
{
    return k->sealing->data;
}

struct secret_box_keys keyring_box(const struct keyring *k)
{
    return (struct secret_box_keys){k->box_public, k->box_secret->data};
}
