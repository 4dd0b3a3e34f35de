/* fixture.c -- folders and keys for the tests. See suites.h. */
#include "suites.h"

#include "base/auto.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char test_dir[128];

void test_dir_make(void)
{
    const char *base = getenv("TMPDIR");

    snprintf(test_dir, sizeof test_dir, "%s/orch-authority-XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(test_dir));
}

void test_dir_remove(void)
{
    char command[160];

    snprintf(command, sizeof command, "rm -rf '%s'", test_dir);
    ck_assert_int_eq(system(command), 0);
}

const char *test_path(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % ARRAY_LEN(paths)];

    snprintf(path, sizeof paths[0], "%s/%s", test_dir, name);
    return path;
}

void test_write(const char *name, const char *text, unsigned mode)
{
    auto_fd fd = open(test_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, mode), 0);
}

struct key_secret *test_key(unsigned char byte)
{
    uint8_t seed[KEY_BYTES];

    memset(seed, byte, sizeof seed);
    return key_secret_from_seed(seed);
}

bool test_same(const struct key_public *a, const struct key_public *b)
{
    return memcmp(a->bytes, b->bytes, KEY_BYTES) == 0;
}

const char *test_refusal_word(enum refusal refusal)
{
    static const char *const words[REFUSAL_COUNT] = {
#define XX(name, word, code) [REFUSAL_##name] = word,
        REFUSAL_MAP(XX)
#undef XX
    };

    return refusal != REFUSAL_NONE ? words[refusal] : "none";
}
