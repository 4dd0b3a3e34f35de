/* migrate.h -- `orchd migrate up|down|status [--store URL]`: the schema of a store in PostgreSQL,
 * which a host does not move by itself, as others may be on it. A store in SQLite is moved by its
 * start. */
#ifndef ORCH_DAEMON_MIGRATE_H
#define ORCH_DAEMON_MIGRATE_H

/* argv as main got it, without the first word. Gives the process's status: 0; 1 when it failed, or
 * `status` found that something waits; 2 for words that it does not know. */
int migrate_main(int argc, char **argv);

#endif
