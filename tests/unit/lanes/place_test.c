/* place_test.c -- the place of whoever waits is as many as are before it, wherever in its line it
 * stands, however long it has waited and whoever went meanwhile. */
#include "suites.h"

#include <stdlib.h>
#include <string.h>

enum { ITEMS = 40, ROUNDS = 300, SEEDS = 5 };

static struct lanes *lanes;
static struct lane_item items[ITEMS];
static int64_t now_ns;
static struct lane_place places[ITEMS];
static uint32_t state;

static uint32_t draw(uint32_t below)
{
    state = state * 1664525 + 1013904223;
    return (state >> 8) % below;
}

static bool waits(int i)
{
    return items[i].lane != NULL && items[i].line != NULL;
}

static bool came_before(int i, int j)
{
    return items[i].came_us < items[j].came_us ||
           (items[i].came_us == items[j].came_us && items[i].number < items[j].number);
}

/* By what is said of their priorities alone. */
static uint32_t counted(int i)
{
    uint32_t before = 0;

    for (int j = 0; j < ITEMS; j++)
        before += waits(j) && (places[j].priority > places[i].priority ||
                               (places[j].priority == places[i].priority && came_before(j, i)));
    return before + 1;
}

static void look(void)
{
    for (int i = 0; i < ITEMS; i++)
        if (waits(i))
            places[i] = lanes_place(lanes, &items[i], now_ns);
    for (int i = 0; i < ITEMS; i++)
        if (waits(i))
            ck_assert_uint_eq(places[i].position, counted(i));
}

static void add(int i)
{
    static const char *const tenants[] = {"acme", "beta", "core"};

    memset(&items[i], 0, sizeof items[i]);
    items[i].age_ns = (int64_t)draw(3) * 200 * SECOND_NS; /* as after a restart */
    items[i].came_us = (now_ns - items[i].age_ns) / 1000;
    lanes_add(lanes, &items[i], "typed", tenants[draw(3)], 1 + (int32_t)draw(20), now_ns);
}

static void leave(int i)
{
    lanes_remove(lanes, &items[i], now_ns);
    items[i].lane = NULL;
}

/* Half of what is taken is put back. */
static void take_one(void)
{
    struct lane_item *item = lanes_take(lanes, now_ns);

    if (item == NULL)
        return;
    if (draw(2) == 0) {
        lanes_put_back(lanes, item, now_ns);
    } else {
        lanes_ended(lanes, item, now_ns);
        item->lane = NULL;
    }
}

START_TEST(a_place_is_as_many_as_are_before)
{
    state = (uint32_t)_i;
    now_ns = 1000 * SECOND_NS;
    memset(items, 0, sizeof items);
    lanes = lanes_new(100, AGEING);
    lanes_set(lanes, "typed",
              &(struct lane_spec){.slots = 1, .has_express = true, .express_priority = 12}, now_ns);
    for (int round = 0; round < ROUNDS; round++) {
        int i = (int)draw(ITEMS);

        now_ns += draw(20) * SECOND_NS;
        if (!waits(i))
            add(i);
        else if (draw(3) == 0)
            leave(i);
        else
            take_one();
        look();
    }
    for (int i = 0; i < ITEMS; i++)
        if (waits(i))
            leave(i);
    lanes_free(lanes);
}
END_TEST

TCase *place_case(void)
{
    TCase *c = tcase_create("place");

    tcase_add_loop_test(c, a_place_is_as_many_as_are_before, 0, SEEDS);
    return c;
}
