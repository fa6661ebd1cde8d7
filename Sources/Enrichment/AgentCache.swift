import Events

/// What is remembered of an agent: codes of ``AgentCache/texts``.
package struct AgentFacts {
    package var browser: UInt32
    var os: UInt32
    var device: UInt32
    var bot: UInt32
}

/// Agents by the hash of their text, in two generations.
///
/// An agent enters the younger one, or comes back into it when it is asked for. When that is full, it becomes the older
/// one, and what had not been asked for since is gone. So at most twice the limit is kept, and a flood of agents that
/// never come again pushes out only what is rarer than they.
package struct AgentCache {
    private struct Generation {
        var facts: [UInt64: AgentFacts] = [:]
        var texts = ValueTable()
    }

    private let limit: Int
    private var young = Generation()
    private var old = Generation()

    /// - Parameter limit: agents in each generation, at least one.
    package init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// Agents that are remembered; one that is in both generations counts twice.
    package var count: Int { young.facts.count + old.facts.count }

    /// What the codes of facts stand for that have just been found or added.
    package var texts: ValueTable { young.texts }

    /// What is remembered of the agent with a hash.
    package mutating func find(_ hash: UInt64) -> AgentFacts? {
        if let facts = young.facts[hash] { return facts }
        guard let facts = old.facts[hash] else { return nil }
        let texts = old.texts
        makeRoom()
        func move(_ code: UInt32) -> UInt32 {
            texts.withBytes(of: Int(code)) {
                young.texts.intern($0, kind: .string, hash: texts.hashes[Int(code)])
            }
        }
        let moved = AgentFacts(
            browser: move(facts.browser), os: move(facts.os), device: move(facts.device), bot: move(facts.bot))
        young.facts[hash] = moved
        return moved
    }

    /// Remembers an agent under the hash of its text.
    package mutating func insert(_ agent: UserAgent, as key: UInt64, hash: EventHash) -> AgentFacts {
        makeRoom()
        func intern(_ text: String) -> UInt32 {
            var text = text
            return text.withUTF8 {
                let bytes = UnsafeRawBufferPointer($0)
                return young.texts.intern(bytes, kind: .string, hash: hash(bytes))
            }
        }
        let facts = AgentFacts(
            browser: intern(agent.browser), os: intern(agent.os), device: intern(agent.device.rawValue),
            bot: intern(agent.isBot ? "true" : "false"))
        young.facts[key] = facts
        return facts
    }

    private mutating func makeRoom() {
        guard young.facts.count >= limit else { return }
        old = young
        young = Generation()
    }
}
