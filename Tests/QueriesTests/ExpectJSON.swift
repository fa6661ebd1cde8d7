import TestSupport
import Testing

/// Fails the test unless an answer, but for its `meta`, is what a JSON text says.
func expect(
    _ answer: JSON?, is expected: String, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let differences = JSONDifference.describe(expected: try JSON(parsing: expected), actual: answer ?? .null)
    #expect(differences == [], comment, sourceLocation: sourceLocation)
}
