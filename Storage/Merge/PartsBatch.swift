import RocksDB

/// The blocks of segments that are being written, in batches of bounded size.
///
/// What does not fit into one batch goes to the database before the segment is complete: unsynced, and with a `w` row that names the
/// segment as unfinished, so that a crash leaves nothing but parts that the next opening deletes. The last batch, which
/// the caller completes, writes and syncs, holds the headers and takes the `w` rows back: with it the segments begin to exist.
struct PartsBatch: ~Copyable {
    /// Bytes of blocks that a batch gathers before it is written: 16 MiB by default.
    static func maxBytes(_ options: StoreOptions) -> Int { options.writeBufferBytes / 4 }

    /// What the caller completes and writes.
    var batch = WriteBatch()
    private var bytes = 0
    private let store: Store
    private let site: UInt32
    /// Segments with parts in the batch, and those that have an `w` row.
    private var open: Set<UInt64> = []
    private(set) var unfinished: Set<UInt64> = []
    /// Bytes of blocks of each segment so far.
    private var stored: [UInt64: Int] = [:]

    init(_ store: Store, site: UInt32) {
        self.store = store
        self.site = site
    }

    /// Bytes of a segment's blocks so far.
    func storedBytes(_ segment: UInt64) -> Int { stored[segment] ?? 0 }

    /// Adds a part, compressed at the level for sealed segments.
    mutating func put(_ id: PartID, _ payload: [UInt8], segment: UInt64) throws(StorageError) {
        try put(id, Block.Packed(payload, level: store.options.sealLevel), segment: segment)
    }

    /// Adds a part whose encoding has compressed it already.
    mutating func putEncoded(_ id: PartID, _ payload: [UInt8], segment: UInt64) throws(StorageError) {
        try put(id, Block.Packed(uncompressed: payload), segment: segment)
    }

    private mutating func put(_ id: PartID, _ packed: Block.Packed, segment: UInt64) throws(StorageError) {
        let identity = Block.Identity(kind: .part, site: site, number: segment, part: id)
        let block = Block.encode(packed, identity: identity)
        batch.put(Keys.part(site: site, segment: segment, id), block)
        open.insert(segment)
        stored[segment, default: 0] += block.count
        bytes += block.count
        if bytes >= Self.maxBytes(store.options) { try spill() }
    }

    /// Takes a part back that was put before.
    mutating func remove(_ id: PartID, segment: UInt64) {
        batch.delete(Keys.part(site: site, segment: segment, id))
    }

    /// Adds a segment's header, after all its other parts.
    mutating func putHeader(_ header: SegmentHeader, segment: UInt64) {
        let identity = Block.Identity(kind: .part, site: site, number: segment)
        let payload = header.encode(version: SegmentHeader.version)
        headers.append(
            (
                Keys.segment(site: site, segment: segment),
                Block.encode(payload, identity: identity, level: store.options.sealLevel)
            ))
    }

    private var headers: [(key: [UInt8], block: [UInt8])] = []

    private mutating func spill() throws(StorageError) {
        for segment in open where unfinished.insert(segment).inserted {
            batch.put(Keys.unfinished(site: site, segment: segment), [])
        }
        try store.write(batch, "Writing a segment", before: .compactPart, synced: false)
        batch = WriteBatch()
        open = []
        bytes = 0
    }

    /// Puts the headers into the batch, which is ready for what else belongs to this change.
    mutating func complete() {
        for header in headers { batch.put(header.key, header.block) }
        for segment in unfinished { batch.delete(Keys.unfinished(site: site, segment: segment)) }
        headers = []
    }

    /// Removes what was written of segments that will not be finished.
    mutating func abandon() throws(StorageError) {
        batch = WriteBatch()
        guard !unfinished.isEmpty else { return }
        for segment in unfinished {
            batch.deleteRetired(site: site, segment: segment)
            batch.delete(Keys.unfinished(site: site, segment: segment))
        }
        try store.write(batch, "Removing an unfinished segment")
        store.noteRemains(unfinished.map { Graveyard.Remains(site: site, number: $0, bytes: stored[$0] ?? 0) })
    }
}
