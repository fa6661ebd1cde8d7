#include "weir_user_agents.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "weir_user_agents_file.hpp"

namespace {

using re2::StringPiece;

/// Bytes that RE2 may use for one pattern, its automaton and the states of it that were met: what is met beyond is
/// worked out again.
constexpr int64_t kPatternBytes = 256 << 10;
/// Bytes for the automaton of all the literals of a list.
constexpr int64_t kLiteralBytes = 16 << 20;
/// Captures that a replacement can name, and the whole match.
constexpr int kCaptures = 10;
/// The shortest literal by which candidates are found.
constexpr int kLeastLiteral = 3;

bool is_space(unsigned char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/// Stores a text without the space around it, cut at a character.
void store(weir_user_agent_text &out, StringPiece text) {
    while (!text.empty() && is_space(static_cast<unsigned char>(text[0]))) text.remove_prefix(1);
    size_t count = std::min<size_t>(text.size(), WEIR_USER_AGENT_TEXT);
    if (count < text.size()) {
        while (count > 0 && (static_cast<unsigned char>(text[count]) & 0xC0) == 0x80) --count;
    }
    while (count > 0 && is_space(static_cast<unsigned char>(text[count - 1]))) --count;
    if (count > 0) std::memcpy(out.bytes, text.data(), count);
    out.count = count;
}

/// A list of patterns: which of them is the first that matches, and what it makes of the text.
class PatternList {
  public:
    bool compile(std::vector<weir::AgentPattern> patterns, size_t &unusable) {
        for (auto &pattern : patterns) {
            RE2::Options options;
            options.set_log_errors(false);
            options.set_max_mem(kPatternBytes);
            options.set_case_sensitive(!pattern.ignores_case);
            int id = 0;
            if (filter_.Add(pattern.regex, options, &id) != RE2::NoError) {
                unusable += 1;
                continue;
            }
            patterns_.push_back(std::move(pattern));
        }
        if (patterns_.empty()) return false;
        std::vector<std::string> literals;
        filter_.Compile(&literals);
        RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(kLiteralBytes);
        options.set_literal(true);
        literals_ = std::make_unique<RE2::Set>(options, RE2::UNANCHORED);
        for (const auto &literal : literals) {
            if (literals_->Add(literal, nullptr) < 0) return false;
        }
        has_literals_ = !literals.empty();
        return !has_literals_ || literals_->Compile();
    }

    size_t count() const { return patterns_.size(); }

    /// The first pattern that matches, with its captures; null where none does.
    const weir::AgentPattern *match(StringPiece text, StringPiece lower, StringPiece *captures) const {
        thread_local std::vector<int> found;
        found.clear();
        RE2::Set::ErrorInfo error{};
        if (has_literals_ && !literals_->Match(lower, &found, &error) && error.kind != RE2::Set::kNoError) {
            return first_of_all(text, captures);
        }
        const int id = filter_.FirstMatch(text, found);
        if (id < 0) return nullptr;
        filter_.GetRE2(id).Match(text, 0, text.size(), RE2::UNANCHORED, captures, kCaptures);
        return &patterns_[static_cast<size_t>(id)];
    }

  private:
    /// The same without the literals, where their automaton had no room.
    const weir::AgentPattern *first_of_all(StringPiece text, StringPiece *captures) const {
        for (size_t id = 0; id < patterns_.size(); ++id) {
            const RE2 &pattern = filter_.GetRE2(static_cast<int>(id));
            if (pattern.Match(text, 0, text.size(), RE2::UNANCHORED, captures, kCaptures)) return &patterns_[id];
        }
        return nullptr;
    }

    re2::FilteredRE2 filter_{kLeastLiteral};
    std::unique_ptr<RE2::Set> literals_;
    bool has_literals_ = false;
    std::vector<weir::AgentPattern> patterns_;
};

/// Writes a replacement with its `$1` to `$9`, or the first capture where there is none.
void expand(const std::string &replacement, const StringPiece *captures, weir_user_agent_text &out) {
    if (replacement.empty()) {
        store(out, captures[1]);
        return;
    }
    if (replacement.find('$') == std::string::npos) {
        store(out, replacement);
        return;
    }
    thread_local std::string text;
    text.clear();
    for (size_t index = 0; index < replacement.size(); ++index) {
        const char next = index + 1 < replacement.size() ? replacement[index + 1] : '\0';
        if (replacement[index] == '$' && next >= '1' && next <= '9') {
            const StringPiece &capture = captures[next - '0'];
            if (!capture.empty()) text.append(capture.data(), capture.size());
            ++index;
        } else {
            text.push_back(replacement[index]);
        }
    }
    store(out, text);
}

}  // namespace

struct weir_user_agents {
    PatternList browsers;
    PatternList systems;
    PatternList devices;
};

extern "C" weir_user_agents *weir_user_agents_load(
    const char *path, char *problem, size_t size, size_t *unusable
) {
    std::string reason;
    try {
        weir::AgentPatterns patterns;
        if (weir::read_patterns(path, patterns, reason)) {
            auto agents = std::make_unique<weir_user_agents>();
            *unusable = 0;
            if (agents->browsers.compile(std::move(patterns.browsers), *unusable)
                && agents->systems.compile(std::move(patterns.systems), *unusable)
                && agents->devices.compile(std::move(patterns.devices), *unusable))
                return agents.release();
            reason = "none of the patterns of a list can be used";
        }
    } catch (const std::bad_alloc &) {
        reason = "out of memory";
    }
    if (size > 0) {
        const size_t count = std::min(reason.size(), size - 1);
        std::memcpy(problem, reason.data(), count);
        problem[count] = '\0';
    }
    return nullptr;
}

extern "C" void weir_user_agents_free(weir_user_agents *agents) { delete agents; }

extern "C" size_t weir_user_agents_count(const weir_user_agents *agents) {
    return agents->browsers.count() + agents->systems.count() + agents->devices.count();
}

extern "C" void weir_user_agents_read(
    const weir_user_agents *agents, const char *text, size_t count, weir_user_agent *result
) {
    const StringPiece agent(text, count);
    thread_local std::string lower;
    lower.assign(text, count);
    for (char &byte : lower) {
        if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte | 0x20);
    }
    StringPiece captures[kCaptures];
    const auto family = [&](const PatternList &list, weir_user_agent_text &out) -> const weir::AgentPattern * {
        std::fill(captures, captures + kCaptures, StringPiece());
        const weir::AgentPattern *pattern = list.match(agent, lower, captures);
        out.count = 0;
        if (pattern != nullptr) expand(pattern->family, captures, out);
        if (out.count == 0) store(out, "Other");
        return pattern;
    };
    family(agents->browsers, result->browser);
    family(agents->systems, result->os);
    const weir::AgentPattern *device = family(agents->devices, result->device);
    result->brand.count = 0;
    result->model.count = 0;
    if (device == nullptr) return;
    if (!device->brand.empty()) expand(device->brand, captures, result->brand);
    expand(device->model, captures, result->model);
}
