#define ORCH_SDK_IMPLEMENTATION
#include <orch/sdk.h>
