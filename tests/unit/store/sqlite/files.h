/* files.h -- the fixture of the driver for SQLite, and its own cases. */
#ifndef ORCH_TESTS_STORE_SQLITE_FILES_H
#define ORCH_TESTS_STORE_SQLITE_FILES_H

#include "suites.h"

extern char *fixture_folder;
extern char *fixture_path; /* of the store's file: fixture_url */

TCase *writer_cases(void);
TCase *queue_cases(void);
TCase *file_cases(void);
TCase *plan_cases(void);
TCase *damage_cases(void);
TCase *errors_cases(void);
TCase *durable_cases(void);
TCase *place_cases(void);
TCase *hands_cases(void);
TCase *gather_cases(void);

#endif
