/// What compaction knows of a sealed segment when it plans.
package struct CompactionCandidate: Sendable, Equatable {
    package var number: UInt64
    package var bucket: Bucket
    package var rows: Int
    /// Whether erased rows are still in its parts.
    package var isMasked: Bool

    package init(number: UInt64, bucket: Bucket, rows: Int, isMasked: Bool = false) {
        self.number = number
        self.bucket = bucket
        self.rows = rows
        self.isMasked = isMasked
    }
}

/// Chooses which segments of one site and month are merged next.
///
/// Hours of a day that has ended become a day, days of a month that has ended a month, as long as the rows fit into one
/// segment. Late segments are merged among themselves and go into their bucket's when they have grown to an eighth of it, so that
/// each row is rewritten a few times at the most, whatever comes late. A plan depends on the segments and the watermark alone.
package struct CompactionPlan {
    /// A merge to be done.
    package struct Task: Sendable, Equatable {
        /// The segments to merge, by number.
        package var segments: [UInt64]
        /// The bucket of what comes out.
        package var bucket: Bucket
        /// Whether it will soon be merged again, since its day has not ended.
        package var isBrief = false
    }

    /// Start and end of the month.
    let month: Int64
    let monthEnd: Int64
    let watermark: Int64
    /// Rows that a merged segment may have.
    let maxRows: Int
    /// The longest bucket that segments are merged into.
    let longest: BucketLevel

    /// - Parameter longest: a retention wants shorter ones, since a segment goes as a whole.
    package init(month: Int64, monthEnd: Int64, watermark: Int64, maxRows: Int, longest: BucketLevel = .month) {
        self.month = month
        self.monthEnd = monthEnd
        self.watermark = watermark
        self.maxRows = maxRows
        self.longest = longest
    }

    /// Hours of an open day that may lie side by side.
    static let openHours = 6
    /// Late segments over several buckets that may lie side by side.
    package static let wideSegments = 3
    /// Segments of one bucket that may lie side by side, however different their sizes.
    package static let bucketSegments = 3
    /// Segments of a month that may lie side by side: 31 days, an open day's hours and some late ones.
    static let monthSegments = 44
    /// Smaller segments are merged into one that is up to this many times as large as they are together.
    private static let ratio = 8

    /// The next merge; `nil` if nothing is due.
    ///
    /// - Complexity: O(segments · log segments).
    package func next(_ candidates: [CompactionCandidate]) -> Task? {
        if let masked = candidates.first(where: \.isMasked) {
            return Task(segments: [masked.number], bucket: masked.bucket, isBrief: isBrief(masked.bucket))
        }
        guard longest == .month else { return short(candidates) }
        if monthEnd <= watermark { return closedMonth(candidates) }
        let days = Dictionary(grouping: candidates.filter { $0.bucket.level != .month }) { dayStart($0.bucket.start) }
        for (start, segments) in days.sorted(by: { $0.key < $1.key }) {
            let isClosed = start + Bucket.day <= watermark
            if let task = day(segments, start: start, isClosed: isClosed) { return task }
        }
        let wide = candidates.filter { $0.bucket.level == .month }
        if wide.count > Self.wideSegments, let task = tiered(wide, bucket: monthBucket) { return task }
        guard candidates.count > Self.monthSegments else { return nil }
        // Too many all the same: the smallest together, whatever they are.
        return task(Array(bySize(candidates).prefix(8)))
    }

    /// All segments in one, if there is more than one or erased rows are left; for tests.
    func everything(_ candidates: [CompactionCandidate]) -> Task? {
        if let masked = candidates.first(where: \.isMasked), candidates.count == 1 {
            return Task(segments: [masked.number], bucket: masked.bucket, isBrief: isBrief(masked.bucket))
        }
        return task(candidates)
    }

    /// Whether a segment of a bucket is merged into a longer one when its day has ended.
    private func isBrief(_ bucket: Bucket) -> Bool {
        bucket.level == .hour || bucket.level == .day && bucket.start + Bucket.day > watermark
    }

    private var monthBucket: Bucket { Bucket(level: .month, start: month) }

    private func dayStart(_ time: Int64) -> Int64 { time - (time - month) % Bucket.day }

    private func bySize(_ candidates: [CompactionCandidate]) -> [CompactionCandidate] {
        candidates.sorted { ($0.rows, $0.number) < ($1.rows, $1.number) }
    }

    private func day(_ segments: [CompactionCandidate], start: Int64, isClosed: Bool) -> Task? {
        let bucket = Bucket(level: .day, start: start)
        if isClosed {
            guard segments.count > 1 else { return nil }
            let hours = segments.filter { $0.bucket.level == .hour }
            if !hours.isEmpty { return tiered(segments, bucket: bucket) }
            return segments.count > Self.bucketSegments ? tiered(segments, bucket: bucket) : grown(segments, bucket)
        }
        if let task = late(segments.filter { $0.bucket.level == .hour }) { return task }
        guard segments.count > Self.openHours else { return nil }
        return tiered(segments, bucket: bucket)
    }

    /// Late parts of a bucket join it.
    private func late(_ segments: [CompactionCandidate]) -> Task? {
        for (bucket, parts) in Dictionary(grouping: segments, by: \.bucket)
            .sorted(by: { ($0.key.start, $0.key.level) < ($1.key.start, $1.key.level) }) where parts.count > 1
        {
            let task = parts.count > Self.bucketSegments ? tiered(parts, bucket: bucket) : grown(parts, bucket)
            if let task { return task }
        }
        return nil
    }

    /// Hours become days at the most, or stay hours. What lies over several days already is merged with its like.
    private func short(_ candidates: [CompactionCandidate]) -> Task? {
        let days = Dictionary(grouping: candidates.filter { $0.bucket.level != .month }) { dayStart($0.bucket.start) }
        for (start, segments) in days.sorted(by: { $0.key < $1.key }) {
            let isClosed = start + Bucket.day <= watermark
            if let task = longest == .day ? day(segments, start: start, isClosed: isClosed) : late(segments) {
                return task
            }
        }
        let wide = candidates.filter { $0.bucket.level == .month }
        return wide.count > Self.wideSegments ? tiered(wide, bucket: monthBucket) : nil
    }

    /// Everything becomes a month's segment, or a few if that would be too many rows: neighbours in time together.
    private func closedMonth(_ candidates: [CompactionCandidate]) -> Task? {
        guard candidates.count > 1 else { return nil }
        let small = candidates.filter { $0.rows <= maxRows / 2 }
        if small.contains(where: { $0.bucket.level != .month }) {
            var group: [CompactionCandidate] = []
            for candidate in small.sorted(by: { ($0.bucket.start, $0.number) < ($1.bucket.start, $1.number) }) {
                if group.reduce(candidate.rows, { $0 + $1.rows }) > maxRows || group.count == MergeSources.maxSources {
                    if group.count > 1 { break }
                    group = []
                }
                group.append(candidate)
            }
            // A group that is but one large and some small segments waits until these have grown.
            if group.count > 1, let task = tiered(group, bucket: monthBucket) { return task }
        }
        return candidates.count > Self.bucketSegments
            ? tiered(small, bucket: monthBucket) : grown(small, monthBucket)
    }

    /// All but those that are much larger than the rest together; at least two.
    private func tiered(_ candidates: [CompactionCandidate], bucket: Bucket) -> Task? {
        let sorted = Array(bySize(candidates).prefix(MergeSources.maxSources))
        guard sorted.count > 1 else { return nil }
        if let task = grownPrefix(sorted, bucket) { return task }
        return task(Array(sorted.dropLast().count > 1 ? sorted.dropLast() : sorted), bucket)
    }

    /// The longest run of small ones with one that they have grown up to; `nil` if there is none.
    private func grown(_ candidates: [CompactionCandidate], _ bucket: Bucket) -> Task? {
        grownPrefix(Array(bySize(candidates).prefix(MergeSources.maxSources)), bucket)
    }

    private func grownPrefix(_ sorted: [CompactionCandidate], _ bucket: Bucket) -> Task? {
        var sums = [0]
        for candidate in sorted { sums.append(sums[sums.count - 1] + candidate.rows) }
        for count in stride(from: sorted.count, through: 2, by: -1)
        where sums[count - 1] * Self.ratio >= sorted[count - 1].rows && sums[count] <= maxRows {
            return task(Array(sorted.prefix(count)), bucket)
        }
        return nil
    }

    private func task(_ segments: [CompactionCandidate], _ bucket: Bucket? = nil) -> Task? {
        guard segments.count > 1, segments.reduce(0, { $0 + $1.rows }) <= maxRows else { return nil }
        var united = segments[0].bucket
        for segment in segments.dropFirst() { united = united.union(segment.bucket, month: month) }
        // Several small parts of a day need not be called a day's, but what is called so must hold them all.
        let target = bucket.map { united.level > $0.level ? united : $0 } ?? united
        return Task(segments: segments.map(\.number).sorted(), bucket: target, isBrief: isBrief(target))
    }
}
