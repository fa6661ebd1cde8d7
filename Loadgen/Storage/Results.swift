/// What a load took and left behind, as `storage-bench load` prints it.
struct LoadResult: Codable, Sendable {
    /// The stream while it came in.
    var load: StreamLoader.Tally
    /// Sealing and compacting of what was still in flight at its end, and of the month, if that was closed.
    var end: MaintenanceTally
    var sealedSegments: Int
    var sealedRows: Int
    var rowsInFlight: Int
    var runsInFlight: Int
    var bytesInFlight: Int
    /// Sorted runs a name was spread over during the load, if that was asked for.
    var runs: RunCensus?
}

/// Where the bytes of a directory are, as `storage-bench sizes` prints it.
struct SizesResult: Codable, Sendable {
    /// One kind of part or one column.
    struct Share: Codable, Sendable {
        var name: String
        var blocks: Int
        var bytes: Int
        /// Before compression.
        var payloadBytes: Int
    }

    /// Events in sealed segments.
    var events: Int
    var segments: Int
    /// Distinct visitors, summed over the segments.
    var visitors: Int
    /// All files of the directory as they were found, and of these RocksDB's logs.
    var directoryBytes: Int
    var writeAheadLogBytes: Int
    /// All blocks by what they are for.
    var groups: [Share]
    /// Sealed segments by part.
    var parts: [Share]
    /// Sealed segments by column; roll-ups and visitors' names are not among them.
    var columns: [Share]
    /// Headers, ordinals, hashes, times, values, dictionaries and codes: what the events and visitors take.
    var dataBytes: Int
    var rollupBytes: Int
    var visitorNameBytes: Int
}

/// What idempotency ids cost, as `storage-bench ids` prints it.
struct IdsResult: Codable, Sendable {
    var events: Int
    /// Bytes on disk of the ids an event while the horizon lasts.
    var bytesPerEvent: Double
    /// Ids remembered in memory at the end of the load and after the horizon.
    var idsBefore: Int
    var idsAfter: Int
    /// Bytes of ids on disk after the horizon.
    var bytesAfter: Int
}

/// How fast columns are decoded, as `storage-bench decode` prints it.
struct DecodeResult: Codable, Sendable {
    /// A column, or what its chunks of one encoding have in common.
    struct Rate: Codable, Sendable {
        var name: String
        var values: Int
        /// Processor seconds for all of them, median of the repetitions.
        var seconds: Double
        var valuesPerSecond: Double
    }

    var events: Int
    var segments: Int
    var repetitions: Int
    /// All columns in one go, so that what several are derived from is decoded once.
    var together: Rate
    /// Each by itself, from stored bytes in memory (RocksDB's block cache) to decoded values; a derived column with what
    /// it is derived from.
    var fromMemory: [Rate]
    /// Derived columns, without what they are derived from.
    var derived: [Rate]
    /// The same by the encoding of each chunk.
    var byEncoding: [Rate]
    /// From RocksDB's files in the system's page cache.
    var fromRocksDB: [Rate]
}

/// How long opening a store takes, as `storage-bench open` prints it.
struct OpenResult: Codable, Sendable {
    var wallSeconds: Double
    var threadSeconds: Double
    var processSeconds: Double
    var rowsInFlight: Int
    var sealedRows: Int
    var sealedSegments: Int
    var maintenance: MaintenanceTally?
}

/// What `peers/clickhouse_storage.py` prints.
struct ClickHouseResult: Codable, Sendable {
    struct Column: Codable, Sendable {
        var name: String
        var bytes: Int
        /// Processor seconds of a scan of the column by one thread.
        var scanSeconds: Double?
    }

    var version: String
    var events: Int
    var loadSeconds: Double
    var optimizeSeconds: Double
    /// Processor seconds of loading and optimising.
    var loadProcessorSeconds: Double
    var optimizeProcessorSeconds: Double
    var dataBytes: Int
    var diskBytes: Int
    var parts: Int
    var columns: [Column]
}

/// How long the server takes from its start to its `listening` line, as the script writes it.
struct RestartResult: Codable, Sendable {
    var events: Int
    var seconds: [Double]
}

/// The server's resident memory, as the script writes it.
struct MemoryResult: Codable, Sendable {
    var events: Int
    var cacheMiB: Int
    var idleMiB: [Double]
    var loadedMiB: [Double]
    var peakMiB: Double
    var ingestRate: Double
    var queries: Int
}
