/* page.c -- the page of shim.h, also for a program whose own calls do not fail. */
#include "faults/shim.h"

#include <assert.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fault_page own_page;
struct fault_page *fault_page = &own_page;

int fault_page_share(void)
{
    int fd = memfd_create("faults", 0), shared;
    void *page;

    assert(fd >= 0);
    shared = ftruncate(fd, sizeof *fault_page);
    assert(shared == 0);
    page = mmap(NULL, sizeof *fault_page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert(page != MAP_FAILED);
    fault_page = page;
    shared = dup2(fd, FAULT_PAGE_FD);
    assert(shared == FAULT_PAGE_FD);
    close(fd);
    return shared;
}
