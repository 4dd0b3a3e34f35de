/* fingerprint_fuzz.c -- any bytes as the message of an error: ids behind it change nothing, a word
 * does. */
#include "lanes/fingerprint.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct sha256_hex of(const char *text, const char *behind)
{
    auto_mem char *message = mem_printf("%s %s", text, behind);

    return fingerprint_of("E", message);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_mem char *text = mem_strn((const char *)bytes, strnlen((const char *)bytes, len));
    struct sha256_hex a = of(text, "01a2230c-0012-7560-9e25-44498fa08bc4 0x1 7 deadbeef");
    struct sha256_hex b = of(text, "7F3B2A10-AAAA-4BBB-8CCC-0123456789AB 0xFF 42 0123456789");

    assert(strcmp(a.text, b.text) == 0);
    assert(strcmp(a.text, of(text, "").text) != 0);
    return 0;
}
