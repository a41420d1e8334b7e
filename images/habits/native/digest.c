/* What the service leaves to C: counting words, and a digest by the xxHash library. */
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

uint64_t digest(const char *text, size_t size)
{
    return XXH3_64bits(text, size);
}

size_t words(const char *text, size_t size)
{
    size_t found = 0;
    int within = 0;

    for (size_t at = 0; at < size; at++) {
        int blank = isspace((unsigned char)text[at]);
        found += !blank && !within;
        within = !blank;
    }
    return found;
}
