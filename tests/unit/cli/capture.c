/* capture.c -- see suites.h. */
#include "suites.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/mem.h"
#include "cli/parse.h"

#include <stdlib.h>
#include <string.h>

void capture_begin(struct capture *c, enum cli_format format)
{
    memset(c, 0, sizeof *c);
    c->cli.set.format = format;
    c->cli.set.home = ".";
    c->cli.out = open_memstream(&c->text_out, &c->len_out);
    c->cli.err = open_memstream(&c->text_err, &c->len_err);
    ck_assert(c->cli.out != NULL && c->cli.err != NULL);
}

void capture_end(struct capture *c)
{
    fclose(c->cli.out);
    fclose(c->cli.err);
}

void capture_done(struct capture *c)
{
    free(c->text_out);
    free(c->text_err);
    cli_done(&c->cli);
}

enum { WORDS_MAX = 32, LINE_BYTES = 512 };

bool capture_parse(struct capture *c, const char *words, struct err *e)
{
    static char line[LINE_BYTES]; /* the values that parsing borrows */
    static char *argv[WORDS_MAX + 1];
    int argc = 0;

    ck_assert(strlen(words) < sizeof line);
    strcpy(line, words);
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) {
        ck_assert(argc < WORDS_MAX);
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    return parse_argv(&c->cli, argc, argv, e);
}

void snapshot_check(const char *name, const char *text)
{
    auto_mem char *path = mem_printf("%s/%s", SNAPSHOT_DIR, name);
    auto_done(buf) kept = {0};
    struct err e;

    if (getenv("ORCH_SNAPSHOTS") != NULL)
        ck_assert_msg(file_write_atomic(path, text, strlen(text), 0644, &e), "%s", e.msg);
    ck_assert_msg(file_read(path, 1024 * 1024, &kept, &e), "%s", e.msg);
    ck_assert_msg(strcmp(buf_text(&kept), text) == 0,
                  "%s differs; if that is meant, run this test with ORCH_SNAPSHOTS=write and look "
                  "at the difference.\n%s",
                  path, text);
}
