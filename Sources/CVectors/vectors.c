#include "CVectors.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define VECTORS __attribute__((target("avx2")))

bool weir_has_vectors(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2");
}

// Each half of a vector takes four values out of 16 bytes: a shuffle moves the four bytes in which a value lies to its
// place, a shift and a mask leave its bits. After Lemire and Boytsov, "Decoding billions of integers per second through
// vectorization" (2015), for values without gaps between groups.
VECTORS void weir_unpack(const uint8_t *source, size_t groups, uint32_t width, uint32_t base, uint32_t *output) {
    uint8_t places[32];
    uint32_t shifts[8];
    const uint32_t half = width / 2;
    for (uint32_t lane = 0; lane < 8; lane++) {
        const uint32_t bit = lane * width - (lane < 4 ? 0 : half * 8);
        shifts[lane] = bit & 7;
        for (uint32_t byte = 0; byte < 4; byte++) places[lane * 4 + byte] = (uint8_t)((bit >> 3) + byte);
    }
    const __m256i shuffle = _mm256_loadu_si256((const __m256i *)places);
    const __m256i shift = _mm256_loadu_si256((const __m256i *)shifts);
    const __m256i mask = _mm256_set1_epi32((int)((1u << width) - 1));
    const __m256i bases = _mm256_set1_epi32((int)base);
    for (size_t group = 0; group < groups; group++) {
        const __m128i low = _mm_loadu_si128((const __m128i *)source);
        const __m128i high = _mm_loadu_si128((const __m128i *)(source + half));
        __m256i values = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
        values = _mm256_srlv_epi32(_mm256_shuffle_epi8(values, shuffle), shift);
        values = _mm256_add_epi32(_mm256_and_si256(values, mask), bases);
        _mm256_storeu_si256((__m256i *)output, values);
        source += width;
        output += 8;
    }
}

// Sums within each half in two steps, then those of the low half and of all before: Hillis and Steele, "Data parallel
// algorithms" (1986).
VECTORS uint32_t weir_sum(uint32_t *values, size_t groups, uint32_t before, uint32_t mask) {
    const __m256i masks = _mm256_set1_epi32((int)mask);
    const __m256i last_of_low = _mm256_set_epi32(3, 3, 3, 3, 3, 3, 3, 3);
    const __m256i last = _mm256_set_epi32(7, 7, 7, 7, 7, 7, 7, 7);
    const __m256i none = _mm256_setzero_si256();
    __m256i carry = _mm256_set1_epi32((int)before);
    for (size_t group = 0; group < groups; group++) {
        __m256i sums = _mm256_loadu_si256((const __m256i *)values);
        sums = _mm256_add_epi32(sums, _mm256_slli_si256(sums, 4));
        sums = _mm256_add_epi32(sums, _mm256_slli_si256(sums, 8));
        const __m256i low = _mm256_permutevar8x32_epi32(sums, last_of_low);
        sums = _mm256_add_epi32(sums, _mm256_blend_epi32(none, low, 0xf0));
        // The sum of all eight does not wait for the carry: a group costs one addition in the chain.
        const __m256i all = _mm256_permutevar8x32_epi32(sums, last);
        _mm256_storeu_si256((__m256i *)values, _mm256_and_si256(_mm256_add_epi32(sums, carry), masks));
        carry = _mm256_add_epi32(carry, all);
        values += 8;
    }
    return (uint32_t)_mm_cvtsi128_si32(_mm256_castsi256_si128(carry));
}

#else

bool weir_has_vectors(void) { return false; }

void weir_unpack(const uint8_t *source, size_t groups, uint32_t width, uint32_t base, uint32_t *output) {
    (void)source, (void)groups, (void)width, (void)base, (void)output;
    __builtin_trap();
}

uint32_t weir_sum(uint32_t *values, size_t groups, uint32_t before, uint32_t mask) {
    (void)values, (void)groups, (void)before, (void)mask;
    __builtin_trap();
}

#endif
