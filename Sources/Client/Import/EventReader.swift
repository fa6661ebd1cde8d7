/// Reads one file's events, batch by batch.
///
/// It is confined to the queue that reads it.
final class EventReader {
    private let buffer: RecordBuffer
    private let mapping: ColumnMapping
    private let delimiter: UInt8
    private let accessLog: AccessLogEncoder
    private var format: ImportFormat
    private var builder: BatchBuilder
    private var isStarted = false
    /// The line the next record begins on, from 1.
    private var line = 1
    private var encoder: CSVEncoder?
    private var cells: [CSVCell] = []

    init(
        file: InputFile, format: ImportFormat, mapping: ColumnMapping, delimiter: UInt8,
        accessLog: AccessLogEncoder, limits: BatchLimits
    ) {
        buffer = RecordBuffer(file)
        self.format = format
        self.mapping = mapping
        self.delimiter = delimiter
        self.accessLog = accessLog
        builder = BatchBuilder(file: file.name, limits: limits)
    }

    /// The next batch, `nil` after the last one.
    func next() throws(ClientError) -> ImportBatch? {
        if !isStarted { try start() }
        while true {
            let batch =
                switch format {
                case .csv: try nextRecords()
                case .accessLog: nextRequests()
                case .ndjson, .auto: nextLines()
                }
            if let batch { return batch }
            if buffer.isAtEnd { return builder.finish() }
            try buffer.refill(line: line)
        }
    }

    private var name: String { Console.harmless(buffer.file.name) }

    private func start() throws(ClientError) {
        isStarted = true
        // A whole line, so that its form can be told.
        while buffer.bytes.count < 16_384, !buffer.bytes.contains(UInt8(ascii: "\n")), !buffer.isAtEnd {
            try buffer.refill(line: line)
        }
        if format == .auto {
            format = ImportFormat.named(buffer.file.name) ?? ImportFormat.sniffed(buffer.bytes)
        }
        if buffer.bytes.starts(with: [0xef, 0xbb, 0xbf]) { buffer.consume(3) }
        if format != .csv, !mapping.entries.isEmpty {
            throw ClientError(
                .usage, "--map is for CSV, and \(name) is \(format == .ndjson ? "NDJSON" : "an access log")")
        }
        if format == .ndjson {
            guard buffer.bytes.first != UInt8(ascii: "[") else {
                throw ClientError(
                    .file, "\(name) is a JSON array, not NDJSON; write one event a line, as `jq -c '.[]'` does")
            }
        } else if format == .csv {
            try readHeader()
        }
    }

    // MARK: Access logs

    /// Takes whole lines; `nil` when it needs more bytes.
    private func nextRequests() -> ImportBatch? {
        while let (number, content) = takeLine() {
            if content.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) { continue }
            var batch: ImportBatch?
            do throws(AccessLogLine.Fault) {
                let request = try AccessLogLine(content)
                if let kind = accessLog.kind(of: request) {
                    batch = builder.append(line: number) { accessLog.append(request, as: kind, to: &$0) }
                } else {
                    batch = builder.skip()
                }
            } catch {
                batch = builder.reject(line: number, code: "malformed_line", detail: error.detail)
            }
            if let batch { return batch }
        }
        return nil
    }

    /// Takes a line, given without its end; `nil` when it needs more bytes. Valid until more are read.
    private func takeLine() -> (number: Int, content: UnsafeRawBufferPointer)? {
        let bytes = buffer.bytes
        let end = bytes.firstIndex(of: UInt8(ascii: "\n"))
        guard end != nil || buffer.isAtEnd && !bytes.isEmpty else { return nil }
        let content = UnsafeRawBufferPointer(rebasing: bytes[..<(end ?? bytes.count)])
        defer {
            line += 1
            buffer.consume(min(content.count + 1, bytes.count))
        }
        return (line, content)
    }

    // MARK: NDJSON

    /// Takes whole lines; `nil` when it needs more bytes.
    private func nextLines() -> ImportBatch? {
        while let (number, content) = takeLine() {
            // The server counts events, not lines: blank ones are not sent.
            if content.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) { continue }
            if let batch = builder.append(line: number, write: { Self.append(content, to: &$0) }) { return batch }
        }
        return nil
    }

    private static func append(_ line: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        if let replacement = EventLineTime.replacement(in: line) {
            output.append(contentsOf: line[..<replacement.range.lowerBound])
            output.append(contentsOf: String(replacement.milliseconds).utf8)
            output.append(contentsOf: line[replacement.range.upperBound...])
        } else {
            output.append(contentsOf: line)
        }
        output.append(UInt8(ascii: "\n"))
    }

    // MARK: CSV

    private func readHeader() throws(ClientError) {
        while true {
            let scan = CSVScanner.scan(
                buffer.bytes, atEnd: buffer.isAtEnd, delimiter: delimiter, cells: &cells)
            switch scan {
            case .incomplete: try buffer.refill(line: line)
            case .malformed(_, _, let reason):
                throw ClientError(.file, "\(name), line \(line), the header row: \(reason.rawValue)")
            case .record(let length, let newlines):
                guard length > 0 else {
                    throw ClientError(.file, "\(name) is empty; CSV needs a header row")
                }
                let record = buffer.bytes
                let header = cells.map { cell in
                    let text = String(decoding: record[Int(cell.start)..<Int(cell.end)], as: UTF8.self)
                    return cell.hasEscapes ? Self.unescaped(text) : text
                }
                encoder = CSVEncoder(targets: try mapping.targets(header: header))
                buffer.consume(length)
                line += newlines
                return
            }
        }
    }

    private static func unescaped(_ text: String) -> String {
        var result: [UInt8] = []
        var isSecond = false
        for byte in text.utf8 {
            isSecond = byte == UInt8(ascii: "\"") && !isSecond
            if byte != UInt8(ascii: "\"") || isSecond { result.append(byte) }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Takes whole records; `nil` when it needs more bytes.
    private func nextRecords() throws(ClientError) -> ImportBatch? {
        guard let encoder else { return nil }
        while !buffer.bytes.isEmpty {
            let bytes = buffer.bytes
            let number = line
            var batch: ImportBatch?
            switch CSVScanner.scan(bytes, atEnd: buffer.isAtEnd, delimiter: delimiter, cells: &cells) {
            case .incomplete: return nil
            case .malformed(let length, let newlines, let reason):
                batch = builder.reject(line: number, code: "malformed_csv", detail: reason.rawValue)
                line += newlines
                buffer.consume(length)
            case .record(let length, let newlines):
                if cells.count == encoder.columnCount, !isBlank(bytes, length: length) {
                    let record = UnsafeRawBufferPointer(rebasing: bytes[..<length])
                    batch = builder.append(line: number) { encoder.append(record, cells: cells, to: &$0) }
                } else if !isBlank(bytes, length: length) {
                    batch = builder.reject(
                        line: number, code: "wrong_cell_count",
                        detail: "\(cells.count) cells where the header has \(encoder.columnCount)")
                }
                line += newlines
                buffer.consume(length)
            }
            if let batch { return batch }
        }
        return nil
    }

    /// Whether the record just scanned is an empty line.
    private func isBlank(_ bytes: UnsafeRawBufferPointer, length: Int) -> Bool {
        length <= 2 && bytes[..<length].allSatisfy { $0 == 0x0a || $0 == 0x0d }
    }
}
