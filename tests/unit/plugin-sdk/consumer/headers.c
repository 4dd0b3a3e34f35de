#define _POSIX_C_SOURCE 200809L
#define ORCH_SDK_IMPLEMENTATION
#include <orch/sdk.h>
