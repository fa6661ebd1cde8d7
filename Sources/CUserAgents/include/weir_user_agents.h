// The patterns of uap-core (https://github.com/ua-parser/uap-core) over RE2: what a User-Agent says of browser,
// operating system and device.
//
// RE2 and not a backtracking library, because whoever sends an event chooses the text: its time is linear in the
// text for every pattern. The patterns are written for it (uap-core is tested against it), and FilteredRE2 finds
// the few candidates among a thousand patterns by the literals they need, in one pass.
#ifndef WEIR_USER_AGENTS_H
#define WEIR_USER_AGENTS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The patterns of a file, compiled. Reading it from several threads is safe.
typedef struct weir_user_agents weir_user_agents;

/// Bytes of a text in weir_user_agent; a longer one is cut at a character.
#define WEIR_USER_AGENT_TEXT 200

/// A text of UTF-8, without an ending zero.
typedef struct {
    unsigned char bytes[WEIR_USER_AGENT_TEXT];
    size_t count;
} weir_user_agent_text;

/// What the patterns say of one agent, in the words of uap-core: a family is `Other` where no pattern matches, brand
/// and model are empty where nothing is said.
typedef struct {
    weir_user_agent_text browser;
    weir_user_agent_text os;
    weir_user_agent_text device;
    weir_user_agent_text brand;
    weir_user_agent_text model;
} weir_user_agent;

/// Reads and compiles a `regexes.yaml`.
///
/// Returns null where the file cannot be read or is not of that form, with a reason of at most `size` bytes, zero
/// included, in `problem`. `unusable` receives how many patterns RE2 refused; they are left out. Takes about a tenth of
/// a second.
weir_user_agents *weir_user_agents_load(const char *path, char *problem, size_t size, size_t *unusable);

/// Frees what weir_user_agents_load returned.
void weir_user_agents_free(weir_user_agents *agents);

/// How many patterns there are.
size_t weir_user_agents_count(const weir_user_agents *agents);

/// Applies the patterns to an agent, as the specification of uap-core has it: of browsers, systems and devices the
/// first pattern that matches anywhere in the text.
void weir_user_agents_read(
    const weir_user_agents *agents, const char *text, size_t count, weir_user_agent *result);

#ifdef __cplusplus
}
#endif

#endif
