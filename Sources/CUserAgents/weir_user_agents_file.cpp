#include "weir_user_agents_file.hpp"

#include <sys/stat.h>
#include <yaml.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace weir {
namespace {

/// The largest file that is read; uap-core's has about 200 KiB.
constexpr long kMostBytes = 16L << 20;
/// The most patterns of a list; uap-core has about 700 for devices.
constexpr size_t kMostPatterns = 10000;

std::string text_of(const yaml_node_t *node) {
    return std::string(reinterpret_cast<const char *>(node->data.scalar.value), node->data.scalar.length);
}

/// Sets the member of a pattern that a key names; others, such as the replacements of versions, are passed over.
void set(AgentPattern &pattern, const std::string &key, const std::string &value) {
    if (key == "regex") {
        pattern.regex = value;
    } else if (key == "regex_flag") {
        pattern.ignores_case = value == "i";
    } else if (key == "family_replacement" || key == "os_replacement" || key == "device_replacement") {
        pattern.family = value;
    } else if (key == "brand_replacement") {
        pattern.brand = value;
    } else if (key == "model_replacement") {
        pattern.model = value;
    }
}

bool read_list(yaml_document_t *document, const yaml_node_t *list, std::vector<AgentPattern> &patterns) {
    if (list->type != YAML_SEQUENCE_NODE) return false;
    for (auto item = list->data.sequence.items.start; item < list->data.sequence.items.top; ++item) {
        const yaml_node_t *entry = yaml_document_get_node(document, *item);
        if (entry == nullptr || entry->type != YAML_MAPPING_NODE || patterns.size() >= kMostPatterns) return false;
        AgentPattern pattern;
        for (auto pair = entry->data.mapping.pairs.start; pair < entry->data.mapping.pairs.top; ++pair) {
            const yaml_node_t *key = yaml_document_get_node(document, pair->key);
            const yaml_node_t *value = yaml_document_get_node(document, pair->value);
            if (key == nullptr || value == nullptr || key->type != YAML_SCALAR_NODE
                || value->type != YAML_SCALAR_NODE)
                return false;
            set(pattern, text_of(key), text_of(value));
        }
        if (pattern.regex.empty()) return false;
        patterns.push_back(std::move(pattern));
    }
    return true;
}

bool read_document(yaml_document_t *document, AgentPatterns &patterns) {
    const yaml_node_t *root = yaml_document_get_root_node(document);
    if (root == nullptr || root->type != YAML_MAPPING_NODE) return false;
    for (auto pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; ++pair) {
        const yaml_node_t *key = yaml_document_get_node(document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(document, pair->value);
        if (key == nullptr || value == nullptr || key->type != YAML_SCALAR_NODE) return false;
        const std::string name = text_of(key);
        std::vector<AgentPattern> *list = name == "user_agent_parsers" ? &patterns.browsers
            : name == "os_parsers"                                     ? &patterns.systems
            : name == "device_parsers"                                 ? &patterns.devices
                                                                       : nullptr;
        if (list != nullptr && !read_list(document, value, *list)) return false;
    }
    return !patterns.browsers.empty() && !patterns.systems.empty() && !patterns.devices.empty();
}

}  // namespace

bool read_patterns(const char *path, AgentPatterns &patterns, std::string &problem) {
    FILE *file = std::fopen(path, "rbe");
    if (file == nullptr) {
        problem = std::strerror(errno);
        return false;
    }
    struct stat status {};
    if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > kMostBytes) {
        problem = "it is no regular file of at most 16 MiB";
        std::fclose(file);
        return false;
    }
    yaml_parser_t parser;
    yaml_document_t document;
    bool is_read = false;
    if (yaml_parser_initialize(&parser) != 0) {
        yaml_parser_set_input_file(&parser, file);
        if (yaml_parser_load(&parser, &document) != 0) {
            is_read = read_document(&document, patterns);
            if (!is_read) problem = "it has not the three lists of patterns that uap-core's regexes.yaml has";
            yaml_document_delete(&document);
        } else {
            problem = std::string("it is no YAML: ") + (parser.problem != nullptr ? parser.problem : "out of memory")
                + ", line " + std::to_string(parser.problem_mark.line + 1);
        }
        yaml_parser_delete(&parser);
    } else {
        problem = "out of memory";
    }
    std::fclose(file);
    return is_read;
}

}  // namespace weir
