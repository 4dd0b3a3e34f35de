/* cgroup_folder.h -- where the groups of this supervisor are: one folder "orch-PID-START" a kind,
 * made below our own group or below the root of the hierarchy, and locked (flock) for as long as
 * the supervisor lives. Folders that nobody locks are of supervisors that are no more, in whatever
 * pid namespace they were, and are swept when one is made.
 *
 * Owns nothing: a folder's name and lock are the caller's. Called by cgroup.c alone. NULL with
 * errno where there is none. */
#ifndef ORCH_SANDBOX_SUPERVISOR_CGROUP_FOLDER_H
#define ORCH_SANDBOX_SUPERVISOR_CGROUP_FOLDER_H

#include <stdbool.h>

/* ret_lock: the folder, locked; closing it gives it up. */
char *cgroup_folder_v1(const char *controller, int *ret_lock);
char *cgroup_folder_v2(const char *controller, int *ret_lock);
/* The same where the hierarchy and our group in it are known. */
char *cgroup_folder_v2_at(const char *mount, const char *own, const char *controller,
                          int *ret_lock);
/* Kills what is in it, and waits for that. */
void cgroup_folder_remove(const char *folder);
/* Kills what is in the one group. */
void cgroup_folder_kill(const char *folder);
/* No process is in it. */
bool cgroup_folder_is_empty(const char *folder);

bool cgroup_file_put(const char *folder, const char *name, const char *text);

#endif
