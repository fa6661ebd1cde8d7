/// Several events of one time. They may stand in any order, so a chain that comes to them with some steps done may take
/// any further steps that can be given different events: a bipartite matching of consecutive steps and events.
///
/// What a chain leaves behind must be allowed to stand somewhere, too: an exclusion, or in strict order any event, may
/// have no place but as an event of the chain. Such events *must* be taken. A matching that takes all of the steps and
/// all of these events exists exactly if one exists for the steps and one for the events (Mendelsohn and Dulmage,
/// "Some generalizations of the problem of distinct representatives", 1958), so two searches for augmenting paths decide.
///
/// - Complexity: of each question O(steps² · kinds of events).
struct FunnelGroup {
    /// An event; of those that are the same in everything that matters only as many as can make a difference are kept.
    struct Member: Equatable {
        /// Steps of the shape that it can take.
        var mask: UInt32
        /// Strict order: steps of the query that it is a repeat of.
        var steps: UInt32
        var excludes: UInt32
    }

    private let shape: FunnelShape
    /// The exclusions that matter: those of the shape, or others.
    private let spans: [FunnelShape.Span]
    private let spanBits: UInt32
    private(set) var members: [Member] = []
    private var hasExclusions = false
    private var stepOf: [Int] = []
    private var memberOf: [Int]
    private var isVisited: [Bool] = []
    private var isVisitedStep: [Bool]
    /// Whether there were more kinds of events than the limit allows.
    private(set) var isOverfull = false

    init(_ shape: FunnelShape, spans: [FunnelShape.Span]) {
        self.shape = shape
        self.spans = spans
        spanBits = spans.reduce(0) { $0 | $1.bit }
        memberOf = Array(repeating: -1, count: shape.count + 1)
        isVisitedStep = Array(repeating: false, count: shape.count + 1)
    }

    /// Takes the events of one time.
    mutating func load(_ events: FunnelEvents, _ range: Range<Int>) {
        members.removeAll(keepingCapacity: true)
        hasExclusions = false
        for index in range {
            let event = events[index].payload
            let member = Member(
                mask: shape.project(event.steps), steps: shape.strictOrder ? event.repeats : 0,
                excludes: event.excludes & spanBits)
            hasExclusions = hasExclusions || member.excludes != 0
            if member.mask == 0, member.excludes == 0, !shape.strictOrder { continue }
            members.append(member)
        }
        if members.count > 4 { limitCopies() }
    }

    private mutating func limitCopies() {
        members.sort { ($0.mask, $0.steps, $0.excludes) < ($1.mask, $1.steps, $1.excludes) }
        var kept = 0
        var copies = 0
        var kinds = 0
        for index in members.indices {
            let member = members[index]
            let isCopy = kept > 0 && members[kept - 1] == member
            copies = isCopy ? copies + 1 : 1
            kinds += isCopy ? 0 : 1
            // One more than there are steps: the last shows that not all of them can be taken.
            if copies > shape.count + 1 { continue }
            members[kept] = member
            kept += 1
        }
        members.removeLast(members.count - kept)
        if kinds > FunnelLimits.maxTiedKinds {
            isOverfull = true
            members.removeAll(keepingCapacity: true)
        }
    }

    /// Throws if a group was too large.
    func check() throws(QueryError) {
        guard isOverfull else { return }
        throw FunnelLimits.exceeded(
            "has more than \(FunnelLimits.maxTiedKinds) kinds of events of one visitor in one millisecond",
            "maxTiedKinds",
            "Use fewer steps or simpler conditions.")
    }

    // MARK: Questions

    /// How far a chain with `length` steps done gets.
    mutating func reach(from length: Int) -> Int {
        forgetMatching()
        let most = shape.strictIncrease ? min(shape.count, length + 1) : shape.count
        var step = length
        while step < most, assign(step + 1, without: -1) { step += 1 }
        return step
    }

    /// Whether a chain that came with `from` steps done, and has taken those up to `to` here, may go on to later times.
    ///
    /// Asked only if ``reach(from:)`` is at least `to`.
    mutating func passes(_ from: Int, _ to: Int) -> Bool {
        covers(from, to, withoutMember: -1, withoutStep: 0)
    }

    /// Whether a chain from `from` to `to` can take step `step` with an event of a kind.
    ///
    /// - Parameter goesOn: whether the chain goes on to later times.
    mutating func canTake(_ kind: Member, as step: Int, _ from: Int, _ to: Int, goesOn: Bool) -> Bool {
        guard let member = members.firstIndex(of: kind) else { return false }
        forgetMatching()
        for other in (from + 1)...to where other != step && !assign(other, without: member) { return false }
        return !goesOn || covers(from, to, withoutMember: member, withoutStep: step)
    }

    /// The kind of an event, as ``canTake(_:as:_:_:goesOn:)`` asks for it.
    func kind(of event: FunnelEvent) -> Member {
        Member(
            mask: shape.project(event.steps), steps: shape.strictOrder ? event.repeats : 0,
            excludes: event.excludes & spanBits)
    }

    /// Whether a chain from `from` to `to` can leave an exclusion behind between its own events and go on.
    mutating func canPassOver(_ from: Int, _ to: Int) -> Bool {
        guard hasExclusions else { return false }
        for member in members.indices where members[member].excludes != 0 {
            if member > 0, members[member] == members[member - 1] { continue }
            guard isPassedOver(members[member], from, to) else { continue }
            forgetMatching()
            var isMatched = true
            if to > from {
                for step in (from + 1)...to where isMatched { isMatched = assign(step, without: member) }
            }
            if isMatched, !shape.strictOrder || coversOthers(from, to, withoutMember: member) { return true }
        }
        return false
    }

    // MARK: What must be taken

    /// Whether a member that is no event of the chain breaks it.
    private func mustTake(_ member: Member, _ from: Int, _ to: Int) -> Bool {
        // A chain that begins here can have everything else stand before it.
        from > 0 && !hasPlace(member, from, to, withoutExclusions: false)
    }

    /// Whether an event may stand after one of the positions `from` to `to`: in strict order as a repeat of it, and
    /// where it is not excluded.
    private func hasPlace(_ member: Member, _ from: Int, _ to: Int, withoutExclusions: Bool) -> Bool {
        for slot in from...to where !shape.strictOrder || shape.passing[slot] & member.steps != 0 {
            let isFree =
                withoutExclusions || member.excludes == 0
                || !spans.contains { $0.bit & member.excludes != 0 && slot >= $0.after && slot < $0.before }
            if isFree { return true }
        }
        return false
    }

    /// Whether an exclusion that is no event of the chain has only places where the chain passes over it.
    private func isPassedOver(_ member: Member, _ from: Int, _ to: Int) -> Bool {
        from > 0 && hasPlace(member, from, to, withoutExclusions: true)
            && !hasPlace(member, from, to, withoutExclusions: false)
    }

    /// Whether all members that must be taken can be, by different steps.
    private mutating func covers(_ from: Int, _ to: Int, withoutMember: Int, withoutStep: Int) -> Bool {
        guard shape.strictOrder || hasExclusions else { return true }
        for step in memberOf.indices { memberOf[step] = -1 }
        for member in members.indices where member != withoutMember && mustTake(members[member], from, to) {
            for step in isVisitedStep.indices { isVisitedStep[step] = false }
            if withoutStep > 0 { isVisitedStep[withoutStep] = true }
            guard take(member, from, to) else { return false }
        }
        return true
    }

    /// The same where exclusions do not matter but where they can stand at all.
    private mutating func coversOthers(_ from: Int, _ to: Int, withoutMember: Int) -> Bool {
        for step in memberOf.indices { memberOf[step] = -1 }
        for member in members.indices
        where member != withoutMember && from > 0
            && !hasPlace(members[member], from, to, withoutExclusions: true)
        {
            for step in isVisitedStep.indices { isVisitedStep[step] = false }
            guard take(member, from, to) else { return false }
        }
        return true
    }

    // MARK: Augmenting paths

    private mutating func forgetMatching() {
        stepOf.removeAll(keepingCapacity: true)
        stepOf.append(contentsOf: repeatElement(0, count: members.count))
    }

    private mutating func assign(_ step: Int, without: Int) -> Bool {
        isVisited.removeAll(keepingCapacity: true)
        isVisited.append(contentsOf: repeatElement(false, count: members.count))
        if without >= 0 { isVisited[without] = true }
        return give(step)
    }

    /// Gives `step` an event, moving other steps to other events if need be. At most as deep as there are steps.
    private mutating func give(_ step: Int) -> Bool {
        let bit = UInt32(1) << UInt32(step - 1)
        for member in members.indices where members[member].mask & bit != 0 && !isVisited[member] {
            isVisited[member] = true
            if stepOf[member] == 0 || give(stepOf[member]) {
                stepOf[member] = step
                return true
            }
        }
        return false
    }

    /// Gives an event one of the steps after `from` up to `to`, moving other events if need be.
    private mutating func take(_ member: Int, _ from: Int, _ to: Int) -> Bool {
        guard from < to else { return false }
        for step in (from + 1)...to
        where members[member].mask & (1 << UInt32(step - 1)) != 0 && !isVisitedStep[step] {
            isVisitedStep[step] = true
            if memberOf[step] < 0 || take(memberOf[step], from, to) {
                memberOf[step] = member
                return true
            }
        }
        return false
    }
}
