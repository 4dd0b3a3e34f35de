/* password.h -- the password that an address of a database may hold, in the forms that libpq takes:
 * postgresql://user:password@..., ...?password=... and "password=...". Text alone, so that what is
 * no good address is kept from view too. Pure. */
#ifndef ORCH_CONFIG_PASSWORD_H
#define ORCH_CONFIG_PASSWORD_H

#include "base/buf.h"

#include <stdbool.h>

bool password_is_in(const char *address);
/* Appends the address with *** in the place of every password. */
void password_hide(const char *address, struct buf *b);

#endif
