import Events

/// What one request brings to a commit.
public struct CommitItem: Sendable {
    /// Its events.
    public var runs: [PreparedRun]
    /// Its refused events, with their site.
    public var deadLetters: [(site: String, letter: DeadLetter)]
    /// The dead letters that its events are, admitted anew; they go in the same batch.
    public var replay: Replay?
    /// The key under which its answer is remembered.
    public var claim: AnswerClaim?
    /// Whether it is what many requests brought: then a site too many costs only the request that names it.
    public var isGroup: Bool

    /// Creates an item.
    public init(
        runs: [PreparedRun], deadLetters: [(site: String, letter: DeadLetter)], replay: Replay? = nil,
        claim: AnswerClaim? = nil, isGroup: Bool = false
    ) {
        self.runs = runs
        self.deadLetters = deadLetters
        self.replay = replay
        self.claim = claim
        self.isGroup = isGroup
    }

    /// Dead letters of one site that are admitted anew.
    public struct Replay: Sendable {
        /// The site whose letters they are.
        public var site: String
        /// The letters that go; if any is there no longer, nothing of the item is stored.
        public var taken: [UInt64]
        /// Those that are refused again, with the new reason. They stay in their places.
        public var refused: [DeadLetter]

        /// Creates a replay.
        public init(site: String, taken: [UInt64], refused: [DeadLetter]) {
            self.site = site
            self.taken = taken
            self.refused = refused
        }
    }
}

/// A key that a client gave a whole request, so that sending it again is answered like the first time and changes nothing.
public struct AnswerClaim: Sendable {
    /// Whose key it is: keys of different sites are different keys.
    public var site: UInt64
    /// The key's hash.
    public var key: UInt64
    /// The hash of what was sent; another body under the same key is a mistake of the sender.
    public var body: UInt64
    /// Makes the answer, once it is known what became of the events.
    public var render: @Sendable (CommitOutcome) -> [UInt8]

    /// Creates a claim.
    public init(site: UInt64, key: UInt64, body: UInt64, render: @escaping @Sendable (CommitOutcome) -> [UInt8]) {
        self.site = site
        self.key = key
        self.body = body
        self.render = render
    }
}

/// What became of an item.
public struct CommitOutcome: Sendable {
    /// How an item ended.
    public enum Settlement: Sendable, Equatable {
        /// It was stored; with the answer, if it claimed a key.
        case stored(answer: [UInt8]?)
        /// Its key had been used for the same before: that answer; nothing was stored.
        case answeredBefore([UInt8])
        /// Its key had been used for something else; nothing was stored.
        case keyReused
        /// A dead letter that it would have taken is there no longer; nothing was stored.
        case stale
    }

    /// Events stored by this commit.
    public var accepted = 0
    /// Events whose id was stored before.
    public var duplicates = 0
    /// How it ended.
    public var settlement = Settlement.stored(answer: nil)
    /// Of a group of requests, those whose event was stored before: see ``ColumnBatch/origins``.
    public var repeatedOrigins: [UInt32] = []
    /// Of a group of requests, those whose event was not stored since the store may not have its site.
    public var refusedOrigins: [UInt32] = []
    /// Why ``refusedOrigins`` were refused.
    public var refusal: StorageError?

    /// Nothing yet.
    public init() {}
}
