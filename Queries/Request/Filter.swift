/// Which events a query is about.
public indirect enum Filter: Sendable, Equatable {
    /// Holds when every part does.
    case all([Filter])
    /// Holds when at least one part does.
    case any([Filter])
    case not(Filter)
    case test(Test)

    /// How a dimension is compared.
    public enum Op: String, CaseIterable, Sendable {
        /// The value is, as text, one of the test's.
        case `is`
        /// None of the test's values is the event's; holds for a missing value too unless `null` is among them.
        case isNot = "is_not"
        case contains
        case startsWith = "starts_with"
        case endsWith = "ends_with"
        /// One of the patterns is found somewhere in the value.
        case matches
        /// There is a value (or, with `false`, there is none).
        case exists
        /// The value reads as a number and is greater.
        case greater = "gt"
        case greaterOrEqual = "gte"
        case less = "lt"
        case lessOrEqual = "lte"
    }

    /// One comparison. With several values it holds when it holds for any of them (`isNot`: when the event's value is
    /// none of them). An event with several values of the dimension passes when one of these does (`isNot`: all).
    public struct Test: Sendable, Equatable {
        /// What of an event is looked at.
        public var dimension: Dimension
        /// How it is compared.
        public var op: Op
        /// What to compare with, as text: numbers in canonical form, `true` and `false`. For `time`, where it is
        /// compared as a time, Unix milliseconds; where it is compared as text, a piece of these digits.
        public var values: [String]
        /// The same as numbers, for `greater` and its kin and for tests of `time` (Unix milliseconds) and `value`.
        ///
        /// For `is` and `isNot` on `value`, just those that the text of a number can be equal to.
        public var numbers: [Double]
        /// Whether `null` is among the values of `is` or `isNot`: a missing value.
        public var includesNull: Bool
        /// For `exists`: whether a value must be there (`true`) or must not.
        public var expectsValue: Bool
        /// For `matches`: the values as patterns, in their order.
        public var patterns: [CompiledPattern]

        public init(
            dimension: Dimension, op: Op, values: [String] = [], numbers: [Double] = [], includesNull: Bool = false,
            expectsValue: Bool = true, patterns: [CompiledPattern] = []
        ) {
            self.dimension = dimension
            self.op = op
            self.values = values
            self.numbers = numbers
            self.includesNull = includesNull
            self.expectsValue = expectsValue
            self.patterns = patterns
        }
    }

    /// Every dimension that the filter looks at, each once, in the order of first use.
    public var dimensions: [Dimension] {
        var found: [Dimension] = []
        collect(into: &found)
        return found
    }

    private func collect(into found: inout [Dimension]) {
        switch self {
        case .all(let parts), .any(let parts):
            for part in parts { part.collect(into: &found) }
        case .not(let part): part.collect(into: &found)
        case .test(let test): if !found.contains(test.dimension) { found.append(test.dimension) }
        }
    }
}
