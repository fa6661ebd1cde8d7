import Access
import Ingest
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Requests are read, gathered and answered.
extension FrontLoop {
    /// Looks at what has come: a request that is whole is taken, one that is not for the front handed over.
    func advance(_ place: Int, _ connection: FrontConnection) {
        // A request that is being committed or answered stays where it is, and the next one behind it.
        while connection.count > 0, !connection.isWaiting, connection.state != .ending {
            guard let head = connection.head ?? scan(place, connection) else { return }
            let needed = head.length + head.bodyLength
            guard connection.count >= needed else {
                connection.grow(to: needed)
                return
            }
            take(place, connection, head)
            guard connections[place] === connection else { return }
        }
    }

    /// Reads the head; `nil` when it is not complete, or the connection is another's now.
    private func scan(_ place: Int, _ connection: FrontConnection) -> RequestHead? {
        switch RequestHead.scan(connection.bytes) {
        case .incomplete:
            if connection.state == .idle {
                connection.state = .head
                connection.deadline = deadline(WebLimits.headSeconds)
            }
            if connection.room == 0 { connection.grow(to: RequestHead.maxBytes + 1) }
            return nil
        case .other:
            handOver(place, connection)
            return nil
        case .head(let head):
            // Large bodies are decoded on other threads, and what cannot be taken is refused there.
            // So is every request where keys, origins, limits or proxies have a say.
            // And where a proxy's header names the country, which the front does not read.
            guard shared.access.asksNothing, !shared.readsCountry, head.bodyLength <= WebLimits.frontBodyBytes,
                prepareIntake(), context(connection, head) != nil
            else {
                handOver(place, connection)
                return nil
            }
            connection.head = head
            connection.state = .body
            connection.deadline = deadline(WebLimits.frontBodySeconds)
            return head
        }
    }

    /// Whether events can be taken in; while the server starts or stops, the library says what is to be said.
    private func prepareIntake() -> Bool {
        guard let service = try? shared.state.backend().service else { return false }
        if intake == nil { intake = GroupIntake(service) }
        return true
    }

    /// What the request's events are to be read with; `nil` when the query is not one that the front understands.
    private func context(_ connection: FrontConnection, _ head: RequestHead) -> IngestContext? {
        let bytes = connection.bytes
        let query = UnsafeRawBufferPointer(rebasing: bytes[head.query])
        let agent = UnsafeRawBufferPointer(rebasing: bytes[head.userAgent])
        let languages = UnsafeRawBufferPointer(rebasing: bytes[head.acceptLanguage])
        let transport: Transport = head.target == .pixel ? .pixel : .http
        let isSame =
            transport == .http && connection.context?.transport == .http && connection.query.elementsEqual(query)
        let parameters = isSame || query.isEmpty ? nil : QueryString(String(decoding: query, as: UTF8.self))
        // What only asks what would become of events is not for the front.
        if let parameters, parameters["dry_run"] != nil { return nil }
        if let known = connection.context, known.transport == transport, isSame || transport == .pixel,
            known.userAgent.elementsEqual(agent), known.acceptLanguage.elementsEqual(languages)
        {
            return known
        }
        var site = isSame ? connection.context?.site : nil
        var isBackfill = isSame && connection.context?.backfill == true
        if transport == .http, let parameters {
            do throws(Problem) {
                site = try parameters.site()
                isBackfill = try parameters.flag("backfill")
            } catch {
                return nil
            }
        }
        connection.query = Array(query)
        var context = IngestContext(
            site: site, userAgent: Array(agent), clientAddress: connection.address, backfill: isBackfill,
            transport: transport)
        context.acceptLanguage = Array(languages)
        connection.context = context
        return context
    }

    /// Takes the request at the beginning of the connection's bytes.
    private func take(_ place: Int, _ connection: FrontConnection, _ head: RequestHead) {
        guard let intake, let context = connection.context else { return handOver(place, connection) }
        connection.state = .commit
        connection.deadline = .max
        connection.closesAfterAnswer = head.closes || isDraining
        if intake.count >= GroupIntake.maxRequests { submitGroup() }
        do throws(IngestError) {
            if head.target == .pixel {
                try takePixel(place, connection, head, context)
                return
            }
            let body = connection.body(head)
            if GroupIntake.takes(body) {
                _ = try intake.add(body, context: context)
                gathering.append(GroupMember(place: place, isPixel: false))
            } else {
                let mailbox = mailbox
                try intake.submitAlone(body, context: context) { mailbox.send(.alone(place, $0)) }
            }
        } catch {
            answer(place, connection, problem: Problem(error), closes: connection.closesAfterAnswer)
        }
    }

    private func takePixel(
        _ place: Int, _ connection: FrontConnection, _ head: RequestHead, _ context: IngestContext
    ) throws(IngestError) {
        let query = String(decoding: connection.bytes[head.query], as: UTF8.self)
        var event = PixelEvent.json(QueryString(query))
        let count = event.count
        event.append(contentsOf: repeatElement(0, count: IngestService.padding))
        do throws(IngestError) {
            _ = try event.withUnsafeBufferPointer { (bytes) throws(IngestError) in
                try intake?.add(
                    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<count]), context: context)
            }
            gathering.append(GroupMember(place: place, isPixel: true))
        } catch {
            // Nobody is told, so it is counted: this event is lost.
            if let service = shared.state.backendIfAny?.service { service.countLostPixel(error) }
            shared.requests.countRequest(.pixel, status: 200)
            answer(place, connection, answers.pixel(closes: connection.closesAfterAnswer))
        }
    }

    // MARK: Commits

    /// Rounds for which a group is held back at most while there is something else to do.
    private static let roundsHeldAtMost = 4

    /// Commits what has gathered, unless a commit is under way or requests are waiting to be read: then more may gather.
    func submitGroup(isIdle: Bool) {
        guard !gathering.isEmpty, committing.isEmpty else { return }
        roundsHeld += 1
        if isIdle || roundsHeld > Self.roundsHeldAtMost { submitGroup() }
    }

    private func submitGroup() {
        guard let intake, !gathering.isEmpty else { return }
        roundsHeld = 0
        nextGroup += 1
        let (group, mailbox) = (nextGroup, mailbox)
        committing[group] = gathering
        shared.counters.groups.add(1, ordering: .relaxed)
        shared.counters.requests.add(gathering.count, ordering: .relaxed)
        gathering.removeAll(keepingCapacity: true)
        intake.submit { mailbox.send(.group(group, $0)) }
    }

    func deliver(_ message: FrontMessage) {
        switch message {
        case .alone(let place, let result):
            guard let connection = connections[place] else { return }
            switch result {
            case .success(let success):
                shared.requests.countRequest(.postEvents, status: 200)
                answer(place, connection, answers.events(success, closes: connection.closesAfterAnswer))
            case .failure(let error):
                answer(place, connection, problem: Problem(error), closes: connection.closesAfterAnswer)
            }
        case .group(let group, let results):
            guard let members = committing.removeValue(forKey: group) else { return }
            answer(members, results)
        }
    }

    private func answer(_ members: [GroupMember], _ results: [GroupIntake.Answer]) {
        var accepted = 0
        var pixels = 0
        for (member, result) in zip(members, results) {
            guard let connection = connections[member.place] else { continue }
            let closes = connection.closesAfterAnswer || isDraining
            connection.closesAfterAnswer = closes
            if member.isPixel {
                pixels += 1
                answer(member.place, connection, answers.pixel(closes: closes))
                continue
            }
            switch result {
            case .accepted:
                accepted += 1
                answer(member.place, connection, answers.accepted(closes: closes))
            case .duplicate:
                accepted += 1
                answer(member.place, connection, answers.events(IngestAnswer(duplicate: 1), closes: closes))
            case .rejected(let problem):
                accepted += 1
                let answer = IngestAnswer(rejected: 1, errors: [problem])
                self.answer(member.place, connection, answers.events(answer, closes: closes))
            case .failed(let error):
                answer(member.place, connection, problem: Problem(error), closes: closes)
            }
        }
        if accepted > 0 { shared.requests.countRequest(.postEvents, status: 200, times: accepted) }
        if pixels > 0 { shared.requests.countRequest(.pixel, status: 200, times: pixels) }
    }
}
