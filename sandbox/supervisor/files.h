/* files.h -- how many descriptors the supervisor may have open, and how many it has promised.
 * Whoever starts something that holds some asks first and counts it; whoever ends it counts it
 * back. */
#ifndef ORCH_SANDBOX_SUPERVISOR_FILES_H
#define ORCH_SANDBOX_SUPERVISOR_FILES_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { FILES_A_ZYGOTE = 6, FILES_AN_ATTEMPT = 2, FILES_SPENT_MAX = 256 };

struct files {
    uint32_t max, used;
    int spent[FILES_SPENT_MAX];
    uint32_t spent_count, spent_max;
};

/* As many as we may have. */
void files_raise(struct files *f);
/* False when a next message might find no free descriptor for what it carries: whoever would need
 * more is refused while there is still room to say so. */
bool files_are_left(const struct files *f);
/* For what is quicker with them and works without: an eighth of them, at most so many. */
uint32_t files_set_aside(struct files *f, uint32_t at_most);
void files_take(struct files *f, uint32_t count);
void files_give_back(struct files *f, uint32_t count);

/* Beside a sealed plugin's descriptor makes one with a position of its own: of two that share one,
 * a load would read where another is. */
bool files_own_plugin(int fd, int *ret, struct err *e) must_check;

/* Are closed once they are many, by files_close_spent at the latest, neighbours by one call: as
 * long as none of them is closed by itself, what attempts used one after another lies side by side.
 * Only for what nobody waits to see closed. A negative one is passed over. */
void files_spend(struct files *f, const int *fds, uint32_t count);
void files_close_spent(struct files *f);

#endif
