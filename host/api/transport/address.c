/* address.c -- is the address ours to listen on? See net.h. */
#include "api/transport/net.h"
#include "base/fd.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

bool net_address_try(const struct net_options *opt, struct err *e)
{
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM}, *found;
    char port[8];
    auto_fd fd = -1;
    int one = 1;
    bool good;

    snprintf(port, sizeof port, "%u", opt->listen_port);
    if (getaddrinfo(opt->listen_host, port, &hints, &found) != 0)
        return err_set(e, ERR_INVALID, "cannot listen on '%s': not an address", opt->listen_host);
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    good = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
           bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 1) == 0;
    if (!good)
        (void)err_sys(e, "cannot listen on %s port %s", opt->listen_host, port);
    freeaddrinfo(found);
    return good;
}
