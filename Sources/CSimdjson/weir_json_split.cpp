#include "weir_json.h"

#include <cstring>

namespace {

// Whether any of eight bytes is zero (exact for "any", which is all that is asked).
inline bool has_zero(uint64_t word) {
    return ((word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL) != 0;
}

// From the byte behind an opening quote to the byte behind the closing one; `end` where the string does not close.
inline const uint8_t *skip_string(const uint8_t *p, const uint8_t *end) {
    while (true) {
        while (end - p >= 8) {
            uint64_t word;
            std::memcpy(&word, p, 8);
            if (has_zero(word ^ 0x2222222222222222ULL) || has_zero(word ^ 0x5C5C5C5C5C5C5C5CULL)) break;
            p += 8;
        }
        while (p < end && *p != '"' && *p != '\\') {
            p++;
            if (end - p >= 8 && (reinterpret_cast<uintptr_t>(p) & 7) == 0) break;
        }
        if (p >= end) return end;
        if (*p == '"') return p + 1;
        if (*p == '\\') p = end - p >= 2 ? p + 2 : end;
    }
}

}  // namespace

extern "C" const uint8_t *weir_json_element_end(const uint8_t *bytes, const uint8_t *end) {
    size_t depth = 0;
    const uint8_t *p = bytes;
    while (p < end) {
        switch (*p) {
        case '"':
            p = skip_string(p + 1, end);
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
            if (depth > 0) depth--;
            break;
        case ']':
            if (depth == 0) return p;
            depth--;
            break;
        case ',':
            if (depth == 0) return p;
            break;
        default:
            break;
        }
        p++;
    }
    return nullptr;
}

extern "C" const uint8_t *weir_json_line_end(const uint8_t *bytes, const uint8_t *end) {
    const void *found = std::memchr(bytes, '\n', static_cast<size_t>(end - bytes));
    return found == nullptr ? end : static_cast<const uint8_t *>(found);
}
