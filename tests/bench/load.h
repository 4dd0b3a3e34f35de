/* load.h -- a load on a live host: starts runs over kept-alive connections and learns of their ends
 * from one NDJSON stream, all on one libcurl multi handle. Exits with a message when the host does
 * not do as it should: a benchmark of errors is worth nothing. */
#ifndef ORCH_TESTS_BENCH_LOAD_H
#define ORCH_TESTS_BENCH_LOAD_H

#include <jansson.h>
#include <stdbool.h>

struct load;

/* url without a trailing slash. Opens the stream and waits for its hello. */
struct load *load_open(const char *url, const char *token);
void load_close(struct load *load);

/* For libcurl: an answer that nobody reads. */
size_t load_drop(char *bytes, size_t size, size_t count, void *arg);

/* One request, waited for; takes the body, which may be NULL. What came must be well and JSON; the
 * caller owns it. */
json_t *load_ask_owned(struct load *load, const char *method, const char *path, json_t *body);

/* POST /dags/import; takes the definition. */
void load_import(struct load *load, json_t *dag);

/* Keeps `outstanding` runs of the DAG going until `runs` were started and `seconds` have passed
 * (either may be 0: then the other alone counts). */
struct load_order {
    const char *dag_id;
    int outstanding;
    long runs;
    double seconds;
    bool fails;        /* they end with run.failed; else that is an error */
    const char *lane;  /* its tasks are started; dag_id is the lane's then (dag "lane.NAME") */
    double per_second; /* no more than these are started; 0: as fast as they end */
    json_t *started;   /* an array gets the ids of those that were; NULL: nobody asks */
};

/* times gets the seconds from the start request to the end's event, up to times_max of them.
 * Returns how many ended; *ret_seconds how long it took. */
long load_run(struct load *load, const struct load_order *order, double *times, long times_max,
              double *ret_seconds);

#endif
