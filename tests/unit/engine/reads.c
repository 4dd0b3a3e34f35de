/* reads.c -- see reads.h. */
#include "reads.h"

#include "model/dag/dag.h"
#include "model/dag/plan.h"
#include "model/dag/source/parse.h"
#include "store/reader.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct reads reads;
static const char *held_words;
static unsigned held;

struct reads reads_now(void)
{
    struct reads now;

    pthread_mutex_lock(&lock);
    now = reads;
    pthread_mutex_unlock(&lock);
    return now;
}

void reads_hold(const char *words)
{
    pthread_mutex_lock(&lock);
    held_words = words;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void reads_await_held(void)
{
    pthread_mutex_lock(&lock);
    while (held == 0)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void note(enum reads_kind kind, const char *text, size_t len)
{
    pthread_mutex_lock(&lock);
    reads.count[kind]++;
    if (gettid() == getpid()) {
        reads.on_loop++;
    } else {
        held++;
        pthread_cond_broadcast(&changed);
        while (held_words != NULL && memmem(text, len, held_words, strlen(held_words)) != NULL)
            pthread_cond_wait(&changed, &lock);
        held--;
    }
    pthread_mutex_unlock(&lock);
}

#define WRAPPED(type, name, args)                                                                  \
    type __real_##name args;                                                                       \
    type __wrap_##name args;                                                                       \
    type __wrap_##name args

WRAPPED(bool, dag_parse,
        (const char *text, size_t len, struct dag **ret, struct dag_findings *findings,
         struct err *e))
{
    note(READS_SOURCE, text, len);
    return __real_dag_parse(text, len, ret, findings, e);
}

WRAPPED(bool, dag_from_json,
        (json_t * doc, struct dag **ret, struct dag_findings *findings, struct err *e))
{
    note(READS_SOURCE, "", 0);
    return __real_dag_from_json(doc, ret, findings, e);
}

WRAPPED(bool, dag_from_json_valid, (json_t * doc, struct dag **ret, struct err *e))
{
    note(READS_MODEL, "", 0);
    return __real_dag_from_json_valid(doc, ret, e);
}

WRAPPED(bool, dag_kept_read, (const char *text, json_t **ret, struct err *e))
{
    note(READS_KEPT, text, strlen(text));
    return __real_dag_kept_read(text, ret, e);
}

WRAPPED(json_t *, dag_to_json_owned, (const struct dag *dag))
{
    note(READS_OUT, "", 0);
    return __real_dag_to_json_owned(dag);
}

WRAPPED(bool, store_read_nodes,
        (struct store_reader * r, const struct store_node_filter *filter, struct store_page page,
         struct store_node_list *ret, struct err *e))
{
    if (filter->outputs)
        note(READS_PAST, filter->run_id, strlen(filter->run_id));
    return __real_store_read_nodes(r, filter, page, ret, e);
}

WRAPPED(void, dag_free, (struct dag * dag))
{
    pthread_mutex_lock(&lock);
    reads.freed += dag != NULL;
    reads.freed_on_loop += dag != NULL && gettid() == getpid();
    pthread_mutex_unlock(&lock);
    __real_dag_free(dag);
}
