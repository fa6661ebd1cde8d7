extension FunnelQuery {
    /// Refuses combinations of options that contradict each other, with the reason.
    ///
    /// - Throws: `invalid_query` with the place of the option that cannot be met.
    public func requirePossible() throws(QueryError) {
        if steps.first?.optional == true {
            throw QueryError(
                .invalidQuery,
                "`steps[0].optional`: the first step cannot be optional, since every chain begins with it. "
                    + "Leave it out, or make another step the first", field: "steps[0].optional")
        }
        if case .step(let number) = attribution, !by.isEmpty, steps.indices.contains(number - 1),
            steps[number - 1].optional
        {
            throw QueryError(
                .invalidQuery,
                "`attribution`: step \(number) is optional, so a chain need not have it. Name a step that is not",
                field: "attribution")
        }
        guard order == .anyOrder else { return }
        for (index, step) in steps.enumerated() {
            if step.withinMs != nil {
                throw impossible(
                    "steps[\(index)].within", "there is no step before it to take the time from; use `window`")
            }
            if step.optional {
                throw impossible(
                    "steps[\(index)].optional", "any of the steps may be missing already; leave the step out")
            }
        }
        for (index, exclusion) in exclude.enumerated()
        where exclusion.after != 1 || exclusion.before != steps.count {
            throw impossible(
                "exclude[\(index)]",
                "no step has a place that `after` or `before` could name; leave both out to exclude the event "
                    + "anywhere between a chain's first and last event")
        }
    }

    private func impossible(_ field: String, _ why: String) -> QueryError {
        QueryError(.invalidQuery, "`\(field)` does not go with `order` \"any_order\": \(why)", field: field)
    }
}
