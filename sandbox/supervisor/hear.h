/* hear.h -- what comes from a zygote and from its init: words, log, records of ends, the end. A
 * clean zygote runs our code alone; a warm one is believed until CONFINED, which it sends before
 * its plugin's first instruction. From then on frames are only taken when they are due, and numbers
 * are checked, of both: one rule.
 *
 * Five descriptors a zygote, which may be ready in any order or all at once. The host hears of a
 * zygote's end once, by whichever of these is seen first:
 *
 *   seen                      while                          so
 *   a word                    it is due                      taken; a step of enum zygote_state
 *   a word                    it is not, or malformed        gone, and init is killed
 *   end of its socket         -                              no more is read; a record will say why
 *   record of its end         log is unread                  taken first: sent before it ended
 *   record of its end         words are unread               taken first, but for its forks
 *   record of its end         -                              gone, with how it ended
 *   init is gone              records are unread             the records first
 *   init is gone              it is not told                 gone: killed from outside, or by us
 *   a forbidden call          it is a let-go attempt's       that attempt is killed, and told
 *   a forbidden call          it is anybody else's           gone, and init is killed
 *   hear_stop                 words are unread               gone; what they say is lost
 *   after gone: attempts that wait for a fork fail, others live on; init is killed when the last of
 *   them is released, at the latest when the host says ZYGOTE_KILL
 */
#ifndef ORCH_SANDBOX_SUPERVISOR_HEAR_H
#define ORCH_SANDBOX_SUPERVISOR_HEAR_H

#include "sandbox/supervisor/super.h"

/* Of a watch whose owner is a zygote. */
void hear_control(struct watch *w);
void hear_status(struct watch *w);
void hear_log(struct watch *w);
void hear_init_gone(struct watch *w);
void hear_call(struct watch *w);

/* The host wants no more forks. */
void hear_stop(struct super_zygote *z);

#endif
