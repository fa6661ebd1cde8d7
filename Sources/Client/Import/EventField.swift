/// The fields of an event a column can be mapped to.
public enum EventField: String, Sendable, CaseIterable {
    case event, visitor, time, id, site, user, session, url, referrer, title, language, screen
    case userAgent = "user_agent"
    case country, value
}

/// Where a column's cells go.
public enum ColumnTarget: Sendable, Equatable {
    /// A field of the event.
    case field(EventField)
    /// A property, named without `props.`.
    case property(String)

    /// Reads a field's name or `props.NAME`; `nil` for anything else.
    public init?(_ text: String) {
        if text.hasPrefix("props."), text.utf8.count > 6 {
            self = .property(String(text.dropFirst(6)))
        } else if let field = EventField(rawValue: text) {
            self = .field(field)
        } else {
            return nil
        }
    }
}
