/* log.c -- see log.h. */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_BYTES_USUAL = 640 };

static const char *const level_names[LOG_LEVEL_COUNT] = {"debug", "info", "warn", "error"};

static struct {
    const char *process;
    enum log_level least;
    bool json;
} setup = {"orch", LOG_INFO, false};

/* Threads may log at the same time: each line is one write. */
static struct {
    bool not_socket;  /* known to be none */
    bool never_waits; /* a write that finds no room says so */
    atomic_uint lost; /* since the last mark */
    atomic_bool full; /* the last line found no room */
    atomic_bool torn; /* and had begun */
} out;

void log_setup(const char *process, enum log_level least, bool json)
{
    setup.process = process;
    setup.least = least;
    setup.json = json;
    out.not_socket = out.never_waits = false;
}

bool log_level_parse(const char *text, enum log_level *ret)
{
    for (int i = 0; i < LOG_LEVEL_COUNT; i++) {
        if (strcasecmp(text, level_names[i]) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    }
    if (strcasecmp(text, "warning") == 0) {
        *ret = LOG_WARN;
        return true;
    }
    return false;
}

const char *log_level_text(void)
{
    return level_names[setup.least];
}

const char *log_format_text(void)
{
    return setup.json ? "json" : "text";
}

static void add_key(struct buf *b, const char *key)
{
    buf_adds(b, setup.json ? "\"" : "");
    buf_adds(b, key);
    buf_adds(b, setup.json ? "\":" : "=");
}

static void add_member(struct buf *b, const char *key, const char *text)
{
    buf_addc(b, setup.json ? ',' : ' ');
    add_key(b, key);
    buf_add_json_str(b, text, strlen(text));
}

static void add_field(struct buf *b, const struct log_field *f)
{
    if (f->text != NULL) {
        add_member(b, f->key, f->text);
        return;
    }
    buf_addc(b, setup.json ? ',' : ' ');
    add_key(b, f->key);
    buf_add_int(b, f->number);
}

static void add_line(struct buf *b, enum log_level level, const char *event,
                     const struct log_field *fields, size_t count)
{
    char now[CLOCK_TEXT_BYTES];

    clock_text(clock_wall_us(), now);
    buf_reserve(b, LINE_BYTES_USUAL);
    buf_adds(b, setup.json ? "{" : "");
    add_key(b, "timestamp");
    buf_add_json_str(b, now, strlen(now));
    add_member(b, "level", level_names[level]);
    add_member(b, "process", setup.process);
    add_member(b, "event", event);
    for (size_t i = 0; i < count; i++)
        add_field(b, &fields[i]);
    buf_adds(b, setup.json ? "}\n" : "\n");
}

/* ---- to the reader ---- */

/* A socket's own description may be shared with whoever started us, so it is not made to not
 * block; each message says so. */
static ssize_t write_some(const char *data, size_t len)
{
    struct iovec part = {(void *)(uintptr_t)data, len};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t n = -1;

    errno = ENOTSOCK;
    if (!out.not_socket)
        n = sendmsg(STDERR_FILENO, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
    return n < 0 && errno == ENOTSOCK ? write(STDERR_FILENO, data, len) : n;
}

static bool has_room(void)
{
    struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&p, 1, atomic_load(&out.full) ? 0 : LOG_WAIT_MS) == 1 && (p.revents & POLLOUT) != 0;
}

/* A pipe has room for PIPE_BUF bytes when it says so: no more is written at a time. */
static size_t write_bounded(const char *data, size_t len)
{
    size_t done = 0;

    while (done < len) {
        size_t piece = len - done < PIPE_BUF ? len - done : PIPE_BUF;
        ssize_t n = out.never_waits ? write_some(data + done, piece) : -1;

        if (n <= 0 && has_room())
            n = write_some(data + done, piece);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    return done;
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                size_t count)
{
    auto_done(buf) text = {0};
    unsigned lost;
    size_t done;
    bool torn;

    if (level < setup.least)
        return;
    lost = atomic_exchange(&out.lost, 0);
    torn = atomic_exchange(&out.torn, false);
    if (torn)
        buf_addc(&text, '\n');
    if (lost > 0)
        add_line(&text, LOG_WARN, "log.lost", &F_INT("lines", lost), 1);
    add_line(&text, level, event, fields, count);
    done = write_bounded((const char *)text.data, text.len);
    atomic_store(&out.full, done < text.len);
    if (done == text.len)
        return;
    atomic_fetch_add(&out.lost, lost + 1);
    if (torn || done > 0)
        atomic_store(&out.torn, true);
}

void log_own_output(void)
{
    struct stat st;
    int fd;

    if (fstat(STDERR_FILENO, &st) < 0)
        return;
    out.not_socket = !S_ISSOCK(st.st_mode);
    out.never_waits = S_ISSOCK(st.st_mode) || S_ISREG(st.st_mode);
    if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
        return;
    fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return;
    out.never_waits = dup2(fd, STDERR_FILENO) == STDERR_FILENO;
    close(fd);
}
