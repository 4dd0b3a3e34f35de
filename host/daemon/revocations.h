/* revocations.h -- tokens that another host has taken back: this host's authority learns of each,
 * and what the API remembers of it opens nothing any more. They are read from the store when news
 * say so, or may have been lost. Loop thread. */
#ifndef ORCH_DAEMON_REVOCATIONS_H
#define ORCH_DAEMON_REVOCATIONS_H

struct host;
struct revocations;

struct revocations *revocations_new(struct host *host) __attribute__((warn_unused_result));
/* Accepts NULL. Beside is freed, and the authority answers nothing more. */
void revocations_free(struct revocations *r);

/* The authority has this one. */
void revocations_known(struct revocations *r, const char *token_id);
/* Reads them all, and does what is left to do; a look that comes meanwhile is made behind it. */
void revocations_look(struct revocations *r);

#endif
