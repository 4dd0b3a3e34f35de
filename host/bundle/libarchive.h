/* libarchive.h -- libarchive, loaded for an archive and given back at rest.
 *
 * It brings an XML parser, the tables of ICU and the C++ library with it. libarchive.c has a
 * function of each of its names that pack.c and unpack.c call. Private to host/bundle. */
#ifndef ORCH_BUNDLE_LIBARCHIVE_H
#define ORCH_BUNDLE_LIBARCHIVE_H

#include "base/err.h"

/* For who wants to hear that it is not there; else its first call loads it. One thread. */
bool libarchive_load(struct err *e) must_check;
/* While no archive is open. */
void libarchive_unload(void);

#endif
