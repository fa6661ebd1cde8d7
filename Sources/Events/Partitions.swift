/// A batch that is being filled, with what is looked up for every row.
struct Partition {
    let batch: ColumnBatch
    let siteHash: UInt64
    /// The calendar month, or what of it the site keeps, Unix milliseconds, half-open.
    let start: Int64
    let end: Int64
    /// Columns of the properties.
    var names = NameColumns()
    /// The site's schema, which keeps ``rules`` where they are.
    let schema: CompiledSchema?
    /// What the schema has to say, to be read without counting references.
    let rules: CompiledSchema.Rules?
    /// Where what exceeds the site's limit of property names goes; −1 until there is any.
    var overflowColumn = -1
}

/// The batches of a body, one for each site and calendar month.
struct Partitions {
    private struct Key: Hashable {
        var siteHash: UInt64
        var month: Int64
    }

    private(set) var all: [Partition] = []
    private var indices: [Key: Int] = [:]
    private var newest = -1

    /// The partition of the last call, which is nearly always that of the next event too.
    @inline(__always)
    func hit(siteHash: UInt64, time: Int64) -> Int? {
        guard newest >= 0, all[newest].siteHash == siteHash, time >= all[newest].start, time < all[newest].end else {
            return nil
        }
        return newest
    }

    /// What a search for a partition comes to.
    enum Search {
        case found(Int)
        /// It would be one more than the limit.
        case tooMany
        /// The site does not keep events of that time any more.
        case tooOld(site: String)
    }

    /// Finds or creates a partition.
    ///
    /// - Parameter keptFrom: asked once for a partition: from when on a site keeps its events.
    @inline(never)
    mutating func find(
        site: UnsafeRawBufferPointer, siteHash: UInt64, time: Int64, hash: EventHash, limit: Int,
        schemas: SchemaRegistry?, keptFrom: (String) -> Int64
    ) -> Search {
        let month = CivilTime.monthStart(of: time)
        let key = Key(siteHash: siteHash, month: month)
        if let index = indices[key] {
            guard time >= all[index].start else { return .tooOld(site: all[index].batch.site) }
            newest = index
            return .found(index)
        }
        let site = String(decoding: site, as: UTF8.self)
        let start = max(month, keptFrom(site))
        guard time >= start else { return .tooOld(site: site) }
        guard all.count < limit else { return .tooMany }
        newest = all.count
        indices[key] = newest
        let schema = schemas?.schema(of: site)
        all.append(
            Partition(
                batch: ColumnBatch(site: site, month: month, hash: hash), siteHash: siteHash, start: start,
                end: CivilTime.monthEnd(of: time), schema: schema, rules: schema?.rules))
        return .found(newest)
    }

    /// The column of a partition for properties whose names are more than the site may have.
    mutating func overflowColumn(_ partition: Int) -> Int {
        if all[partition].overflowColumn < 0 {
            var name = EventDecoder.overflowProperty
            let nameHash = name.withUTF8 { all[partition].batch.hash(UnsafeRawBufferPointer($0)) }
            let known = all[partition].names.find(nameHash)
            all[partition].overflowColumn =
                known >= 0
                ? known
                : name.withUTF8 { addColumn(partition, name: UnsafeRawBufferPointer($0), hash: nameHash) }
        }
        return all[partition].overflowColumn
    }

    /// Adds a property column to a partition.
    mutating func addColumn(_ partition: Int, name: UnsafeRawBufferPointer, hash: UInt64) -> Int {
        let column = all[partition].batch.addPropertyColumn(String(decoding: name, as: UTF8.self))
        all[partition].names.insert(hash, column: column)
        return column
    }
}

/// The derived visitors of a body, each asked for once.
struct AnonymousVisitors {
    private struct Key: Hashable {
        var siteHash: UInt64
        var agentHash: UInt64
    }

    private var known: [Key: [UInt8]] = [:]
    private var newest: (key: Key, bytes: [UInt8])?

    /// Copies the visitor of a site and user agent, cut to `maxBytes`, and returns its length.
    mutating func copy(
        siteHash: UInt64, agentHash: UInt64, to out: UnsafeMutableRawPointer, maxBytes: Int, derive: () -> String
    ) -> Int {
        let key = Key(siteHash: siteHash, agentHash: agentHash)
        if newest?.key != key {
            let bytes = known[key] ?? Array(derive().utf8.prefix(maxBytes))
            known[key] = bytes
            newest = (key, bytes)
        }
        guard let bytes = newest?.bytes else { return 0 }
        bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { out.copyMemory(from: start, byteCount: source.count) }
        }
        return bytes.count
    }
}
