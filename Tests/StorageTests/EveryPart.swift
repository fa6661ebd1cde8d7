import Events
import Foundation
import RocksDB
import Storage
import Synchronization
import TestSupport

/// Fills a store so that each kind of row and each part of a segment occurs in it.
enum EveryPart {
    /// Long after all events.
    static let now = january + 40 * 86_400_000

    /// Events of one day of which a country depends on the visitor and a title on the path, up to a few exceptions that every lot has.
    static func events(_ count: Int, seed: UInt64) -> [MadeEvent] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { index in
            let (visitor, path) = (random.int(0...99), random.int(0...29))
            var event = MadeEvent(
                time: UInt32(random.int(345_600_000...431_999_999)),
                name: random.pick(["view", "view", "cart", "buy"]), visitor: "visitor-\(visitor)")
            if random.chance(0.3) { event.value = Double(random.int(0...9_999)) / 100 }
            if random.chance(0.02) { event.value = 1 / Double(random.int(3...9)) }
            event.texts = [
                ("country", ["DE", "FR", "US", "é"][visitor % 4], .string), ("path", "/p/\(path)", .string),
                ("title", index % 200 == 5 ? "another" : "Page \(path)", .string),
            ]
            if random.chance(0.2) { event.texts.append(("props.plan", random.pick(["free", "pro", ""]), .string)) }
            if random.chance(0.2) { event.texts.append(("props.count", "\(random.int(0...5))", .number)) }
            return event
        }
    }

    /// A schema with every kind of rule.
    static let schema = EventSchema(
        mode: .warn, isClosed: true,
        events: [
            EventSchema.Event(
                name: "view", isClosed: true,
                properties: [
                    EventSchema.Property(
                        name: "plan", types: .string, isRequired: true, allowed: ["free", "team"], minLength: 1,
                        maxLength: 9),
                    EventSchema.Property(name: "size", types: [.number, .integer], minimum: 0, maximum: 10.5),
                ])
        ])

    /// Two sites: shop with a merged segment, a late one, rows in flight, ids, a refused event and an erasure under way;
    /// blog with a sealed segment and rows in flight.
    static func fill(_ directory: TemporaryDirectory, seed: UInt64) throws {
        let clock = ManualClock(now)
        let store = try directory.open(clock: clock)
        let maker = BatchMaker(seed: seed, hash: store.hash)
        // The watermark passes the day.
        let last = MadeEvent(time: 20 * 86_400_000, name: "view", visitor: "visitor-0")
        try store.add([last], site: "shop")
        try commit(maker.batch(events(50, seed: seed &+ 10), site: "shop", ids: 1..<51), to: store)
        for (part, count) in [2_100, 300].enumerated() {
            try store.add(events(count, seed: seed &+ UInt64(part)), site: "shop")
            try store.flush()
        }
        while try store.compact() {}
        while try store.maintain() {}
        try store.add(events(60, seed: seed &+ 2), site: "shop")
        try store.add(events(100, seed: seed &+ 3), site: "blog")
        try store.flush()
        let letter = DeadLetter(
            time: january, code: "missing_event", detail: "There is no event.", event: Array("{}".utf8))
        let batch = maker.batch(events(20, seed: seed &+ 11), site: "shop", ids: 51..<71)
        let claim = AnswerClaim(site: store.hash("shop"), key: 5, body: 6) { Array("answer \($0.accepted)".utf8) }
        _ = try store.commit([
            CommitItem(runs: [PreparedRun(batch)], deadLetters: [("shop", letter)], claim: claim)
        ])
        _ = try store.declareSchema(schema, site: "shop", force: false)
        try store.add(events(20, seed: seed &+ 4), site: "blog")
        try store.add(events(10, seed: seed &+ 5), site: "doomed")
        try store.deleteSite("doomed")
        try store.eraseVisitor(site: "shop", visitor: "visitor-7")
        _ = try store.salt(day: 20_494)
    }
}
