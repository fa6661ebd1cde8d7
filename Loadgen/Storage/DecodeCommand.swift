import ArgumentParser
import Storage

/// `storage-bench decode`.
struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Decodes every column of a store's sealed segments on one thread and tells how fast that goes.")

    @Option(name: .long, help: ArgumentHelp("The store's directory.", valueName: "dir"))
    var data: String

    @Option(name: .long, help: ArgumentHelp("How often each column is decoded; the median counts.", valueName: "count"))
    var `repeat` = 5

    func run() throws {
        var result = try fromMemory()
        // RocksDB's cache as the server has it: much smaller than the columns, which push each other out.
        var files: [[DecodeResult.Rate]] = []
        for _ in 0..<max(1, `repeat` / 2) {
            var bench = try DecodeBench(directory: data, blockCacheBytes: StoreOptions().blockCacheBytes)
            for column in bench.columns { try bench.measure(column, repetitions: 1, warms: false) }
            files.append(bench.rates)
        }
        result.fromRocksDB = (files.first ?? []).indices.map { index in
            let seconds = files.map { $0[index].seconds }.median ?? 0
            return DecodeBench.rate(files[0][index].name, files[0][index].values, seconds)
        }
        try printJSON(result)
    }

    /// With all stored bytes in RocksDB's cache. The store is closed again when this returns.
    private func fromMemory() throws -> DecodeResult {
        var bench = try DecodeBench(directory: data, blockCacheBytes: 4 << 30)
        for column in bench.columns { try bench.measure(column, repetitions: `repeat`, warms: true) }
        let rates = bench.rates
        return DecodeResult(
            events: bench.events, segments: bench.segments.count, repetitions: `repeat`,
            together: try bench.measureTogether(repetitions: `repeat`), fromMemory: rates,
            derived: try bench.measureDerived(repetitions: `repeat`), byEncoding: bench.encodingRates, fromRocksDB: [])
    }
}
