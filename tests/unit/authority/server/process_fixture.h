/* process_fixture.h -- a real orch-authority with a fresh home for each test, and one request at a
 * time through the real client. */
#ifndef ORCH_TESTS_AUTHORITY_PROCESS_FIXTURE_H
#define ORCH_TESTS_AUTHORITY_PROCESS_FIXTURE_H

#include "suites.h"

#include "authority/client/client.h"
#include "base/buf.h"

#include <sys/types.h>

/* The last answer. text: a copy of what the result borrowed (payload, first envelope, token, blob,
 * jwks or list). */
struct answer {
    unsigned count;
    struct err err; /* code 0: result is set */
    struct authority_result result;
    struct buf text;
};
extern struct answer test_answer;
extern struct authority_client *test_client;
extern pid_t test_pid;

/* Checked fixture. */
void test_start(void);
void test_stop(void);
/* Lets the authority end, checks that it ended well, starts another one on the same home. */
void test_restart(void);

/* Starts orch-authority on the test's home; the socket is the caller's. */
pid_t test_spawn(int *ret_sock, bool create_root);
int test_exit_status(pid_t pid);

struct authority_reply test_reply(void);
/* Waits for the next answer; false with its error. */
bool test_wait(struct err *e);

struct test_keys {
    struct key_public host, publisher;
    uint8_t box[SECRET_BOX_KEY_BYTES];
};
struct test_keys test_keys(void);

TCase *secret_message_cases(void);
TCase *lifetime_cases(void);

#endif
