import Events

/// What an agent's dimensions are as codes of a batch's columns; zeros for none.
struct AgentCodes {
    var browser: UInt32 = 0
    var os: UInt32 = 0
    var device: UInt32 = 0
    var bot: UInt32 = 0
}

extension Enrichment {
    /// Sets `browser`, `os`, `device` and `bot` of all rows that have a user agent.
    func setAgents(_ batch: ColumnBatch, isImport: Bool) {
        let column = batch.columns[columns.userAgent]
        guard !column.codes.isEmpty else { return }
        let known = agents.codes(of: column.table, in: batch, columns: columns, isImport: isImport)
        guard known.contains(where: { $0.browser != 0 }) else { return }
        let codes = column.codes
        batch.setCodes(codes.map { known[Int($0)].browser }, column: columns.browser)
        batch.setCodes(codes.map { known[Int($0)].os }, column: columns.os)
        batch.setCodes(codes.map { known[Int($0)].device }, column: columns.device)
        batch.setCodes(codes.map { known[Int($0)].bot }, column: columns.bot)
    }
}
