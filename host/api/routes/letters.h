/* letters.h -- what the handlers of dead letters share (LANES_KIT.md 5). */
#ifndef ORCH_API_ROUTES_LETTERS_H
#define ORCH_API_ROUTES_LETTERS_H

#include "api/request/made.h"

/* Members of an open object. */
void letter_view(struct buf *b, const struct store_dead_letter *row);
/* That of the tenant; none is ERR_NOT_FOUND with DEAD_LETTER_NOT_FOUND. */
bool letter_read(struct store_reader *reader, const char *tenant, const char *id,
                 struct store_dead_letter_list *ret, const char **ret_code,
                 struct err *e) must_check;

#endif
