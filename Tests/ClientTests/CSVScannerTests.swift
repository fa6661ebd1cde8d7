import Client
import Testing

@Suite("Finding records and cells in CSV")
struct CSVScannerTests {
    /// Scans all records of `text` and gives their cells as texts, `nil` for a malformed one.
    private func records(_ text: String, delimiter: String = ",") -> [[String]?] {
        withBytes(text) { bytes in
            var records: [[String]?] = []
            var cells: [CSVCell] = []
            var start = 0
            while start < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
                let scan = CSVScanner.scan(
                    rest, atEnd: true, delimiter: delimiter.utf8.first ?? 0, cells: &cells)
                switch scan {
                case .record(let length, _):
                    records.append(
                        cells.map { cell in
                            let text = String(decoding: rest[Int(cell.start)..<Int(cell.end)], as: UTF8.self)
                            return cell.hasEscapes
                                ? text.split(separator: "\"\"", omittingEmptySubsequences: false)
                                    .joined(separator: "\"") : text
                        })
                    start += length
                case .malformed(let length, _, _):
                    records.append(nil)
                    start += length
                case .incomplete:
                    Issue.record("nothing is incomplete at the end")
                    start = bytes.count
                }
            }
            return records
        }
    }

    @Test("Plain records end with LF, CRLF or the file")
    func plain() {
        #expect(records("a,b\nc,d\n") == [["a", "b"], ["c", "d"]])
        #expect(records("a,b\r\nc,d\r\n") == [["a", "b"], ["c", "d"]])
        #expect(records("a,b\r\nc,d") == [["a", "b"], ["c", "d"]])
        #expect(records("a,b\r\nc,d\r") == [["a", "b"], ["c", "d"]])
        #expect(records("a;b\n", delimiter: ";") == [["a", "b"]])
        #expect(records("a\tb,c\n", delimiter: "\t") == [["a", "b,c"]])
    }

    @Test("Empty cells are cells, also the last one")
    func empty() {
        #expect(records(",\n") == [["", ""]])
        #expect(records("a,") == [["a", ""]])
        #expect(records("\"\",\"\"\n") == [["", ""]])
        #expect(records("\n\n") == [[""], [""]])
    }

    @Test("Quotes hold delimiters, line ends and doubled quotes")
    func quoted() {
        #expect(records("\"a,b\",c\n") == [["a,b", "c"]])
        #expect(records("\"a\nb\r\nc\",d\r\n") == [["a\nb\r\nc", "d"]])
        #expect(records("\"say \"\"hi\"\"\",x") == [["say \"hi\"", "x"]])
        #expect(records("\"\"\"\"\n") == [["\""]])
        #expect(records("x,\"y\"\r") == [["x", "y"]])
    }

    @Test("A quote inside a cell without quotes stands for itself")
    func literalQuote() {
        #expect(records("a\"b,5\" disk\n") == [["a\"b", "5\" disk"]])
        #expect(records(" \"a\",b\n") == [[" \"a\"", "b"]])
        #expect(records("a\rb,c\n") == [["a\rb", "c"]])
    }

    @Test("Text after a closing quote costs its record, not the next one")
    func textAfterQuote() {
        #expect(records("\"a\"b,c\nd,e\n") == [nil, ["d", "e"]])
        #expect(records("\"a\"\r,c\nd,e\n") == [nil, ["d", "e"]])
        #expect(records("\"a\" ,c\n") == [nil])
    }

    @Test("A quote that is never closed takes the rest of the file")
    func unclosed() {
        #expect(records("a,b\n\"c,d\ne,f\n") == [["a", "b"], nil])
        #expect(records("\"") == [nil])
        #expect(records("\"a\"\"") == [nil])
    }

    @Test("Lines are counted inside quotes too")
    func newlines() {
        withBytes("\"a\nb\n\",c\nd") { bytes in
            var cells: [CSVCell] = []
            let scan = CSVScanner.scan(bytes, atEnd: false, delimiter: UInt8(ascii: ","), cells: &cells)
            #expect(scan == .record(length: 9, newlines: 3))
        }
    }

    @Test("A record is incomplete until its line end is there, at every cut")
    func cuts() {
        let record = "a,\"b\"\"\n,\",\"\",c\"d,\"e\"\r\n"
        for count in 0..<record.utf8.count {
            withBytes(String(decoding: Array(record.utf8)[..<count], as: UTF8.self)) { bytes in
                var cells: [CSVCell] = []
                let scan = CSVScanner.scan(bytes, atEnd: false, delimiter: UInt8(ascii: ","), cells: &cells)
                #expect(scan == .incomplete, "\(count) bytes")
            }
        }
        #expect(records(record) == [["a", "b\"\n,", "", "c\"d", "e"]])
    }

    @Test("Every text of up to six odd characters is scanned to its end, whole or in two pieces")
    func exhaustive() {
        let alphabet = Array("a,\"\n\r".utf8)
        var cells: [CSVCell] = []
        for length in 0...6 {
            let count = (0..<length).reduce(1) { product, _ in product * alphabet.count }
            for number in 0..<count {
                var rest = number
                let text = (0..<length).map { _ in
                    let byte = alphabet[rest % alphabet.count]
                    rest /= alphabet.count
                    return byte
                }
                text.withUnsafeBytes { bytes in
                    let whole = CSVScanner.scan(bytes, atEnd: false, delimiter: UInt8(ascii: ","), cells: &cells)
                    let last = CSVScanner.scan(bytes, atEnd: true, delimiter: UInt8(ascii: ","), cells: &cells)
                    if whole != .incomplete { #expect(whole == last, "\(text)") }
                    let inside = cells.allSatisfy { $0.start <= $0.end && $0.end <= length }
                    #expect(last != .incomplete && inside, "\(text)")
                }
            }
        }
    }
}
