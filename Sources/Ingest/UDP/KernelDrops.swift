import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Reads how many datagrams the kernel threw away because the socket's queue was full.
///
/// The number comes from `/proc/net/udp`, which counts from the socket's creation. Where the table cannot be read the
/// drops stay unknown and nothing is counted.
package struct KernelDrops {
    private let path: String
    private let inode: UInt64
    private var seen: UInt64 = 0

    /// - Parameters:
    ///   - inode: the socket's inode.
    ///   - isIPv6: whether the socket is listed among the IPv6 ones.
    package init(inode: UInt64, isIPv6: Bool) {
        self.path = isIPv6 ? "/proc/net/udp6" : "/proc/net/udp"
        self.inode = inode
    }

    /// Datagrams dropped since the last call.
    package mutating func takeNew() -> Int {
        guard let table = Self.read(path), let total = Self.drops(inTable: table, inode: inode), total > seen else {
            return 0
        }
        defer { seen = total }
        return Int(clamping: total - seen)
    }

    /// Finds the line of `inode` in the text of `/proc/net/udp` and returns its last column.
    ///
    /// Columns: `sl local remote st tx:rx tr:when retrnsmt uid timeout inode ref pointer drops`.
    package static func drops(inTable table: String, inode: UInt64) -> UInt64? {
        for line in table.split(separator: "\n").dropFirst() {
            let columns = line.split(separator: " ", omittingEmptySubsequences: true)
            guard columns.count >= 13, UInt64(columns[9]) == inode else { continue }
            return UInt64(columns[12])
        }
        return nil
    }

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count < 4 * 1024 * 1024 {
            let count = fread(&block, 1, block.count, file)
            guard count > 0 else { break }
            bytes.append(contentsOf: block[0..<count])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
