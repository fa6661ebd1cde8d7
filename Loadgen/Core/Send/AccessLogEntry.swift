/// A request in a web server's access log, in the combined format of Apache and nginx, as a page view.
///
/// `HOST IDENT USER [10/Oct/2000:13:55:36 -0700] "GET /path HTTP/1.1" STATUS BYTES "REFERRER" "AGENT"`
package struct AccessLogEntry {
    /// Unix milliseconds.
    package let time: Int64
    /// The event as a line of JSON.
    package let event: [UInt8]

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads a line; nil for one in another format.
    package init?(_ line: [UInt8]) {
        guard let open = line.firstIndex(of: UInt8(ascii: "[")),
            let close = line[open...].firstIndex(of: UInt8(ascii: "]")),
            let time = Self.time(line[(open + 1)..<close])
        else { return nil }
        let quoted = Self.quoted(line[close...])
        guard let request = quoted.first else { return nil }
        let words = request.split(separator: 32)
        guard words.count >= 2 else { return nil }
        let host = line.prefix { $0 != 32 }
        let agent = quoted.count > 2 ? quoted[2] : []
        // Who it was is told by address and user agent together; the address itself is not sent.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in host + agent { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        self.time = time
        var event = Array("{\"time\":\(time),\"event\":\"page_view\",\"visitor\":\"l\(String(hash, radix: 16))\"".utf8)
        Self.append("url", Array("https://log.example".utf8) + words[1], to: &event)
        if quoted.count > 1, quoted[1] != [UInt8(ascii: "-")], !quoted[1].isEmpty {
            Self.append("referrer", quoted[1], to: &event)
        }
        if !agent.isEmpty { Self.append("user_agent", agent, to: &event) }
        event.append(contentsOf: "}\n".utf8)
        self.event = event
    }

    /// The texts between quotes.
    private static func quoted(_ bytes: ArraySlice<UInt8>) -> [[UInt8]] {
        var texts: [[UInt8]] = []
        var text: [UInt8]?
        var isEscaped = false
        for byte in bytes {
            if isEscaped {
                text?.append(byte)
                isEscaped = false
            } else if byte == 92, text != nil {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                if let done = text { texts.append(done) }
                text = text == nil ? [] : nil
            } else {
                text?.append(byte)
            }
        }
        return texts
    }

    /// `10/Oct/2000:13:55:36 -0700`.
    private static func time(_ text: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(text)
        guard bytes.count == 26, let day = ReplayTime.digits(bytes[0..<2]),
            let month = months.firstIndex(of: String(decoding: bytes[3..<6], as: UTF8.self)),
            let year = ReplayTime.digits(bytes[7..<11]), let hour = ReplayTime.digits(bytes[12..<14]),
            let minute = ReplayTime.digits(bytes[15..<17]), let second = ReplayTime.digits(bytes[18..<20]),
            let offset = ReplayTime.offset(bytes[21...])
        else { return nil }
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        guard let date = CivilDate("\(year)-\(two(Int64(month + 1)))-\(two(day))") else { return nil }
        return date.milliseconds + (hour * 3600 + minute * 60 + second - offset) * 1000
    }

    /// Appends a field, with what JSON does not take in a string escaped; bytes that are no UTF-8 become `?`.
    private static func append(_ key: String, _ value: [UInt8], to event: inout [UInt8]) {
        event.append(contentsOf: ",\"\(key)\":\"".utf8)
        let isText = String(validating: value, as: UTF8.self) != nil
        for byte in value {
            switch byte {
            case UInt8(ascii: "\""), 92: event.append(contentsOf: [92, byte])
            case 0..<32: event.append(UInt8(ascii: " "))
            case 128...: event.append(isText ? byte : UInt8(ascii: "?"))
            default: event.append(byte)
            }
        }
        event.append(UInt8(ascii: "\""))
    }
}
