/* admission.c -- see admission.h. */
#include "lanes/admission.h"

/* More than any two runs are apart. */
#define BEGUN_BEFORE_US (INT64_C(1) << 60)

/* What has begun is as old as its run for ageing, too: a line goes by its first, and one whose
 * first is always new would never rise. */
struct lane_came lane_comes(const struct lane_coming *coming)
{
    bool by_run = coming->finish_first || coming->as_its_run;
    int64_t since_us = by_run ? coming->created_us : coming->now_us;
    int64_t age_us = coming->now_us > since_us ? coming->now_us - since_us : 0;

    return (struct lane_came){
        .came_us = coming->finish_first && coming->begun ? since_us - BEGUN_BEFORE_US : since_us,
        .age_ns = age_us * 1000,
    };
}
