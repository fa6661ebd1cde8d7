#include "weir_json.h"

#include <memory>
#include <new>

#include <simdjson.h>

// The parser underneath simdjson's dom::parser: the same code, but its tape can be read without a copy, and it works on
// memory that was allocated once.
struct weir_json_parser {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> implementation;
    simdjson::dom::document document;
};

extern "C" weir_json_parser *weir_json_create(size_t capacity, size_t max_depth) {
    std::unique_ptr<weir_json_parser> parser(new (std::nothrow) weir_json_parser());
    if (!parser) return nullptr;
    const simdjson::implementation *active = simdjson::get_active_implementation();
    if (active->create_dom_parser_implementation(capacity, max_depth, parser->implementation)) return nullptr;
    if (parser->document.allocate(capacity)) return nullptr;
    return parser.release();
}

extern "C" void weir_json_destroy(weir_json_parser *parser) { delete parser; }

extern "C" int weir_json_parse(weir_json_parser *parser, const uint8_t *bytes, size_t count) {
    return static_cast<int>(parser->implementation->parse(bytes, count, parser->document));
}

extern "C" const uint64_t *weir_json_tape(const weir_json_parser *parser) { return parser->document.tape.get(); }

extern "C" const uint8_t *weir_json_strings(const weir_json_parser *parser) {
    return parser->document.string_buf.get();
}

extern "C" const char *weir_json_error_message(int error) {
    return simdjson::error_message(static_cast<simdjson::error_code>(error));
}
