/* orch/sdk.h -- optional helpers for plugin authors, over orch/plugin.h and the C library only.
 *
 *     #define ORCH_SDK_IMPLEMENTATION      (in exactly one source of the plugin)
 *     #include <orch/sdk.h>
 *
 * Everything runs in the attempt's thread ([run]), allocates only from the host's arena and needs
 * no release. C11 and C++11. */
#ifndef ORCH_SDK_H
#define ORCH_SDK_H

#include "orch/host.h"
#include "orch/json_read.h"
#include "orch/json_write.h"
#include "orch/plugin.h"

#endif
