/* subjects.h -- every table that has rows of tenants, and how a row of it comes in. */
#ifndef ORCH_TESTS_STORE_POSTGRES_SUBJECTS_H
#define ORCH_TESTS_STORE_POSTGRES_SUBJECTS_H

#include <libpq-fe.h>
#include <stddef.h>

enum subject_kind {
    SUBJECT_WORK,     /* the host may do everything */
    SUBJECT_EVIDENCE, /* it comes in and stays, whoever asks */
    SUBJECT_CURSOR,   /* it comes in and goes on */
    SUBJECT_DERIVED,  /* made by a function */
};

struct subject {
    const char *table;
    enum subject_kind kind;
    const char *insert; /* of the tenant and key that the settings test.tenant and test.key say */
};

extern const struct subject subjects[];
extern const size_t subject_count;

/* A row of each table for tenants "a" and "b", key "1". As the superuser. */
void subjects_fill(PGconn *superuser);
/* What the next insert says. */
void subjects_say(PGconn *conn, const char *tenant, const char *key);

#endif
