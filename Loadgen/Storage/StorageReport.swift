import Foundation

/// The results of all measurements, as lines with their targets.
struct StorageReport {
    var load: LoadResult?
    var sizes: SizesResult?
    var ids: IdsResult?
    var decode: DecodeResult?
    /// The server's start with events in flight, and with sealed ones.
    var inFlight: RestartResult?
    var sealed: RestartResult?
    var memory: MemoryResult?
    /// The load of the big store, which counts sorted runs; without it ``census`` does, with fewer events.
    var big: LoadResult?
    var census: LoadResult?
    var clickHouse: ClickHouseResult?

    /// All lines of the table.
    var figures: [Figure] { sizeFigures + workFigures + decodeFigures + serverFigures + runFigures }

    // MARK: Bytes

    private var sizeFigures: [Figure] {
        func per(_ bytes: Int?, _ events: Int?) -> Double? {
            guard let bytes, let events, events > 0 else { return nil }
            return Double(bytes) / Double(events)
        }
        let section = "bytes an event"
        return [
            Figure(
                section, "visitors and events", "", per(sizes?.dataBytes, sizes?.events),
                peer: per(clickHouse?.dataBytes, clickHouse?.events),
                target: .init(relation: "<=", value: 0.8, ofRatio: true)),
            Figure(
                section, "whole directory", "", per(sizes?.directoryBytes, sizes?.events),
                peer: per(clickHouse?.diskBytes, clickHouse?.events),
                target: .init(relation: "<=", value: 1.3, ofRatio: true)),
            Figure(section, "of it roll-ups", "", per(sizes?.rollupBytes, sizes?.events)),
            Figure(section, "of it visitors' names", "", per(sizes?.visitorNameBytes, sizes?.events)),
            Figure(section, "of it RocksDB's log", "", per(sizes?.writeAheadLogBytes, sizes?.events)),
            Figure(section, "ids, while their horizon lasts", "", ids?.bytesPerEvent),
            Figure(
                section, "ids, after their horizon", "", ids.map { Double($0.bytesAfter + $0.idsAfter) },
                target: .init(relation: "<=", value: 0)),
        ]
    }

    // MARK: Work

    private var workFigures: [Figure] {
        func rate(_ kind: KeyPath<MaintenanceTally, MaintenanceTally.Work>) -> Double? {
            guard let load else { return nil }
            let (one, two) = (load.load.maintenance[keyPath: kind], load.end[keyPath: kind])
            let seconds = one.seconds + two.seconds
            return seconds > 0 ? Double(one.events + two.events) / seconds : nil
        }
        func per(_ seconds: Double?) -> Double? {
            guard let seconds, let events = load?.load.events, seconds > 0 else { return nil }
            return Double(events) / seconds
        }
        let peer = clickHouse.map { Double($0.events) / max(1e-9, $0.loadProcessorSeconds) }
        let peerMerge = clickHouse.map { Double($0.events) / max(1e-9, $0.optimizeProcessorSeconds) }
        let section = "events a second a core"
        let target = Figure.Target(relation: ">=", value: 2e6)
        return [
            Figure(section, "sealing", "", rate(\.sealing), target: target),
            Figure(section, "compacting", "", rate(\.compacting), peer: peerMerge, target: target),
            Figure(section, "merging in memory", "", rate(\.merging)),
            Figure(section, "committing", "", per(load?.load.commitSeconds)),
            Figure(
                section, "decoding and preparing (ClickHouse: inserting)", "", per(load?.load.prepareSeconds),
                peer: peer),
        ]
    }

    private var decodeFigures: [Figure] {
        guard let decode else {
            return [Figure("values a second a core", "decoding", "", nil, target: .init(relation: ">=", value: 5e8))]
        }
        let scans = Dictionary(
            (clickHouse?.columns ?? []).map { ($0.name, $0.scanSeconds) }, uniquingKeysWith: { first, _ in first })
        let target = Figure.Target(relation: ">=", value: 5e8)
        func figures(_ section: String, _ rates: [DecodeResult.Rate], peers: Bool) -> [Figure] {
            Self.columns(rates).map { column in
                let scan = peers ? scans[column.name].flatMap { $0 } : nil
                let peer = scan.map { Double(clickHouse?.events ?? 0) / max(1e-9, $0) }
                return Figure(section, column.name, "", column.valuesPerSecond, peer: peer, target: target)
            }
                + rates.filter { $0.name == "dictionaries" }
                .map { Figure(section, "distinct values of dictionaries", "", $0.valuesPerSecond) }
        }
        let memory = "values a second a core, decoded from memory"
        let scanned = (clickHouse?.columns ?? []).compactMap(\.scanSeconds)
        let scanRate =
            scanned.isEmpty
            ? nil : Double((clickHouse?.events ?? 0) * scanned.count) / max(1e-9, scanned.reduce(0, +))
        return [Figure(memory, "all columns", "", decode.together.valuesPerSecond, peer: scanRate, target: target)]
            + figures(memory, decode.fromMemory, peers: true)
            + decode.derived.map {
                Figure("values a second a core, what they are derived from at hand", $0.name, "", $0.valuesPerSecond)
            }
            + decode.byEncoding.map {
                Figure("values a second a core, by encoding", $0.name, "", $0.valuesPerSecond)
            } + figures("values a second a core, from RocksDB", decode.fromRocksDB, peers: false)
    }

    /// The rates of the table's columns: the visitor is one, although it is stored as two.
    private static func columns(_ rates: [DecodeResult.Rate]) -> [DecodeResult.Rate] {
        let hashes = rates.first { $0.name == DecodeBench.Column.hashes.name }
        return rates.compactMap { rate in
            switch rate.name {
            case DecodeBench.Column.hashes.name, DecodeBench.Column.tables.name: nil
            case DecodeBench.Column.ordinals.name:
                DecodeBench.rate("visitor", rate.values, rate.seconds + (hashes?.seconds ?? 0))
            default: rate
            }
        }
    }

    // MARK: The server

    private var serverFigures: [Figure] {
        func millions(_ events: Int?) -> String { (events.map { Figure.text(Double($0)) + " " } ?? "") + "events" }
        let start = "seconds to start"
        let resident = "resident memory"
        let limit = Figure.Target(relation: "<", value: 600)
        let store = "\(millions(memory?.events)), cache of \(memory?.cacheMiB ?? 256) MiB"
        return [
            Figure(
                start, "\(millions(inFlight?.events)) in flight", "s", inFlight?.seconds.median,
                target: .init(relation: "<", value: 3)),
            Figure(
                start, "\(millions(sealed?.events)) sealed", "s", sealed?.seconds.median,
                target: .init(relation: "<", value: 1)),
            Figure(resident, "idle, \(store)", "MiB", memory?.idleMiB.median, target: limit),
            Figure(resident, "under load, median", "MiB", memory?.loadedMiB.median, target: limit),
            Figure(resident, "under load, peak", "MiB", memory?.peakMiB, target: limit),
            Figure(resident, "ingest meanwhile", "events/s", memory?.ingestRate),
            Figure(resident, "queries meanwhile", "", memory.map { Double($0.queries) }),
        ]
    }

    private var runFigures: [Figure] {
        let runs = big?.runs ?? census?.runs
        let section = "sorted runs of a name in 30 days"
        return [
            Figure(
                section, "worst of \(runs?.most.count ?? 0) counts", "", runs?.worst.map { Double($0.runs) },
                target: .init(relation: "<=", value: 60)),
            Figure(section, "median", "", runs.map { Double($0.median) }),
            Figure(section, "at the worst: in flight", "", runs?.worst.map { Double($0.inFlight) }),
            Figure(
                section, "at the worst: hours, days, months", "",
                runs?.worst.map { Double($0.hours + $0.days + $0.months) }),
        ]
    }
}
