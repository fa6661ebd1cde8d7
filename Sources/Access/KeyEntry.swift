import CCrypto
import Storage
import Synchronization

/// A key on record, with what the process knows of it.
///
/// Checking a key is a keyed hash (HMAC-SHA256), a microsecond or two. Once a text has passed, a second, quicker keyed hash
/// of it (128 bits of SipHash under a key of this process) is kept, and compared from then on.
final class KeyEntry: Sendable {
    let record: KeyRecord
    let site: SiteBytes?
    let buckets = Mutex(Buckets())
    private let tagHigh = Atomic<UInt64>(0)
    private let tagLow = Atomic<UInt64>(0)

    init(_ record: KeyRecord) {
        self.record = record
        site = record.site.flatMap { SiteBytes($0) }
    }

    /// Whether the key is for all sites.
    var isForAllSites: Bool { record.site == nil }

    /// Whether the key may be used for a site at all.
    func covers(_ site: SiteBytes?) -> Bool {
        isForAllSites || (site != nil && self.site == site)
    }

    /// Whether `text` is this key. Takes the same time whichever of its bytes is wrong.
    func matches(_ text: UnsafeRawBufferPointer, secret: KeySecret) -> Bool {
        if let (high, low) = secret.quick.tag(of: text) {
            let difference =
                (high ^ tagHigh.load(ordering: .relaxed)) | (low ^ tagLow.load(ordering: .relaxed))
            if difference == 0 { return true }
            guard secret.verify(text, mac: record.mac) else { return false }
            // Only this one text ever gets here, so whoever reads between the two sees a difference, not another key.
            tagHigh.store(high, ordering: .relaxed)
            tagLow.store(low, ordering: .relaxed)
            return true
        }
        return secret.verify(text, mac: record.mac)
    }
}

/// What keys are hashed with: the store's secret, and for the quicker hash one of this process.
struct KeySecret: Sendable {
    let bytes: [UInt8]
    let quick: QuickHash

    /// The stored form of a key; `nil` where the library fails, as it does without memory.
    func mac(of text: UnsafeRawBufferPointer) -> [UInt8]? {
        var isMade = false
        let mac = [UInt8](unsafeUninitializedCapacity: KeyRecord.macBytes) { out, count in
            guard let start = out.baseAddress else { return }
            isMade = Self.hash(text, key: bytes, into: start)
            count = isMade ? KeyRecord.macBytes : 0
        }
        return isMade ? mac : nil
    }

    /// Whether a text is the key of `mac`. Compares in constant time.
    func verify(_ text: UnsafeRawBufferPointer, mac: [UInt8]) -> Bool {
        guard mac.count == KeyRecord.macBytes else { return false }
        return withUnsafeTemporaryAllocation(byteCount: KeyRecord.macBytes, alignment: 8) { out in
            guard let start = out.baseAddress,
                Self.hash(text, key: bytes, into: start.assumingMemoryBound(to: UInt8.self))
            else { return false }
            return mac.withUnsafeBytes { CRYPTO_memcmp($0.baseAddress, start, KeyRecord.macBytes) == 0 }
        }
    }

    private static func hash(
        _ text: UnsafeRawBufferPointer, key: [UInt8], into out: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        key.withUnsafeBytes {
            weir_hmac_sha256($0.baseAddress, CInt($0.count), text.baseAddress, text.count, out) != 0
        }
    }
}

/// A keyed hash of 128 bits: twice the language's own, which is SipHash under a random key of the process, each behind
/// random words of its own.
struct QuickHash: Sendable {
    private let salt: (UInt64, UInt64, UInt64, UInt64)
    /// Whether the language's hash is seeded, as it is unless somebody asked for the opposite.
    private let isSeeded: Bool

    init(isSeeded: Bool) {
        salt = (.random(in: 0 ... .max), .random(in: 0 ... .max), .random(in: 0 ... .max), .random(in: 0 ... .max))
        self.isSeeded = isSeeded
    }

    /// The hash of a text; `nil` where it would be no secret. Never zero, which stands for none.
    func tag(of text: UnsafeRawBufferPointer) -> (high: UInt64, low: UInt64)? {
        guard isSeeded else { return nil }
        var high = Hasher()
        high.combine(salt.0)
        high.combine(salt.1)
        high.combine(bytes: text)
        var low = Hasher()
        low.combine(salt.2)
        low.combine(salt.3)
        low.combine(bytes: text)
        return (UInt64(bitPattern: Int64(high.finalize())) | 1, UInt64(bitPattern: Int64(low.finalize())))
    }
}
