#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A simdjson parser with the memory for one document: not thread-safe, reused from document to document.
typedef struct weir_json_parser weir_json_parser;

/// Every range of bytes handed to a parser must have this many readable bytes behind its end.
enum { WEIR_JSON_PADDING = 64 };

/// The longest text weir_json_double_text writes, and more than the integers need.
enum { WEIR_JSON_NUMBER_TEXT = 32 };

/// Creates a parser for documents of up to `capacity` bytes and `max_depth` nested arrays and objects.
/// Its memory is about 14 bytes a byte of capacity. NULL when there is no memory for it.
weir_json_parser *weir_json_create(size_t capacity, size_t max_depth);

/// Frees a parser; NULL is allowed.
void weir_json_destroy(weir_json_parser *parser);

/// Parses one document and leaves it on the parser's tape. The whole of it is validated, not only what is read later.
/// Returns 0, or an error code of simdjson; the tape is then not to be read.
int weir_json_parse(weir_json_parser *parser, const uint8_t *bytes, size_t count);

/// The tape of the last document, in simdjson's format (doc/tape.md there): the top byte of a word is its type, the rest
/// its payload. Valid until the next parse.
const uint64_t *weir_json_tape(const weir_json_parser *parser);

/// The unescaped strings of the last document, to which the tape's string words are offsets: four bytes of length in the
/// machine's order, then the UTF-8 bytes. Eight bytes behind every string are readable.
const uint8_t *weir_json_strings(const weir_json_parser *parser);

/// A sentence for an error code.
const char *weir_json_error_message(int error);

/// Writes a finite number as JavaScript prints it: the shortest decimal that reads back as the same number, 3 for 3.0,
/// 1e+21, 0 for -0. Returns the length.
size_t weir_json_double_text(double value, uint8_t *out);

/// Writes an integer in decimal. Returns the length.
size_t weir_json_int64_text(int64_t value, uint8_t *out);

/// Writes an integer in decimal. Returns the length.
size_t weir_json_uint64_text(uint64_t value, uint8_t *out);

/// From the first byte of an element of a JSON array, finds the `,` or `]` that ends it, strings and nested arrays and
/// objects skipped. Nothing is validated but that brackets close. NULL when the bytes end first.
const uint8_t *weir_json_element_end(const uint8_t *bytes, const uint8_t *end);

/// Finds the line feed that ends a line; `end` where there is none.
const uint8_t *weir_json_line_end(const uint8_t *bytes, const uint8_t *end);

#ifdef __cplusplus
}
#endif
