/* pq.c -- see pq.h. */
#include "store/postgres/pq.h"

#include "base/library_calls.h"

#include <libpq-fe.h>
#include <pthread.h>

/* What connects has asked for it; whoever did not has it loaded by the call. */
#define FUNCTIONS(RETURNS, GIVES, RELEASES)                                                        \
    RETURNS(int, PQcancel, (PGcancel * cancel, char *text, int bytes), (cancel, text, bytes))      \
    RETURNS(PGconn *, PQconnectdbParams,                                                           \
            (const char *const *keys, const char *const *values, int expand),                      \
            (keys, values, expand))                                                                \
    RETURNS(PostgresPollingStatusType, PQconnectPoll, (PGconn * conn), (conn))                     \
    RETURNS(PGconn *, PQconnectStartParams,                                                        \
            (const char *const *keys, const char *const *values, int expand),                      \
            (keys, values, expand))                                                                \
    RETURNS(PQconninfoOption *, PQconninfo, (PGconn * conn), (conn))                               \
    RETURNS(PQconninfoOption *, PQconninfoParse, (const char *text, char **ret_error),             \
            (text, ret_error))                                                                     \
    RETURNS(int, PQconsumeInput, (PGconn * conn), (conn))                                          \
    RETURNS(int, PQenterPipelineMode, (PGconn * conn), (conn))                                     \
    RETURNS(char *, PQerrorMessage, (const PGconn *conn), (conn))                                  \
    RETURNS(char *, PQescapeIdentifier, (PGconn * conn, const char *text, size_t len),             \
            (conn, text, len))                                                                     \
    RETURNS(PGresult *, PQexec, (PGconn * conn, const char *sql), (conn, sql))                     \
    RETURNS(PGresult *, PQexecParams,                                                              \
            (PGconn * conn, const char *sql, int count, const Oid *types,                          \
             const char *const *values, const int *lengths, const int *formats, int format),       \
            (conn, sql, count, types, values, lengths, formats, format))                           \
    RETURNS(int, PQexitPipelineMode, (PGconn * conn), (conn))                                      \
    RETURNS(int, PQflush, (PGconn * conn), (conn))                                                 \
    RETURNS(Oid, PQftype, (const PGresult *result, int field), (result, field))                    \
    RETURNS(PGcancel *, PQgetCancel, (PGconn * conn), (conn))                                      \
    RETURNS(int, PQgetisnull, (const PGresult *result, int row, int field), (result, row, field))  \
    RETURNS(int, PQgetlength, (const PGresult *result, int row, int field), (result, row, field))  \
    RETURNS(PGresult *, PQgetResult, (PGconn * conn), (conn))                                      \
    RETURNS(char *, PQgetvalue, (const PGresult *result, int row, int field),                      \
            (result, row, field))                                                                  \
    RETURNS(char *, PQhost, (const PGconn *conn), (conn))                                          \
    RETURNS(int, PQisBusy, (PGconn * conn), (conn))                                                \
    RETURNS(int, PQnfields, (const PGresult *result), (result))                                    \
    RETURNS(PGnotify *, PQnotifies, (PGconn * conn), (conn))                                       \
    RETURNS(int, PQntuples, (const PGresult *result), (result))                                    \
    RETURNS(const char *, PQparameterStatus, (const PGconn *conn, const char *name), (conn, name)) \
    RETURNS(int, PQpipelineSync, (PGconn * conn), (conn))                                          \
    RETURNS(char *, PQresultErrorField, (const PGresult *result, int field), (result, field))      \
    RETURNS(ExecStatusType, PQresultStatus, (const PGresult *result), (result))                    \
    RETURNS(int, PQsendPrepare,                                                                    \
            (PGconn * conn, const char *name, const char *sql, int count, const Oid *types),       \
            (conn, name, sql, count, types))                                                       \
    RETURNS(int, PQsendQueryParams,                                                                \
            (PGconn * conn, const char *sql, int count, const Oid *types,                          \
             const char *const *values, const int *lengths, const int *formats, int format),       \
            (conn, sql, count, types, values, lengths, formats, format))                           \
    RETURNS(int, PQsendQueryPrepared,                                                              \
            (PGconn * conn, const char *name, int count, const char *const *values,                \
             const int *lengths, const int *formats, int format),                                  \
            (conn, name, count, values, lengths, formats, format))                                 \
    RETURNS(int, PQserverVersion, (const PGconn *conn), (conn))                                    \
    RETURNS(int, PQsetnonblocking, (PGconn * conn, int on), (conn, on))                            \
    RETURNS(PQnoticeReceiver, PQsetNoticeReceiver,                                                 \
            (PGconn * conn, PQnoticeReceiver receiver, void *arg), (conn, receiver, arg))          \
    RETURNS(int, PQsetSingleRowMode, (PGconn * conn), (conn))                                      \
    RETURNS(int, PQsocket, (const PGconn *conn), (conn))                                           \
    RETURNS(const char *, PQsslAttribute, (PGconn * conn, const char *name), (conn, name))         \
    RETURNS(int, PQsslInUse, (PGconn * conn), (conn))                                              \
    RETURNS(ConnStatusType, PQstatus, (const PGconn *conn), (conn))                                \
    RELEASES(PQclear, PGresult *)                                                                  \
    RELEASES(PQconninfoFree, PQconninfoOption *)                                                   \
    RELEASES(PQfinish, PGconn *)                                                                   \
    RELEASES(PQfreeCancel, PGcancel *)                                                             \
    RELEASES(PQfreemem, void *)

/* The names of the parameters are ours.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name,readability-function-size) */
LIBRARY_CALLS(FUNCTIONS, pq_load)
/* NOLINTEND(readability-inconsistent-declaration-parameter-name,readability-function-size) */

bool pq_load(struct err *e)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static void *library;
    bool ok;

    pthread_mutex_lock(&lock);
    ok =
        library != NULL || library_load("libpq.so.5", functions, ARRAY_LEN(functions), &library, e);
    pthread_mutex_unlock(&lock);
    return ok;
}
