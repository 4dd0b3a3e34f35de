/* suites.h -- the test cases of this program, and the cluster they share. A test has a database of
 * its own, "t", made anew; its owner is "keeper", which is no superuser. */
#ifndef ORCH_TESTS_STORE_POSTGRES_SUITES_H
#define ORCH_TESTS_STORE_POSTGRES_SUITES_H

#include "cluster.h"
#include "sql.h"

#include <check.h>

/* Started before the first test. */
extern struct cluster *fixture_cluster;

void fixture_empty(void); /* "t" has nothing */
void fixture_migrated(
    void); /* "t" has the schema; "of_app", "of_readonly", "of_operator" may log in */
/* A connection to "t" whose search path is the schema. */
PGconn *fixture_as(const char *role);
/* keeper's own URL of "t". The caller owns it. */
char *fixture_url(void);
/* Brings "t" to a version (store/cluster_schema.h) as keeper; fails the test unless it goes. */
void fixture_migrate(int version);

TCase *cluster_cases(void);
TCase *migrate_cases(void);
TCase *roles_cases(void);
TCase *partitions_cases(void);
TCase *schema_cases(void);

#endif
