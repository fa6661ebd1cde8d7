import Events
import RocksDB

// The rows that are no parts of segments, each by itself.
extension CheckRun {
    func meta() {
        rows(Keys.metaPrefix) { key, value in
            guard let (title, size) = Self.metaRow([UInt8](key)) else { return keyFault(key) }
            // These rows have no checksum; their sizes are all that can be told.
            if value.count != size {
                found(.block, CheckPlace(row: title), "it has \(value.count) bytes, not \(size)")
            }
        }
    }

    /// What a row of figures is called, and its size.
    private static func metaRow(_ key: [UInt8]) -> (title: String, size: Int)? {
        func isSuffixed(_ prefix: [UInt8]) -> Bool { key.count == prefix.count + 4 && key.starts(with: prefix) }
        return switch key {
        case Keys.format: ("the number of the format", 4)
        case Keys.seed: ("the store's seed", 8)
        case Keys.highestSite: ("the highest site number", 4)
        case Keys.keySecret: ("the secret of keys", Store.keySecretBytes)
        case Keys.trustedTime: ("the believed time", 8)
        case _ where isSuffixed(Keys.saltPrefix): ("a day's salt", 16)
        case _ where isSuffixed(Keys.retentionPrefix): ("a site's retention", 8)
        case _ where isSuffixed(Keys.purgePrefix): ("a purge", 8)
        default: nil
        }
    }

    /// The keys that requests present.
    func keys() {
        rows(Keys.keyPrefix) { key, value in
            guard key.count == 9, let id = Keys.trailing(key, as: UInt64.self) else { return keyFault(key) }
            let identity = Block.Identity(kind: .key, number: id)
            do throws(StorageError) {
                _ = try decode(value, identity) { (bytes) throws(DecodingFault) in
                    try KeyRecord(id: id, decoding: bytes)
                }
            } catch {
                found(error, CheckPlace(row: identity.name))
            }
        }
    }

    func sites() {
        var numbers: [String: UInt32] = [:]
        rows(Keys.sitePrefix) { key, value in
            guard key.count == 5, let number = Keys.trailing(key, as: UInt32.self) else { return keyFault(key) }
            report.sites += 1
            let place = CheckPlace(site: "number \(number)", row: "the site's name")
            guard SiteName.isValid(value) else { return found(.block, place, "no site can have it") }
            let name = String(decoding: value, as: UTF8.self)
            if let other = numbers[name] { found(.contents, place, "it is that of site number \(other)") }
            numbers[name] = number
            reader.name(name, of: number)
        }
    }

    /// The headers of sealed segments.
    func segmentHeaders() {
        siteRows(Keys.segmentPrefix, \.segments) { site, number in
            var place = self.place(site: site, segment: number)
            place.part = Part.header.title
            return place
        } read: { (key, value, _) throws(StorageError) in
            do throws(StorageError) {
                let identity = Block.Identity(kind: .part, site: key.site, number: key.number)
                let version = Block.version(value)
                let header = try self.decode(value, identity) { (bytes) throws(DecodingFault) in
                    try SegmentHeader(decoding: bytes, hash: self.reader.hash, version: version)
                }
                self.headers[key] = header
                self.report.sealedRows += header.rows
            } catch {
                self.unreadable.insert(key)
                throw error
            }
        }
    }

    /// Keys without values.
    func marks(_ prefix: [UInt8], _ body: (SegmentKey) -> Void) {
        rows(prefix) { key, _ in
            guard let (site, number) = Keys.siteAndNumber(key) else { return keyFault(key) }
            body(SegmentKey(site: site, number: number))
        }
    }

    func erasures() {
        siteRows(Keys.erasurePrefix, \.erasures, called: "erasure") { (key, value, _) throws(StorageError) in
            let identity = Block.Identity(kind: .erasure, site: key.site, number: key.number)
            _ = try self.decode(value, identity) { (bytes) throws(DecodingFault) in
                try Erasure(sequence: key.number, decoding: bytes)
            }
        }
    }

    func logRows() {
        siteRows(Keys.logPrefix, \.logRows, called: "log row") { (key, value, place) throws(StorageError) in
            let identity = Block.Identity(kind: .log, site: key.site, number: key.number)
            let (header, columns) = try self.decode(value, identity) { (bytes) throws(DecodingFault) in
                try LogRow.decode(bytes, hash: self.reader.hash)
            }
            self.report.rowsInFlight += header.rows
            let segment = Segment(site: key.site, number: key.number, header: header, source: .memory(columns))
            self.contents(of: segment, place)
        }
    }

    func deadLetters() {
        siteRows(Keys.deadLetterPrefix, \.deadLetters, called: "dead letter") { (key, value, _) throws(StorageError) in
            _ = try DeadLetter(sequence: key.number, site: key.site, block: value)
        }
    }

    func idRows() {
        rows(Keys.idsPrefix) { key, value in
            guard key.count == 9, let number = Keys.trailing(key, as: UInt64.self) else { return keyFault(key) }
            report.idRows += 1
            do throws(StorageError) {
                _ = try decode(value, Block.Identity(kind: .ids, number: number)) { (bytes) throws(DecodingFault) in
                    try IdRow(decoding: bytes, version: Block.version(value))
                }
            } catch {
                found(error, CheckPlace(row: "row \(number) of ids"))
            }
        }
    }

    func answers() {
        rows(Keys.answerPrefix) { key, value in
            guard key.count == 9, let number = Keys.trailing(key, as: UInt64.self) else { return keyFault(key) }
            do throws(StorageError) {
                _ = try decode(value, Block.Identity(kind: .answer, number: number)) { (bytes) throws(DecodingFault) in
                    try KeyedAnswers.decode(bytes, sequence: number)
                }
            } catch {
                found(error, CheckPlace(row: "answer \(number)"))
            }
        }
    }

    func schemas() {
        siteRows(Keys.schemaPrefix, \.schemas, called: "schema") { (key, value, _) throws(StorageError) in
            let identity = Block.Identity(kind: .schema, site: key.site, number: key.number)
            _ = try self.decode(value, identity) { (bytes) throws(DecodingFault) in
                try SchemaVersion(number: key.number, decoding: bytes)
            }
        }
    }

    // MARK: What they have in common

    /// Looks at each row of a kind whose keys name a site and a number.
    private func siteRows(
        _ prefix: [UInt8], _ count: WritableKeyPath<StoreCheck.Report, Int>, called what: String,
        read: (SegmentKey, UnsafeRawBufferPointer, CheckPlace) throws(StorageError) -> Void
    ) {
        siteRows(
            prefix, count, place: { CheckPlace(site: self.reader.title(of: $0), row: "\(what) \($1)") }, read: read)
    }

    private func siteRows(
        _ prefix: [UInt8], _ count: WritableKeyPath<StoreCheck.Report, Int>,
        place: (_ site: UInt32, _ number: UInt64) -> CheckPlace,
        read: (SegmentKey, UnsafeRawBufferPointer, CheckPlace) throws(StorageError) -> Void
    ) {
        rows(prefix) { key, value in
            guard let (site, number) = Keys.siteAndNumber(key) else { return keyFault(key) }
            report[keyPath: count] += 1
            let place = place(site, number)
            do throws(StorageError) {
                try read(SegmentKey(site: site, number: number), value, place)
            } catch {
                found(error, place)
            }
            if reader.names[site] == nil { found(.contents, place, "the name of its site \(site) is missing") }
        }
    }

    private func decode<Contents>(
        _ value: UnsafeRawBufferPointer, _ identity: Block.Identity,
        _ body: (UnsafeRawBufferPointer) throws(DecodingFault) -> Contents
    ) throws(StorageError) -> Contents {
        try StoredParts.decoding(identity, try Block.decode(value, identity: identity), body)
    }
}
