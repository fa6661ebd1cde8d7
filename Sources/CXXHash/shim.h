// The header-only form of xxHash: the short-input paths are a handful of
// instructions, and inlining them into the decoder is what makes hashing free.
#define XXH_INLINE_ALL
#include <xxhash.h>

static inline unsigned long long weir_xxh3_64(const void *bytes, size_t count, unsigned long long seed) {
    return XXH3_64bits_withSeed(bytes, count, seed);
}
