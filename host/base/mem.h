/* mem.h -- memory of a size that we chose never fails to its caller: it ends the process and the
 * supervisor or the service manager restarts it (ADR 0004). A size that came from outside meets
 * its limit (base/limits.h) before it comes here. All memory is released with free(). */
#ifndef ORCH_BASE_MEM_H
#define ORCH_BASE_MEM_H

#include "base/auto.h"

#include <stddef.h>

void *mem_alloc(size_t bytes) must_check;                         /* not zeroed */
void *mem_zero(size_t count, size_t bytes) must_check;            /* zeroed, overflow-checked */
void *mem_resize(void *p, size_t count, size_t bytes) must_check; /* overflow-checked */
void *mem_dup(const void *p, size_t bytes) must_check;
char *mem_str(const char *text) must_check;                /* NULL stays NULL */
char *mem_strn(const char *text, size_t bytes) must_check; /* adds the NUL */
char *mem_printf(const char *fmt, ...) printf_like(1, 2) must_check;

/* What is free goes back to the kernel, of all threads: for who has nothing else to do. */
void mem_give_back(void);

/* For a program of one thread that is about to allocate so much in small pieces and ends then: the
 * heap grows at once, by huge pages where the system has them. A page that is touched first costs
 * more than what is written to it. */
void mem_expect(size_t bytes);

#define mem_new(type) ((type *)mem_zero(1, sizeof(type)))
#define mem_array(count, type) ((type *)mem_zero((count), sizeof(type)))

#endif
