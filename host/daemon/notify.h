/* notify.h -- tells the service manager how it goes (sd_notify(3)'s protocol, without the link). */
#ifndef ORCH_DAEMON_NOTIFY_H
#define ORCH_DAEMON_NOTIFY_H

/* Does nothing when $NOTIFY_SOCKET is not set. */
void notify_service_manager(const char *state);

#endif
