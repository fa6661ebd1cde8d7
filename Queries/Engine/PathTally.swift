/// Counts nodes and links of paths.
///
/// A node is a step and a value, a link a pair of nodes that follow each other. Tallies of disjoint sessions or
/// visitors add up.
struct PathTally: Sendable {
    /// A value at a step; step 0 is the anchor's.
    struct Node: Sendable {
        var step: Int
        var value: UInt32
        /// Paths that have it.
        var count = 0
        /// Paths of those that have nothing beyond it.
        var ends = 0
    }

    /// Two nodes, by their number, that follow each other as the path was walked.
    struct Link: Sendable {
        var from: Int
        var to: Int
        /// Paths that have it.
        var count = 0
    }

    /// Number of paths.
    private(set) var paths = 0
    private(set) var nodes: [Node] = []
    private(set) var links: [Link] = []
    private var nodeIndex = HashIndex()
    private var linkIndex = HashIndex()

    /// Adds a path.
    ///
    /// - Parameters:
    ///   - count: number of its nodes, at least one.
    ///   - isWhole: whether nothing follows its last node.
    ///   - value: the value at a step.
    @inline(__always)
    mutating func add(count: Int, isWhole: Bool, _ value: (Int) -> UInt32) {
        paths &+= 1
        var before = -1
        for step in 0..<count {
            let node = self.node(step, value(step))
            nodes[node].count &+= 1
            if before >= 0 {
                let link = self.link(before, node)
                links[link].count &+= 1
            }
            before = node
        }
        if isWhole { nodes[before].ends &+= 1 }
    }

    /// Adds the paths of another tally.
    mutating func add(_ other: PathTally) {
        paths += other.paths
        var map: [Int] = []
        for node in other.nodes {
            let number = self.node(node.step, node.value)
            nodes[number].count += node.count
            nodes[number].ends += node.ends
            map.append(number)
        }
        for link in other.links {
            let number = self.link(map[link.from], map[link.to])
            links[number].count += link.count
        }
    }

    /// Bytes held, about.
    var bytes: Int {
        nodeIndex.bytes + linkIndex.bytes + nodes.capacity * MemoryLayout<Node>.stride
            + links.capacity * MemoryLayout<Link>.stride
    }

    /// Throws when there are too many nodes and links to keep.
    func checkSize() throws(QueryError) {
        try QueryMemory.checkGroups(max(nodes.count, links.count))
    }

    @inline(__always)
    private mutating func node(_ step: Int, _ value: UInt32) -> Int {
        // `mixed` maps different pairs to different keys.
        let number = Int(nodeIndex.insert(mixed(UInt64(step) << 32 | UInt64(value))))
        if number == nodes.count { nodes.append(Node(step: step, value: value)) }
        return number
    }

    @inline(__always)
    private mutating func link(_ from: Int, _ to: Int) -> Int {
        let number = Int(linkIndex.insert(mixed(UInt64(from) << 32 | UInt64(to))))
        if number == links.count { links.append(Link(from: from, to: to)) }
        return number
    }
}
