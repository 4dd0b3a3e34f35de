/* told.c -- see told.h. */
#include "daemon/told.h"

#include "base/clock.h"
#include "base/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SAME_WORD_NS (1000LL * 1000 * 1000)

/* A handler may run on any thread that does not block signals. */
static struct {
    atomic_int end;
    atomic_llong end_ns; /* when it was said first */
    atomic_bool hurry, reload;
    int fd;
} told = {.fd = -1};

static void on_end(int number)
{
    int64_t now = clock_mono_ns();
    int none = 0;

    if (atomic_compare_exchange_strong(&told.end, &none, number))
        atomic_store(&told.end_ns, now);
    else if (now - atomic_load(&told.end_ns) >= SAME_WORD_NS)
        atomic_store(&told.hurry, true);
}

static void on_signal(int number)
{
    int kept = errno;

    if (number == SIGHUP)
        atomic_store(&told.reload, true);
    else
        on_end(number);
    (void)!write(told.fd, &(uint64_t){1}, sizeof(uint64_t));
    errno = kept;
}

bool told_listen(struct err *e)
{
    static const int heard[] = {SIGTERM, SIGINT, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    told.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (told.fd < 0)
        return err_sys(e, "make an event descriptor");
    for (size_t i = 0; i < ARRAY_LEN(heard); i++)
        if (sigaction(heard[i], &action, NULL) < 0)
            return err_sys(e, "hear signal %d", heard[i]);
    signals_pass_over();
    signal(SIGQUIT, SIG_DFL);
    return true;
}

int told_fd(void)
{
    return told.fd;
}

void told_hear(void)
{
    uint64_t count;

    (void)!read(told.fd, &count, sizeof count);
}

int told_to_end(void)
{
    return atomic_load(&told.end);
}

bool told_to_hurry(void)
{
    return atomic_load(&told.hurry);
}

bool told_to_reload(void)
{
    return atomic_exchange(&told.reload, false);
}
