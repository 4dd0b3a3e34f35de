/* lab.h -- the author's laboratory: the real supervisor, worker and profiles, with one
 * plugin loaded and one attempt at a time. The plugin need not be signed: nothing of it runs in
 * this process. Owns its sandbox. */
#ifndef ORCH_CLI_PLUGIN_LAB_H
#define ORCH_CLI_PLUGIN_LAB_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/plugin/project.h"
#include "sandbox/client/client.h"

struct lab;

/* Starts the sandbox and loads the image. The agents that the plugin lists are compared with the
 * image's manifest, when it has one. */
bool lab_open(const struct plugin_image *image, int64_t timeout_ms, struct lab **ret,
              struct err *e) must_check;
void lab_free(struct lab *lab);
DEFINE_AUTO(lab)

struct lab_agent {
    char *id;
    enum profile profile; /* that it wants */
};
const struct lab_agent *lab_agents(const struct lab *lab, size_t *ret_count);

struct lab_result {
    enum outcome outcome;
    int32_t status;
    struct buf error_class, error_message, output;
    struct buf log; /* all three streams, as they came */
    int signal;     /* 0: none */
    int level;
    uint32_t layers;
    int64_t wall_ns;
};
void lab_result_done(struct lab_result *result);
DEFINE_AUTO_DONE(lab_result)

/* One attempt; input and config are JSON texts. Always ends: the deadline is LAB_DEADLINE_S, or
 * what is left of lab_open's time, which is ERR_TIMEOUT. */
enum { LAB_DEADLINE_S = 60 };
bool lab_run(struct lab *lab, const char *agent, const struct buf *input, const struct buf *config,
             struct lab_result *ret, struct err *e) must_check;

#endif
