#ifndef ORCH_TESTS_ABI_TEXT_H
#define ORCH_TESTS_ABI_TEXT_H

#include "base/buf.h"

/* Appends every struct with its members' types, offsets and sizes, and every constant. */
void abi_text(struct buf *b);

#endif
