/// What roll-ups may take, on disk and while they are built, and why.
///
/// Measured with the load generator's stream (20 million events of 200,000 visitors in 7 days): a day's segment of 2.9
/// million rows, 99,000 visitors, 12 event names and 21 dictionary columns, of 2 to 24,000 values each. With a byte of
/// sets for 16 rows its columns' roll-ups take 0.74 bytes a row on disk, with one for 24 rows 0.59; 0.04 of that are the
/// entries. The hours take 0.06 and 0.04 more.
package struct RollupLimits: Sendable {
    /// Entries of the first blocks; all further ones have as many as the last. The first block answers a top-100 with
    /// some room, the second most pages of one, and a block of the rest is as large as a chunk of rows.
    package var blockEntries = [256, 4096, 65_536]
    /// Names of a segment up to which roll-ups are made: beyond, names are data and not event names.
    package var maxNames = 65_536
    /// Names up to which a block's greatest numbers are kept for each name too.
    package var maxBoundedNames = 64

    /// Rows for one byte of entries, and the bytes that are granted whatever the rows are. A roll-up that would be
    /// larger holds its first blocks only. A value took 1.3 bytes (URLs) to 13 (products, with sums), so that this
    /// happens to columns where values hardly repeat.
    package var rowsPerEntryByte = 8
    package var minEntryBytes = 1024
    /// Rows for one byte of visitor sets, of each column. Not fewer than there are columns, so that all of them
    /// together take no more than a byte a row; about half of the columns use their share.
    package var rowsPerSetByte = 16

    /// Whether there are visitor sets at all. A segment of an hour is part of a longer one soon, which will have them.
    package var hasSets = true
    /// Whether numbers are packed without looking for what would be smaller.
    package var isBrief = false

    /// p of the sketches: 12, for a standard error of 1.6 % in 1,490 bytes. With a byte for 16 rows the 91 most visited
    /// pages have a set of all their visitors, and 141 of their cells one of their own; with a byte for 24 rows they
    /// are 62 and 92. With p = 11 (2.3 %) it would be 154 and 248 pages and cells, or 114 and 183: more than are looked
    /// at, less exactly.
    package var precision = VisitorSketch.standardPrecision
    /// Visitors up to which a set is kept exactly: where its gaps begin to take the bytes of a sketch.
    package var exactVisitors = 1024
    /// Visitors from which on a cell may be a head.
    package var minHeadVisitors = 17
    /// Heads of each name, and of all names together: more than the bytes that they may take hold of most columns.
    package var headsPerName = 64
    package var headsOfAll = 128

    /// Pairs of a value and a visitor that are gathered before they are sorted into sets; 8 bytes each.
    package var pairs = 1 << 18
    /// Pairs of values that are still small; 8 bytes each. The smallest values are given up beyond it.
    package var logPairs = 1 << 19
    /// Values, the most frequent first, whose visitors of all names are counted together; of the others only those by name are known.
    package var unitedCodes = 4096
    /// Words of 64 bits for bitmaps of the visitors of large values.
    package var bitmapWords = 1 << 20
    /// Values that have a sketch where bitmaps are used up.
    package var sketches = 512

    package init() {}

    /// The limits of one of a segment's columns.
    package init(columns: Int) { rowsPerSetByte = max(rowsPerSetByte, columns) }

    /// Entries of a block.
    func entries(inBlock block: Int) -> Int { blockEntries[min(block, blockEntries.count - 1)] }
}
