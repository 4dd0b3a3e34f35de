/* fake_super.c -- stands in for orch-supervisor in the client's unit tests: says what the worker's
 * path names, and hands its end of the link, with its arguments, to the test on standard input. The
 * test plays the supervisor from then on. */
#include "sandbox/wire/super_wire.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINK = 3 };

static void say(uint16_t type, const void *payload, size_t bytes)
{
    struct frame frame = {.type = type, .payload = payload, .payload_bytes = (uint32_t)bytes};
    struct err e;

    if (!frame_send(LINK, &frame, &e))
        _exit(1);
}

static void say_hello(void)
{
    struct layer_report report = {.mask = (1u << LAYER_COUNT) - 1, .level = LAYER_LEVEL_MAX};

    report.landlock_abi = 7;
    say(MSG_HELLO, &report, sizeof report);
}

/* The second word is empty: from then on the link has no end here. */
static void closed(void)
{
    struct err e;

    if (!frame_send(STDIN_FILENO, &(struct frame){.type = 2}, &e))
        _exit(1);
}

static void hand_over(int argc, char **argv)
{
    struct frame frame = {.type = 1, .fds = (int[]){LINK}, .fd_count = 1};
    char words[1024] = "";
    struct err e;

    for (int i = 0; i < argc; i++) {
        strncat(words, i > 0 ? " " : "", sizeof words - strlen(words) - 1);
        strncat(words, argv[i], sizeof words - strlen(words) - 1);
    }
    frame.payload = words;
    frame.payload_bytes = (uint32_t)strlen(words);
    if (!frame_send(STDIN_FILENO, &frame, &e))
        _exit(1);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 2 ? argv[2] : "";
    char byte;

    if (strcmp(mode, "exits") == 0)
        return 0;
    if (strcmp(mode, "fails") == 0) {
        say(MSG_START_FAILED, "no rights", 9);
        return 1;
    }
    if (strcmp(mode, "short") == 0) {
        say(MSG_HELLO, "abc", 3);
        return 1;
    }
    if (strcmp(mode, "garbage") == 0)
        return write(LINK, "abc", 3) == 3 ? 1 : 2;
    hand_over(argc, argv);
    say_hello();
    close(LINK);
    closed();
    /* Lives until the test closes the other end. */
    return read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1;
}
