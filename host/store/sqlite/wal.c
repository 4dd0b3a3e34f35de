/* wal.c -- see wal.h. */
#include "store/sqlite/wal.h"

#include "base/mem.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { HEADER_BYTES = 32, FRAME_HEADER_BYTES = 24, SUMMED_OF_FRAME = 8, PAGE_BYTES_MAX = 65536 };
enum { MAGIC_LITTLE = 0x377f0682, MAGIC_BIG = 0x377f0683 };

struct sums {
    bool big_endian;
    uint32_t s1, s2;
};

static uint32_t word(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return be32toh(value);
}

static void add(struct sums *sums, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i + 8 <= len; i += 8) {
        uint32_t x[2];

        memcpy(x, bytes + i, sizeof x);
        for (int n = 0; n < 2; n++)
            x[n] = sums->big_endian ? be32toh(x[n]) : le32toh(x[n]);
        sums->s1 += x[0] + sums->s2;
        sums->s2 += x[1] + sums->s1;
    }
}

static bool fits(const struct sums *sums, const uint8_t *stored)
{
    return word(stored) == sums->s1 && word(stored + 4) == sums->s2;
}

static bool read_at(int fd, void *bytes, size_t len, off_t at)
{
    ssize_t n;

    do
        n = pread(fd, bytes, len, at);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)len;
}

static bool header(int fd, struct sums *sums, uint32_t *ret_page, struct wal_view *ret)
{
    uint8_t h[HEADER_BYTES];
    uint32_t magic;

    if (!read_at(fd, h, sizeof h, 0))
        return false;
    magic = word(h);
    if (magic != MAGIC_LITTLE && magic != MAGIC_BIG)
        return false;
    sums->big_endian = magic == MAGIC_BIG;
    add(sums, h, HEADER_BYTES - 8);
    *ret_page = word(h + 8);
    ret->salt1 = word(h + 16);
    ret->salt2 = word(h + 20);
    ret->whole_header = fits(sums, h + HEADER_BYTES - 8) && *ret_page >= 512 &&
                        *ret_page <= PAGE_BYTES_MAX && (*ret_page & (*ret_page - 1)) == 0;
    return ret->whole_header;
}

bool wal_salts(int fd, struct wal_view *ret)
{
    struct sums sums = {0};
    uint32_t page;

    *ret = (struct wal_view){0};
    return header(fd, &sums, &page, ret);
}

bool wal_look(const char *path, struct wal_view *ret, struct err *e)
{
    auto_fd fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    auto_mem uint8_t *frame = NULL;
    struct sums sums = {0};
    uint32_t page, number = 0;

    *ret = (struct wal_view){0};
    if (fd < 0)
        return errno == ENOENT || err_sys(e, "open '%s'", path);
    if (!header(fd, &sums, &page, ret))
        return true;
    frame = mem_alloc(FRAME_HEADER_BYTES + page);
    while (read_at(fd, frame, FRAME_HEADER_BYTES + page,
                   HEADER_BYTES + (off_t)number * (FRAME_HEADER_BYTES + page)) &&
           word(frame + 8) == ret->salt1 && word(frame + 12) == ret->salt2) {
        add(&sums, frame, SUMMED_OF_FRAME);
        add(&sums, frame + FRAME_HEADER_BYTES, page);
        if (!fits(&sums, frame + 16))
            break;
        number++;
        if (word(frame + 4) != 0) /* the database's size behind a commit */
            ret->frames = number;
    }
    return true;
}
