/* others.h -- what other hosts on the same store committed, handed to whom it concerns
 * (store/hosts.h, docs/adr/0049). Loop thread. */
#ifndef ORCH_DAEMON_OTHERS_H
#define ORCH_DAEMON_OTHERS_H

struct host;

/* Once, when the parts are there. Ends with the threads beside the loop: what comes while the host
 * lets go of its runs is the others' to look at. */
void others_listen(struct host *host);

#endif
