import Events
import Storage

/// Decodes the columns of an open store, chunk by chunk, with a watch on each.
struct DecodeBench {
    /// What is decoded.
    enum Column: Hashable {
        case hashes
        case ordinals
        case times
        case values
        case dictionary(String)
        /// All dictionaries' values.
        case tables

        var name: String {
            switch self {
            case .hashes: "visitor (hashes)"
            case .ordinals: "visitor (ordinals)"
            case .times: "time"
            case .values: "value"
            case .dictionary(let name): name
            case .tables: "dictionaries"
            }
        }
    }

    /// Values and processor seconds of some chunks.
    private struct Sum {
        var values = 0
        var seconds = 0.0
    }

    private let store: Store
    /// The sealed segments of all sites.
    let segments: [Segment]
    private(set) var rates: [DecodeResult.Rate] = []
    private var encodings: [String: Sum] = [:]

    /// Opens a store. Decoded parts have room enough, so that one that others are worked out from is decoded once.
    init(directory: String, blockCacheBytes: Int) throws {
        var options = StoreOptions()
        options.blockCacheBytes = blockCacheBytes
        options.cacheBytes = 16 << 30
        let store = try openStore(directory, options, clock: SystemClock())
        self.store = store
        segments = store.siteNames().flatMap { store.snapshot(site: $0).segments }.filter(\.isSealed)
    }

    /// Events in the segments.
    var events: Int { segments.reduce(0) { $0 + $1.header.rows } }

    /// The columns there are, dictionary columns by name.
    var columns: [Column] {
        let names = Set(segments.flatMap { $0.header.columns.map(\.name) }).sorted()
        return [.hashes, .ordinals, .times, .values] + names.map { .dictionary($0) } + [.tables]
    }

    /// Values a second by encoding, fastest first.
    var encodingRates: [DecodeResult.Rate] {
        encodings.map { Self.rate($0.key, $0.value.values, $0.value.seconds) }
            .sorted { $0.valuesPerSecond > $1.valuesPerSecond }
    }

    /// A rate of so many values in so many seconds.
    static func rate(_ name: String, _ values: Int, _ seconds: Double) -> DecodeResult.Rate {
        DecodeResult.Rate(
            name: name, values: values, seconds: seconds, valuesPerSecond: seconds > 0 ? Double(values) / seconds : 0)
    }

    /// Decodes all chunks of a column so many times and notes the median.
    ///
    /// - Parameter warms: whether a first time does not count.
    mutating func measure(_ column: Column, repetitions: Int, warms: Bool) throws {
        var sums: [Sum] = []
        for repetition in (warms ? -1 : 0)..<repetitions {
            store.forgetDecodedParts()
            let sum = try pass(column, notesEncodings: warms && repetition == repetitions - 1)
            if repetition >= 0 { sums.append(sum) }
        }
        rates.append(Self.rate(column.name, sums.first?.values ?? 0, sums.map(\.seconds).median ?? 0))
        store.forgetDecodedParts()
    }

    /// Decodes all columns in one go, so many times. Dictionaries are no column.
    mutating func measureTogether(repetitions: Int) throws -> DecodeResult.Rate {
        let columns = columns.filter { $0 != .tables && $0 != .hashes }
        var sums: [Sum] = []
        for repetition in -1..<repetitions {
            store.forgetDecodedParts()
            var sum = Sum()
            sum.seconds = try pass(.hashes, notesEncodings: false).seconds
            for column in columns {
                let own = try pass(column, notesEncodings: false)
                sum.values += own.values
                sum.seconds += own.seconds
            }
            if repetition >= 0 { sums.append(sum) }
        }
        store.forgetDecodedParts()
        return Self.rate("all columns", sums.first?.values ?? 0, sums.map(\.seconds).median ?? 0)
    }

    /// Decodes each column that some segment derives, with what it is derived from decoded before.
    mutating func measureDerived(repetitions: Int) throws -> [DecodeResult.Rate] {
        var rates: [DecodeResult.Rate] = []
        for column in columns {
            guard case .dictionary(let name) = column else { continue }
            var bases: Set<Column> = []
            for segment in segments {
                guard let index = segment.header.column(name) else { continue }
                switch segment.codeSource(column: index) {
                case .stored: break
                case .visitors: bases.insert(.ordinals)
                case .column(let base): bases.insert(.dictionary(segment.header.columns[base].name))
                }
            }
            if bases.isEmpty { continue }
            var sums: [Sum] = []
            for repetition in -1..<repetitions {
                store.forgetDecodedParts()
                for base in bases { _ = try pass(base, notesEncodings: false) }
                let sum = try pass(column, notesEncodings: false)
                if repetition >= 0 { sums.append(sum) }
            }
            rates.append(Self.rate(name, sums.first?.values ?? 0, sums.map(\.seconds).median ?? 0))
        }
        store.forgetDecodedParts()
        return rates
    }

    private mutating func pass(_ column: Column, notesEncodings: Bool) throws -> Sum {
        var total = Sum()
        for segment in segments {
            let header = segment.header
            func timed(_ encoding: (Int) throws -> String?, chunk: Int, _ body: () throws -> Int) throws {
                let watch = Stopwatch()
                let values = try body()
                let seconds = watch.thread
                total.values += values
                total.seconds += seconds
                // Told apart afterwards: the question is not part of the work.
                if notesEncodings, let name = try encoding(chunk) {
                    encodings[name, default: Sum()].values += values
                    encodings[name]?.seconds += seconds
                }
            }
            switch column {
            case .hashes: try timed({ _ in nil }, chunk: 0) { try segment.visitorHashes().count }
            case .tables:
                for index in header.columns.indices {
                    try timed({ _ in "dictionary" }, chunk: 0) { try segment.table(column: index).count }
                }
            case .ordinals:
                for chunk in 0..<header.chunks {
                    try timed({ try segment.encoding(of: .ordinals, chunk: $0) }, chunk: chunk) {
                        try segment.ordinals(chunk: chunk).count
                    }
                }
            case .times:
                for chunk in 0..<header.chunks {
                    try timed({ try segment.encoding(of: .times, chunk: $0) }, chunk: chunk) {
                        try segment.times(chunk: chunk).count
                    }
                }
            case .values:
                for chunk in 0..<header.chunks where header.hasValues {
                    try timed({ _ in "measures" }, chunk: chunk) { try segment.values(chunk: chunk)?.count ?? 0 }
                }
            case .dictionary(let name):
                guard let index = header.column(name) else { continue }
                for chunk in 0..<header.chunks {
                    try timed({ try segment.encoding(ofCodes: index, chunk: $0) }, chunk: chunk) {
                        try segment.codes(column: index, chunk: chunk).count
                    }
                }
            }
        }
        return total
    }
}
