/* load.c -- see load.h. */
#include "lanes/load.h"

#include <stdbool.h>

const char *load_word(enum load_thing thing)
{
    static const char *const words[] = {
#define XX(id, word) [LOAD_##id] = word,
        LOAD_MAP(XX)
#undef XX
    };

    return words[thing];
}

/* More than so many quarters of the mark. */
static bool is_over(const struct load *marks, const struct load *now, int thing, int quarters)
{
    return marks->of[thing] > 0 &&
           now->of[thing] > marks->of[thing] / 4 * quarters + marks->of[thing] % 4 * quarters / 4;
}

enum load_thing load_over(const struct load *marks, const struct load *now, enum load_thing was)
{
    int quarters = was == LOAD_THINGS ? 4 : 3;

    if (was != LOAD_THINGS && is_over(marks, now, was, quarters))
        return was;
    for (int thing = 0; thing < LOAD_THINGS; thing++) {
        if (is_over(marks, now, thing, quarters))
            return thing;
    }
    return LOAD_THINGS;
}
