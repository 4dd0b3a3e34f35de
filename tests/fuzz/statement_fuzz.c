/* statement_fuzz.c -- a statement from anybody is checked without a crash. */
#include "base/json.h"
#include "model/ledger/statement.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_json value = NULL;
    struct statement_facts facts;
    struct err e;

    if (!json_parse((const char *)bytes, len, &json_limits_default, &value, NULL, &e))
        return 0;
    if (statement_verify(value, &facts, &e) && facts.run_id == NULL)
        __builtin_trap();
    return 0;
}
