#include "weir_json.h"

#include <charconv>
#include <cmath>
#include <cstring>

extern "C" size_t weir_json_int64_text(int64_t value, uint8_t *out) {
    char *start = reinterpret_cast<char *>(out);
    return static_cast<size_t>(std::to_chars(start, start + WEIR_JSON_NUMBER_TEXT, value).ptr - start);
}

extern "C" size_t weir_json_uint64_text(uint64_t value, uint8_t *out) {
    char *start = reinterpret_cast<char *>(out);
    return static_cast<size_t>(std::to_chars(start, start + WEIR_JSON_NUMBER_TEXT, value).ptr - start);
}

// The algorithm of ECMAScript's Number::toString, on the shortest digits that std::to_chars gives:
// with digits d1…dk and the decimal point after the n-th of them, n in -5…21 is written without an exponent.
extern "C" size_t weir_json_double_text(double value, uint8_t *out) {
    if (value == 0) {
        *out = '0';
        return 1;
    }
    // Whole numbers below 2^53 are their own digits; most doubles of events are of this kind.
    if (std::fabs(value) < 9007199254740992.0 && std::trunc(value) == value) {
        return weir_json_int64_text(static_cast<int64_t>(value), out);
    }

    char text[WEIR_JSON_NUMBER_TEXT];
    auto written = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
    const char *source = text;
    uint8_t *target = out;
    if (*source == '-') {
        *target++ = '-';
        source++;
    }
    char digits[WEIR_JSON_NUMBER_TEXT];
    int k = 0;
    while (source < written.ptr && *source != 'e') {
        if (*source != '.') digits[k++] = *source;
        source++;
    }
    int exponent = 0;
    const char *exponent_text = source + 1;
    if (*exponent_text == '+') exponent_text++;
    std::from_chars(exponent_text, written.ptr, exponent);
    const int n = exponent + 1;

    if (k <= n && n <= 21) {
        std::memcpy(target, digits, k);
        std::memset(target + k, '0', n - k);
        target += n;
    } else if (0 < n && n <= 21) {
        std::memcpy(target, digits, n);
        target[n] = '.';
        std::memcpy(target + n + 1, digits + n, k - n);
        target += k + 1;
    } else if (-6 < n && n <= 0) {
        *target++ = '0';
        *target++ = '.';
        std::memset(target, '0', -n);
        target += -n;
        std::memcpy(target, digits, k);
        target += k;
    } else {
        *target++ = static_cast<uint8_t>(digits[0]);
        if (k > 1) {
            *target++ = '.';
            std::memcpy(target, digits + 1, k - 1);
            target += k - 1;
        }
        *target++ = 'e';
        *target++ = n > 0 ? '+' : '-';
        target += weir_json_int64_text(n > 0 ? n - 1 : 1 - n, target);
    }
    return static_cast<size_t>(target - out);
}
