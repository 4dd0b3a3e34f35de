/* faults.c -- see faults.h. */
#include "sandbox/supervisor/faults.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static bool take_word(struct faults *f, const char *word)
{
    char name[16];
    uint32_t n;

    if (sscanf(word, "%15[a-z]:%u", name, &n) != 2)
        return false;
    if (strcmp(name, "group") == 0)
        f->of[FAULT_GROUP].every = n;
    else if (strcmp(name, "fork") == 0)
        f->of[FAULT_FORK].every = n;
    else if (strcmp(name, "inside") == 0)
        f->limit_inside = n != 0;
    else if (strcmp(name, "deaf") == 0)
        f->deaf = n != 0;
    else if (strcmp(name, "slow") == 0)
        f->slow_ms = n;
    else
        return strcmp(name, "files") == 0 && setrlimit(RLIMIT_NOFILE, &(struct rlimit){n, n}) == 0;
    return true;
}

bool faults_parse(struct faults *f, char *list)
{
    for (char *save, *word = strtok_r(list, ",", &save); word != NULL;
         word = strtok_r(NULL, ",", &save))
        if (!take_word(f, word))
            return false;
    return true;
}

bool fault_hit(struct faults *f, enum fault fault)
{
    return f->of[fault].every > 0 && ++f->of[fault].seen % f->of[fault].every == 0;
}
