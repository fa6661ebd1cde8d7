/// What the server did with the events of one request.
public struct IngestAnswer: Sendable, Equatable {
    /// One event that was not taken.
    public struct Problem: Sendable, Equatable {
        /// The event's place in the request, from 0.
        public var index: Int?
        /// The reason's stable name.
        public var code: String
        /// The reason in words.
        public var detail: String
    }

    /// Events that were stored.
    public var accepted: Int
    /// Events that were there already.
    public var duplicate: Int
    /// Events that were not taken.
    public var rejected: Int
    /// The first of those that were not taken.
    public var problems: [Problem]

    /// Reads an answer's body; `nil` if it is none.
    public init?(_ body: [UInt8]) {
        guard let node = try? JSONNode(parsing: body), let accepted = node["accepted"]?.integer,
            let duplicate = node["duplicate"]?.integer, let rejected = node["rejected"]?.integer,
            accepted >= 0, duplicate >= 0, rejected >= 0
        else { return nil }
        self.accepted = accepted
        self.duplicate = duplicate
        self.rejected = rejected
        problems = (node["errors"]?.elements ?? []).map { error in
            Problem(
                index: error["index"]?.integer, code: error["code"]?.text ?? "rejected",
                detail: error["detail"]?.text ?? "")
        }
    }
}
