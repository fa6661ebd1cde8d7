/// The dimensions every event can have, sent or derived; properties (`props.NAME`) come on top of them.
///
/// The raw value is the name in the API, in segments and in queries.
public enum Field: String, CaseIterable, Sendable {
    /// The event's name.
    case event
    /// Who.
    case visitor
    /// When, in Unix milliseconds.
    case time
    /// The measure, a finite number.
    case value
    case user
    case session
    case url
    case referrer
    case title
    case language
    case screen
    case userAgent = "user_agent"
    case country
    case host
    case path
    case queryString = "query_string"
    case referrerHost = "referrer_host"
    case source
    case utmSource = "utm_source"
    case utmMedium = "utm_medium"
    case utmCampaign = "utm_campaign"
    case utmTerm = "utm_term"
    case utmContent = "utm_content"
    case browser
    case os
    case device
    case bot

    /// The name prefix by which a property is addressed as a dimension.
    public static let propertyPrefix = "props."

    /// Fields that are not held as a dictionary column: the name is a row range, the visitor an ordinal, the other
    /// two numbers.
    public var isDictionaryColumn: Bool {
        switch self {
        case .event, .visitor, .time, .value: false
        default: true
        }
    }

    /// Position in ``dictionaryFields`` of the fields that are dictionary columns, `nil` for the others.
    public var columnIndex: Int? {
        Field.columnIndices[self]
    }

    /// The fields held as dictionary columns, in the order in which batches number them.
    public static let dictionaryFields: [Field] = allCases.filter(\.isDictionaryColumn)

    private static let columnIndices: [Field: Int] = Dictionary(
        uniqueKeysWithValues: dictionaryFields.enumerated().map { ($1, $0) })
}
