import Events
import RocksDB

/// One check of one store, step by step; used by one thread.
final class CheckRun {
    let reader: StoreReader
    private let options: StoreCheck.Options
    var report = StoreCheck.Report()
    private let walk: TolerantWalk
    private let pace: ReadingPace
    /// Blocks that have been reported, by the names their errors have: a damaged block is read again and again.
    private var reported: Set<String> = []
    var headers: [SegmentKey: SegmentHeader] = [:]
    /// Segments whose header is there and cannot be read: their parts are no orphans.
    var unreadable: Set<SegmentKey> = []
    private var retired: Set<SegmentKey> = []
    private var unfinished: Set<SegmentKey> = []

    /// A segment's place in the key space.
    struct SegmentKey: Hashable {
        var site: UInt32
        var number: UInt64
    }

    init(reader: StoreReader, options: StoreCheck.Options) {
        self.reader = reader
        self.options = options
        walk = TolerantWalk(reader.database)
        pace = ReadingPace(bytesPerSecond: options.bytesPerSecond)
        report.formatVersion = reader.version
    }

    /// Looks at every row of the store.
    func everything() {
        logs()
        for error in reader.damage {
            found(.database, CheckPlace(), "RocksDB cannot read its files: \(error)")
        }
        for reason in reader.lost { found(.missing, CheckPlace(row: "the store's identity"), reason) }
        if !reader.knowsSeed {
            report.notes.append("without the store's seed, blocks were verified and what they hold was not compared")
        }
        meta()
        keys()
        sites()
        segmentHeaders()
        marks(Keys.retiredPrefix) { self.retired.insert($0) }
        marks(Keys.unfinishedPrefix) { self.unfinished.insert($0) }
        marks(Keys.remainsPrefix) { _ in }
        erasures()
        logRows()
        idRows()
        deadLetters()
        answers()
        schemas()
        parts()
        otherKeys()
        notes()
    }

    /// RocksDB's logs, of which it says nothing itself: it reads them up to the first record that is damaged.
    private func logs() {
        do throws(RocksDBError) {
            let scan = try LogScan(directory: reader.directory)
            if let gap = scan.gap {
                found(
                    .database, CheckPlace(),
                    "the log \(gap.file) is damaged at byte \(gap.offset): \(gap.changes) changes are lost, and what "
                        + "follows at byte \(gap.nextOffset) of \(gap.nextFile) is not read any more")
            } else if scan.unfinishedBytes > 0 {
                report.notes.append(
                    "the log ends with \(scan.unfinishedBytes) bytes of a write that did not finish")
            }
        } catch {
            found(.database, CheckPlace(), error.message)
        }
    }

    // MARK: Findings

    func found(_ kind: CheckFinding.Kind, _ place: CheckPlace, _ reason: String) {
        guard report.findings.count < options.listedFindings else {
            report.unlistedFindings += 1
            return
        }
        report.findings.append(CheckFinding(kind: kind, place: place, reason: reason))
    }

    /// Reports what reading a block has thrown, unless that block has been reported.
    func found(_ error: StorageError, _ place: CheckPlace) {
        switch error {
        case .corrupt(let block, let reason):
            guard reported.insert(block).inserted else { return }
            found(.block, place, reason)
        case .database(let error):
            found(.database, place, error.message)
        case .unusable, .limit, .diskFull, .cancelled, .failed:
            found(.block, place, error.description)
        }
    }

    func rows(
        _ prefix: [UInt8], _ row: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
    ) {
        walk.rows(prefix) { key, value in
            report.bytes += key.count + value.count
            pace.passed(key.count + value.count)
            row(key, value)
        } gap: { gap in
            let after = gap.after.map { "behind \(Keys.title(of: $0, sites: reader.names))" }
            let upTo = gap.upTo.map { "before \(Keys.title(of: $0, sites: reader.names))" }
            let kind = Keys.kindTitle(of: prefix)
            found(
                .database, CheckPlace(),
                "\(kind) \(after ?? "from the first one on") \(upTo ?? "to the last one") cannot be read: "
                    + gap.error.message)
        }
    }

    func keyFault(_ key: UnsafeRawBufferPointer) {
        found(.key, CheckPlace(), "the key \(Keys.hex(key)) is none that Weir writes")
    }

    // MARK: Sealed segments

    /// All parts in the order of their keys, which is one segment after the other; each segment's contents when its
    /// last part has passed.
    private func parts() {
        var current: SegmentKey?
        var seen: [PartID: Int] = [:]
        var visited: Set<SegmentKey> = []
        func finish() {
            guard let key = current else { return }
            visited.insert(key)
            segment(key, seen)
            seen.removeAll(keepingCapacity: true)
        }
        rows(Keys.partPrefix) { key, value in
            guard let (site, number, id) = Keys.part(key) else { return keyFault(key) }
            let segment = SegmentKey(site: site, number: number)
            if segment != current {
                finish()
                current = segment
            }
            seen[id] = value.count
            report.parts += 1
            do throws(StorageError) {
                _ = try Block.decode(value, identity: Block.Identity(kind: .part, site: site, number: number, part: id))
            } catch {
                found(error, place(site: site, segment: number, part: id))
            }
        }
        finish()
        // Of these not a single part was seen.
        let rest = headers.keys.filter { !visited.contains($0) }
        for key in rest.sorted(by: { ($0.site, $0.number) < ($1.site, $1.number) }) { segment(key, [:]) }
    }

    /// Looks at one segment as a whole.
    ///
    /// - Parameter seen: its parts and the sizes of their blocks, as far as they could be walked over.
    private func segment(_ key: SegmentKey, _ seen: [PartID: Int]) {
        let place = self.place(site: key.site, segment: key.number)
        guard let header = headers[key] else {
            if !unreadable.contains(key), !retired.contains(key), !unfinished.contains(key) {
                found(.orphan, place, "\(seen.count) of its parts are there, its header is not")
            }
            return
        }
        compareParts(key, header, seen)
        contents(of: reader.segment(site: key.site, number: key.number, header: header), place)
        reader.cache.remove(segment: key.number)
    }

    /// Compares what is there with what the header and the directory announce.
    private func compareParts(_ key: SegmentKey, _ header: SegmentHeader, _ seen: [PartID: Int]) {
        func place(_ id: PartID) -> CheckPlace { self.place(site: key.site, segment: key.number, part: id) }
        var directory: ChunkDirectory?
        if header.version >= 2 {
            do throws(StorageError) {
                directory = try reader.parts(site: key.site, number: key.number).directory(header)
            } catch {
                // Without it nobody knows which parts there should be.
                return found(error, place(PartID(part: .directory)))
            }
        }
        let announced = Set(header.parts(directory))
        for id in announced.subtracting(seen.keys).sorted() {
            let identity = Block.Identity(kind: .part, site: key.site, number: key.number, part: id)
            // A part that the walk could not reach may be there.
            do throws(StorageError) {
                _ = try StoredParts.payload(
                    reader.database, key: Keys.part(site: key.site, segment: key.number, id), identity: identity)
            } catch {
                guard case .corrupt(let block, let reason) = error else {
                    found(error, place(id))
                    continue
                }
                if reported.insert(block).inserted { found(.missing, place(id), reason) }
            }
        }
        for id in seen.keys.filter({ !announced.contains($0) }).sorted() {
            let column = Int(id.column)
            let isRollup =
                id.part == .rollup
                && (id.column == SegmentHours.column
                    ? header.hours != .none
                    : header.columns.indices.contains(column) && header.columns[column].hasRollup)
            if !isRollup {
                found(.orphan, place(id), "the segment's header has no such part")
            }
        }
    }

    func contents(of segment: Segment, _ place: CheckPlace) {
        guard reader.knowsSeed else { return }
        SegmentCheck(
            segment: segment,
            found: { reason, part in self.found(.contents, place.of(part, segment.header), reason) },
            failed: { error, part in self.found(error, place.of(part, segment.header)) }
        ).run()
    }

    func place(site: UInt32, segment: UInt64, part: PartID? = nil) -> CheckPlace {
        let header = headers[SegmentKey(site: site, number: segment)]
        let place = CheckPlace(site: reader.title(of: site), bucket: header?.bucket.title, segment: segment)
        return place.of(part, header)
    }

    // MARK: The rest

    /// Keys between those that have a meaning.
    private func otherKeys() {
        var start: [UInt8] = []
        while true {
            switch walk.firstKey(from: start) {
            case .success(nil): return
            case .success(.some(let key)):
                guard let first = key.first, Keys.prefixes.contains(first) else {
                    key.withUnsafeBytes { keyFault($0) }
                    start = key + [0]
                    continue
                }
                guard first < .max else { return }
                start = [first + 1]
            case .failure:
                // What cannot be read has been reported, if it is under a prefix that has a meaning.
                guard let first = start.first, first < .max else { return }
                start = [first + 1]
            }
        }
    }

    private func notes() {
        func count(_ keys: Set<SegmentKey>, _ text: String) {
            if !keys.isEmpty { report.notes.append("\(keys.count) \(text)") }
        }
        count(retired, "retired segments will be deleted when the store is next opened")
        count(
            unfinished.filter { headers[$0] == nil && !unreadable.contains($0) },
            "segments were not written to their end and will be deleted when the store is next opened")
        for key in retired where headers[key] != nil {
            found(.contents, place(site: key.site, segment: key.number), "it is marked as retired and has a header")
        }
    }
}

extension CheckPlace {
    /// The place of a part of the segment that this is the place of.
    func of(_ id: PartID?, _ header: SegmentHeader?) -> CheckPlace {
        guard let id else { return self }
        var place = self
        place.part = id.part.title
        if id.part.isOfColumn {
            let columns = header?.columns ?? []
            if id.part == .rollup, id.column == SegmentHours.column {
                place.column = "(hours)"
            } else {
                place.column = columns.indices.contains(Int(id.column)) ? columns[Int(id.column)].name : "\(id.column)"
            }
        }
        if id.part.isChunked { place.chunk = Int(id.chunk) }
        return place
    }
}

extension PartID: Comparable {
    /// In the order of their keys.
    package static func < (left: PartID, right: PartID) -> Bool {
        (left.part.rawValue, left.column, left.chunk) < (right.part.rawValue, right.column, right.chunk)
    }
}
