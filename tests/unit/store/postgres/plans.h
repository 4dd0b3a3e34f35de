/* plans.h -- how the statements of a connection of the driver's were executed, those of triggers
 * and keys with them: the server explains each as it ran (auto_explain), and what it touched is
 * counted. */
#ifndef ORCH_TESTS_STORE_POSTGRES_PLANS_H
#define ORCH_TESTS_STORE_POSTGRES_PLANS_H

#include <libpq-fe.h>
#include <stdbool.h>

/* Of a statement that was carried out, until told returns. */
struct plan {
    const char *sql;  /* NULL: one was planned, whichever */
    const char *text; /* the lines of EXPLAIN */
};
typedef void plan_fn(void *arg, const struct plan *plan);

/* As the driver connects; each plan is the one that is kept for any parameters. */
PGconn *plans_connect(const char *url, bool read_only);
/* From then on each is told as libpq reads of it. */
void plans_tell(PGconn *conn, plan_fn *told, void *arg);

/* A node of a plan, over all its loops. */
struct plan_step {
    char what[160];   /* "Index Scan using ... on ..." */
    double rows;      /* that came out of it */
    double passed_by; /* that it looked at and dropped */
};
typedef void plan_step_fn(void *arg, const struct plan_step *step);
void plan_each_step(const struct plan *plan, plan_step_fn *told, void *arg);
/* Pages that it asked the buffer cache for. */
long plan_pages(const struct plan *plan);

#endif
