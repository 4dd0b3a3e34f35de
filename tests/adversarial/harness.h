/* harness.h -- a host for hostile plugins: the real client, supervisor and worker, one attempt at a
 * time or many, with everything that came back kept for looking at.
 *
 * Every case ends with world_done(), which checks what must hold whatever the plugin did: the
 * host's loop took a bounded amount of work in each turn, every attempt was answered once, and an
 * innocent attempt of the same plugin (agent "canary") still succeeds; and nothing is left of it
 * all (residue.h), which each suite checks at its end too. */
#ifndef ORCH_TESTS_ADVERSARIAL_HARNESS_H
#define ORCH_TESTS_ADVERSARIAL_HARNESS_H

#include "base/buf.h"
#include "residue.h"
#include "sandbox/client/client.h"
#include "taken.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

/* What came of one attempt, copied. */
struct answer {
    uint64_t id;
    int64_t deadline_ns; /* that it was ordered with */
    unsigned times;      /* on_attempt_done */
    enum outcome outcome;
    int32_t status;
    int signal, exit_code;
    enum isolation isolation;
    bool plugins_words;
    uint32_t layers, layers_said;
    int level;
    int64_t wall_ns, cpu_ns;
    uint64_t log_dropped, stdout_dropped, stderr_dropped;
    char error_class[80];
    char message[4 * 1024 + 1]; /* all that an attempt may say */
    struct buf output, streams[3];
    bool started;
};

enum { ANSWERS_MAX = 512 };

struct world {
    struct sandbox *sb;
    struct sandbox_options options;
    struct answer answers[ANSWERS_MAX];
    unsigned count;     /* started */
    unsigned pending;   /* not answered */
    struct taken taken; /* the most in one turn */
    struct residue before;
    bool gone;
    int authority_fd;
    char digest[65]; /* of the plugin added last */
    bool plugin_ready, plugin_failed;
    struct err plugin_error;
    unsigned quarantined; /* on_plugin_quarantined */
    struct err quarantine_error;
    bool warm_granted; /* of plugins that are added from now on */
    uint32_t n_agents;
};

struct request {
    const char *agent;  /* "hostile" when NULL */
    const char *config; /* JSON; {} when NULL */
    const char *input;
    struct attempt_limits limits;
    enum isolation isolation;
    int64_t deadline_ms; /* 10 s when 0 */
    const char *secret;  /* its value; the node has one secret "token" */
    const char *tenant;
    const char *digest; /* the plugin that was added last when NULL */
    uint32_t attempt;
    uint8_t seed;
};

/* Skips the test with a reason where this machine cannot run it. */
void world_start(struct world *w, const struct sandbox_options *options);
/* As world_start, and the hostile plugin is loaded. */
void world_start_hostile(struct world *w, const struct sandbox_options *options);
/* Checks the invariants and stops the sandbox. */
void world_done(struct world *w);
/* Stops without a canary: for worlds that are broken on purpose. */
void world_stop(struct world *w);

/* Seals and adds. */
void world_add_begin(struct world *w, const void *bytes, size_t len);
/* Reads, seals, adds, and turns until the plugin is ready or refused. */
void world_add(struct world *w, const char *path);
void world_add_bytes(struct world *w, const void *bytes, size_t len);
void file_bytes(const char *path, struct buf *b);

struct answer *attempt_begin(struct world *w, const struct request *r);
/* Turns until it is answered; fails the test after 20 s. */
void attempt_await(struct world *w, const struct answer *a);
struct answer *attempt_run(struct world *w, const struct request *r);
/* Runs {"case": name} of agent hostile. */
struct answer *hostile(struct world *w, const char *name);
/* Waits for the loop's next event, but not past until_ns, and takes one turn. */
void world_turn_once(struct world *w, int64_t until_ns);
/* Turns for a while, or until pending is 0. */
void world_turn_for(struct world *w, int64_t ms);
void world_await_all(struct world *w);
/* Makes room for more answers: none may be on its way. */
void world_forget(struct world *w);

/* The plugin's own report: the text that it emitted as {"said": TEXT}. */
const char *said(const struct answer *a);

void expect_policy_violation(const struct answer *a);
/* And its message has these words. */
#define NOT_TOLD "which one was not told"
void expect_call(const struct answer *a, const char *words);
void expect_outcome(const struct answer *a, enum outcome outcome);
void expect_said(const struct answer *a, const char *text);

/* Of /proc. */
int process_parent(int pid); /* 0: none */
bool process_is_zombie(int pid);
bool process_is_below(int pid, int ancestor);
bool process_is_named(int pid, const char *start); /* "": any */
unsigned descendants(void);                        /* below this process */
unsigned open_files(void);

/* The rest of this process is nobody. */
void give_up_root(void);

/* One test a case: name it as a sentence and with the number of SANDBOX.md 4. The program runs them
 * as root, or with "rootless" as its argument as nobody. */
Suite *adversarial_suite(void);
/* A part of a suite that is run by its name: cases of two minutes at most. */
void suite_add_part(Suite *suite, const char *name, void (*add)(TCase *));

#endif
