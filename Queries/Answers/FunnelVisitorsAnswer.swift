import Events
import Storage

extension FunnelVisitorsQuery {
    /// Answers the query: the visitors in the order of their ids' bytes, and where to go on.
    ///
    /// - Complexity: of a funnel with options, and O(n log n) for the n visitors that are meant.
    func answer(_ execution: Execution, _ range: ResolvedRange) throws(QueryError) -> [(key: String, value: JSONValue)]
    {
        let result = try FunnelOptionsScan(
            execution: execution, plan: FunnelPlan(funnel), range: range, listed: target
        ).run()
        let names = try VisitorNames(execution, result.listed)
        var order = Array(result.listed.indices)
        if let cursor {
            let after = try FunnelVisitorsCursor(cursor).visitor
            order.removeAll { !names.isAfter(result.listed[$0], after) }
        }
        try execution.sort(&order) { names.precedes(result.listed[$0], result.listed[$1]) }
        let shown = order.prefix(limit).map { result.listed[$0] }
        let visitors = shown.map { visitor in
            JSONValue.object([
                ("visitor", .string(String(decoding: names.bytes(visitor), as: UTF8.self))),
                ("count", .integer(Int64(visitor.count))),
            ])
        }
        var next = JSONValue.null
        if order.count > limit, let last = shown.last {
            next = .string(FunnelVisitorsCursor(after: names.bytes(last)).text)
        }
        return [
            ("visitors", .array(visitors)), ("total", .integer(Int64(result.listed.count))), ("cursor", next),
        ]
    }
}

/// The ids of visitors that a scan has listed.
private struct VisitorNames {
    private var tables: [UInt32: ValueTable] = [:]

    init(_ execution: Execution, _ visitors: [FunnelWorker.Listed]) throws(QueryError) {
        for visitor in visitors where tables[visitor.segment] == nil {
            tables[visitor.segment] = try stored { () throws(StorageError) in
                try execution.segments[Int(visitor.segment)].visitorNames()
            }
        }
    }

    private func withBytes<R>(_ visitor: FunnelWorker.Listed, _ body: (UnsafeRawBufferPointer) -> R) -> R? {
        tables[visitor.segment]?.withBytes(of: Int(visitor.ordinal) + 1, body)
    }

    func bytes(_ visitor: FunnelWorker.Listed) -> [UInt8] {
        withBytes(visitor) { Array($0) } ?? []
    }

    func precedes(_ one: FunnelWorker.Listed, _ other: FunnelWorker.Listed) -> Bool {
        withBytes(one) { one in withBytes(other) { one.lexicographicallyPrecedes($0) } ?? false } ?? false
    }

    func isAfter(_ visitor: FunnelWorker.Listed, _ bytes: [UInt8]) -> Bool {
        withBytes(visitor) { bytes.lexicographicallyPrecedes($0) } ?? false
    }
}
