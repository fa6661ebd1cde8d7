// One list of patterns of a `regexes.yaml`, as it stands there.
#ifndef WEIR_USER_AGENTS_FILE_HPP
#define WEIR_USER_AGENTS_FILE_HPP

#include <string>
#include <vector>

namespace weir {

/// A pattern with the replacements that matter here: those of the families, and a device's brand and model.
struct AgentPattern {
    std::string regex;
    bool ignores_case = false;
    std::string family;
    std::string brand;
    std::string model;
};

/// The three lists of the file, in its order.
struct AgentPatterns {
    std::vector<AgentPattern> browsers;
    std::vector<AgentPattern> systems;
    std::vector<AgentPattern> devices;
};

/// Reads the file; false and a reason where it cannot be read or is not of that form.
bool read_patterns(const char *path, AgentPatterns &patterns, std::string &problem);

}  // namespace weir

#endif
