import Foundation
import LoadgenCore

/// All bytes of a stream.
func streamBytes(_ options: GeneratorOptions, batch: Int = 1000) throws -> [UInt8] {
    var generator = try ClickstreamGenerator(options)
    var bytes: [UInt8] = []
    while generator.appendBatch(batch, into: &bytes) > 0 {}
    return bytes
}

/// An event as a reader sees it.
struct ReadEvent: Decodable {
    /// A property's value, as text whatever it is.
    struct Property: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            // Most are strings; a failed attempt costs.
            if let string = try? container.decode(String.self) {
                text = string
            } else {
                text = "\(try container.decode(Double.self))"
            }
        }
    }

    let time: String
    let id: String?
    let event: String
    let visitor: String
    let site: String?
    let url: String
    let title: String?
    let referrer: String?
    let country: String
    let language: String
    let screen: String
    // The name of the field.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    let user_agent: String
    let value: Double?
    let props: [String: Property]

    /// The URL without its query.
    var page: Substring { url.prefix { $0 != "?" } }
}

/// The events of a stream, each line read as JSON by itself.
func streamEvents(_ options: GeneratorOptions) throws -> [ReadEvent] {
    let decoder = JSONDecoder()
    return try streamBytes(options).split(separator: 10).map { try decoder.decode(ReadEvent.self, from: Data($0)) }
}

/// The 64-bit FNV-1a hash: simple enough to be written anew by whoever doubts a pinned value.
func fnv1a(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}
