/* taken.h -- counts what one turn of the host's loop takes from each descriptor. The programs are
 * linked so that the calls which take bytes come here first (CMakeLists.txt), which counts the same
 * on a machine that is idle, busy or slow. */
#ifndef ORCH_TESTS_ADVERSARIAL_TAKEN_H
#define ORCH_TESTS_ADVERSARIAL_TAKEN_H

#include <stddef.h>
#include <stdint.h>

/* The largest that were seen in one turn. */
struct taken {
    uint64_t calls, bytes; /* from one descriptor */
    uint64_t descriptors;  /* that something came from */
    uint64_t parsed_bytes; /* of one JSON text */
    uint64_t texts_parsed; /* in all turns together */
};

void taken_turn_begin(void);
void taken_turn_end(struct taken *most);

#endif
