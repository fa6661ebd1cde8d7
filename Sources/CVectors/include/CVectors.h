// Kernels for processors with vectors of 256 bits (AVX2). Swift has no way to say that one function may use instructions
// that the rest of the program may not, so these few are in C; without such a processor the loops in Swift do the same.

#ifndef WEIR_CVECTORS_H
#define WEIR_CVECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The widest packed value that ``weir_unpack`` takes: it must lie in four bytes wherever its first bit is.
enum { WEIR_UNPACK_MAX_WIDTH = 25 };

/// Whether this processor has what the functions below use. They must not be called where it has not.
bool weir_has_vectors(void);

/// Unpacks groups of eight values of `width` bits (1 to 25), least significant bit first, and adds `base` to each (modulo
/// 2³²).
///
/// Reads 16 bytes from byte `width / 2` of each group on, which must be the caller's to read; writes 8 * groups values.
void weir_unpack(const uint8_t *source, size_t groups, uint32_t width, uint32_t base, uint32_t *output);

/// Replaces each of 8 * groups values by (`before` + the sum of all up to and including it) & `mask`.
///
/// Returns the sum without the mask, modulo 2³².
uint32_t weir_sum(uint32_t *values, size_t groups, uint32_t before, uint32_t mask);

#endif
