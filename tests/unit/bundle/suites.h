#ifndef ORCH_TESTS_BUNDLE_SUITES_H
#define ORCH_TESTS_BUNDLE_SUITES_H

#include "bundle/archive.h"

#include <check.h>

/* A manifest as an author writes it, with one agent and one schema. */
extern const char source_manifest[];

/* The bundle's parts, packed from it. */
struct packed {
    struct buf payload, archive;
};
void packed_make(struct packed *p);
void packed_done(struct packed *p);
DEFINE_AUTO_DONE(packed)

Suite *archive_suite(void);
Suite *bundle_suite(void);
Suite *manifest_suite(void);

#endif
