import CUserAgents

/// The patterns of uap-core: browser and system as it names them, the device as a class.
package final class UserAgentPatterns: @unchecked Sendable {
    // Unchecked: reading from several threads is what the patterns are made for, and nothing changes them.
    private let agents: OpaquePointer
    /// Patterns of the file that cannot be used.
    package let unusable: Int

    /// Reads a `regexes.yaml` and compiles it, in about a quarter of a second.
    package init(path: String) throws(EnrichmentError) {
        var problem = [CChar](repeating: 0, count: 256)
        var unusable = 0
        let agents = problem.withUnsafeMutableBufferPointer {
            weir_user_agents_load(path, $0.baseAddress, $0.count, &unusable)
        }
        guard let agents else {
            let reason = String(decoding: problem.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw EnrichmentError(
                "the patterns of user agents, \(path), cannot be read: \(reason). Install the package uap-core, or name "
                    + "a regexes.yaml of uap-core with --user-agents, or none with --user-agents off.")
        }
        self.agents = agents
        self.unusable = unusable
    }

    deinit {
        weir_user_agents_free(agents)
    }

    /// How many patterns there are.
    package var count: Int { weir_user_agents_count(agents) }

    /// What uap-core says of an agent.
    package struct Families: Equatable {
        package var browser: String
        package var os: String
        package var device: String
        /// Empty where nothing is said.
        package var brand: String
        /// Empty where nothing is said.
        package var model: String

        package init(browser: String, os: String, device: String, brand: String, model: String) {
            self.browser = browser
            self.os = os
            self.device = device
            self.brand = brand
            self.model = model
        }
    }

    /// Applies the patterns.
    ///
    /// - Complexity: linear in the text, about 0.1 ms for the usual length.
    package func families(of agent: UnsafeRawBufferPointer) -> Families {
        var result = weir_user_agent()
        weir_user_agents_read(agents, agent.assumingMemoryBound(to: CChar.self).baseAddress, agent.count, &result)
        func text(_ text: inout weir_user_agent_text) -> String {
            let count = text.count
            return withUnsafeBytes(of: &text.bytes) { String(decoding: $0.prefix(count), as: UTF8.self) }
        }
        return Families(
            browser: text(&result.browser), os: text(&result.os), device: text(&result.device),
            brand: text(&result.brand), model: text(&result.model))
    }

    /// The dimensions of an agent.
    ///
    /// - Parameters:
    ///   - agent: well-formed UTF-8.
    ///   - maxBytes: how much of it is read.
    package func read(_ agent: UnsafeRawBufferPointer, maxBytes: Int) -> UserAgent {
        var end = min(agent.count, maxBytes)
        // Not in the middle of a character.
        while end > 0, end < agent.count, agent[end] & 0xC0 == 0x80 { end -= 1 }
        let part = UnsafeRawBufferPointer(rebasing: agent[..<end])
        return UserAgent(families(of: part), text: String(decoding: part, as: UTF8.self))
    }
}
