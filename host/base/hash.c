/* hash.c -- see hash.h. */
#include "base/hash.h"

#include "base/text.h"

#include <assert.h>
#include <openssl/evp.h>
#include <pthread.h>

/* OpenSSL 3 looks an algorithm up at every use unless it was fetched once. */
static EVP_MD *algorithm;
static pthread_key_t thread_end;
static pthread_once_t algorithm_once = PTHREAD_ONCE_INIT;

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static void fetch_algorithm(void)
{
    int failed = pthread_key_create(&thread_end, free_context);

    algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    assert(algorithm != NULL && failed == 0);
}

static const EVP_MD *sha256_algorithm(void)
{
    pthread_once(&algorithm_once, fetch_algorithm);
    return algorithm;
}

/* One context a thread, for the short messages that are most of our hashing; it ends with its
 * thread. */
static _Thread_local EVP_MD_CTX *thread_context;

static EVP_MD_CTX *context_of_thread(void)
{
    if (thread_context == NULL) {
        pthread_once(&algorithm_once, fetch_algorithm);
        thread_context = EVP_MD_CTX_new();
        pthread_setspecific(thread_end, thread_context);
    }
    assert(thread_context != NULL);
    return thread_context;
}

void sha256(const void *bytes, size_t len, uint8_t ret[SHA256_BYTES])
{
    EVP_MD_CTX *context = context_of_thread();
    int ok = EVP_DigestInit_ex(context, sha256_algorithm(), NULL) == 1 &&
             EVP_DigestUpdate(context, bytes, len) == 1 &&
             EVP_DigestFinal_ex(context, ret, NULL) == 1;

    assert(ok);
}

struct sha256_hex sha256_hex(const void *bytes, size_t len)
{
    struct sha256_hex hex;
    uint8_t digest[SHA256_BYTES];

    sha256(bytes, len, digest);
    text_hex(digest, sizeof digest, hex.text);
    return hex;
}

/* The stream is the EVP context itself under an opaque name. */
struct sha256_stream *sha256_stream_new(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int ok = context != NULL && EVP_DigestInit_ex(context, sha256_algorithm(), NULL) == 1;

    assert(ok);
    return (struct sha256_stream *)context;
}

void sha256_stream_add(struct sha256_stream *s, const void *bytes, size_t len)
{
    int ok = EVP_DigestUpdate((EVP_MD_CTX *)s, bytes, len) == 1;

    assert(ok);
}

void sha256_stream_end(struct sha256_stream *s, uint8_t ret[SHA256_BYTES])
{
    int ok = EVP_DigestFinal_ex((EVP_MD_CTX *)s, ret, NULL) == 1;

    assert(ok);
    EVP_MD_CTX_free((EVP_MD_CTX *)s);
}
