/* store_path.h -- where a store's file is: for its readers. Private to host/store. */
#ifndef ORCH_STORE_STORE_PATH_H
#define ORCH_STORE_STORE_PATH_H

struct store;

const char *store_path(const struct store *store);

#endif
