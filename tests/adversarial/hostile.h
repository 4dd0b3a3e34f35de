/* hostile.h -- a plugin that attacks its host in one way at a time, chosen by {"case": NAME} in its
 * config. Built with the SDK's header and the C library only, as anybody's plugin. A case returns
 * what it saw, which is emitted as {"said": TEXT}; many never return. */
#ifndef ORCH_TESTS_ADVERSARIAL_HOSTILE_H
#define ORCH_TESTS_ADVERSARIAL_HOSTILE_H

#include <orch/plugin.h>

extern const orch_host *host;
extern orch_run *run;
extern const orch_ctx *ctx;
extern char text[2048];     /* for what a case has to say */
extern volatile int always; /* 1 */

/* The symbolic errno of a call that must fail, "done" when it did not. */
const char *failed(long result);

struct attack {
    const char *name;
    const char *(*attack)(void);
};
#define CASE(name)                                                                                 \
    {                                                                                              \
#name, do_##name                                                                           \
    }
#define END_OF_CASES                                                                               \
    {                                                                                              \
        0, 0                                                                                       \
    }

extern const struct attack process_attacks[], file_attacks[], memory_attacks[], limit_attacks[],
    channel_attacks[], leak_attacks[];

/* One system call with these arguments; false when there is no such name. */
int call_by_name(const char *name, const char **ret);

#endif
