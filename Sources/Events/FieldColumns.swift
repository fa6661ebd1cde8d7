/// Where a batch keeps each dictionary field, looked up once instead of for every event.
struct FieldColumns {
    let user = FieldColumns.index(.user)
    let session = FieldColumns.index(.session)
    let userAgent = FieldColumns.index(.userAgent)
    let language = FieldColumns.index(.language)
    let country = FieldColumns.index(.country)
    let host = FieldColumns.index(.host)
    let path = FieldColumns.index(.path)
    let queryString = FieldColumns.index(.queryString)
    let referrerHost = FieldColumns.index(.referrerHost)
    let utmSource = FieldColumns.index(.utmSource)
    let utmMedium = FieldColumns.index(.utmMedium)
    let utmCampaign = FieldColumns.index(.utmCampaign)
    let utmTerm = FieldColumns.index(.utmTerm)
    let utmContent = FieldColumns.index(.utmContent)
    /// Columns of the fields from ``EventField/firstText`` on, in their order.
    let texts: [Int] = [.url, .referrer, .title, .language, .screen, .userAgent, .country].map(FieldColumns.index)

    private static func index(_ field: Field) -> Int {
        guard let index = field.columnIndex else { preconditionFailure("\(field) is not a dictionary column.") }
        return index
    }
}
