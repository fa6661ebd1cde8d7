/// What a database's manifest says of its logs, read without RocksDB.
struct ManifestScan {
    /// The manifest's name within the directory.
    let name: String
    /// The log with the first changes that are in no file yet; older logs are not needed.
    private(set) var logNumber: UInt64 = 0
    /// The number of a change at least as late as all that are in files.
    private(set) var lastSequence: UInt64 = 0

    /// Reads the manifest that the file `CURRENT` names; `nil` where it cannot be made out, which RocksDB will say
    /// better.
    ///
    /// - Throws: when a file cannot be read.
    init?(directory: String) throws(RocksDBError) {
        guard let current = try LogScan.text(directory + "/CURRENT", atMost: 64), current.hasSuffix("\n"),
            current.hasPrefix("MANIFEST-")
        else { return nil }
        name = String(current.dropLast())
        var numbers: (log: UInt64, sequence: UInt64) = (0, 0)
        var isUnderstood = true
        let bytes = try LogFileReader.read(directory + "/" + name, keep: .max) { found in
            // Behind the first damage RocksDB does not read on either.
            guard case .record(let bytes, _, _) = found else { return false }
            isUnderstood = bytes.withUnsafeBytes { VersionEdit.read($0, &numbers) }
            return isUnderstood
        }
        guard bytes != nil, isUnderstood else { return nil }
        (logNumber, lastSequence) = numbers
    }
}

/// One record of a manifest: fields, each a tag and what belongs to it.
private enum VersionEdit {
    /// Takes the numbers out of a record; `false` if a field is not known.
    static func read(_ bytes: UnsafeRawBufferPointer, _ numbers: inout (log: UInt64, sequence: UInt64)) -> Bool {
        var fields = Fields(bytes: bytes)
        while !fields.isAtEnd {
            guard let tag = fields.varint() else { return false }
            let isRead: Bool
            switch tag {
            case 2: isRead = fields.number { numbers.log = max(numbers.log, $0) }
            case 4: isRead = fields.number { numbers.sequence = max(numbers.sequence, $0) }
            // The next file, the log before, the least log to keep; a family, the highest family, an atomic group.
            case 3, 9, 10, 200, 203, 300: isRead = fields.skip(varints: 1)
            // The comparator, a new family.
            case 1, 201: isRead = fields.skip(texts: 1)
            case 202: isRead = true
            // Where a compaction goes on, a deleted file.
            case 5: isRead = fields.skip(varints: 1) && fields.skip(texts: 1)
            case 6: isRead = fields.skip(varints: 2)
            // A new file: level, number, size; first and last key; first and last change; more fields.
            case 7: isRead = fields.skip(varints: 3) && fields.skip(texts: 2)
            case 100: isRead = fields.skip(varints: 3) && fields.skip(texts: 2) && fields.skip(varints: 2)
            case 103:
                isRead =
                    fields.skip(varints: 3) && fields.skip(texts: 2) && fields.skip(varints: 2)
                    && fields.skipTaggedTexts()
            // Tags with this bit may be skipped by who does not know them.
            case let tag where tag & 1 << 13 != 0: isRead = fields.skip(texts: 1)
            default: isRead = false
            }
            guard isRead else { return false }
        }
        return true
    }

    private struct Fields {
        let bytes: UnsafeRawBufferPointer
        var position = 0

        var isAtEnd: Bool { position == bytes.count }

        mutating func varint() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                guard position < bytes.count else { return nil }
                let byte = bytes[position]
                position += 1
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }

        mutating func number(_ body: (UInt64) -> Void) -> Bool {
            guard let value = varint() else { return false }
            body(value)
            return true
        }

        mutating func skip(varints count: Int) -> Bool { (0..<count).allSatisfy { _ in varint() != nil } }

        mutating func skip(texts count: Int) -> Bool {
            for _ in 0..<count {
                guard let length = varint(), length <= UInt64(bytes.count - position) else { return false }
                position += Int(length)
            }
            return true
        }

        /// Pairs of a tag and a text, up to the tag 1.
        mutating func skipTaggedTexts() -> Bool {
            while let tag = varint() {
                if tag == 1 { return true }
                guard skip(texts: 1) else { return false }
            }
            return false
        }
    }
}
