import CZstd

/// Turns zstd's results, which are sizes or errors in one number, into values and typed errors.
///
/// The codes are those of `zstd_errors.h`, which promises that numbers below 100 never change.
enum ZstdCode {
    private static let versionUnsupported = 12
    private static let parameterUnsupported = 14
    private static let windowTooLarge = 16
    private static let dictionaryCorrupted = 30
    private static let dictionaryWrong = 32
    private static let memoryAllocation = 64
    private static let sourceSizeWrong = 72

    /// The size in `result`, or the error it stands for.
    static func size(_ result: Int) throws(CompressionError) -> Int {
        if ZSTD_isError(result) == 0 { return result }
        throw error(result)
    }

    @inline(never)
    private static func error(_ result: Int) -> CompressionError {
        let name = String(cString: ZSTD_getErrorName(result))
        let kind: CompressionError.Kind =
            switch 0 &- result {
            case versionUnsupported, parameterUnsupported, windowTooLarge, dictionaryCorrupted, dictionaryWrong:
                .unsupported
            case memoryAllocation: .internal
            case sourceSizeWrong: .truncated
            default: .corrupt
            }
        return CompressionError(kind, "zstd: \(name)")
    }
}
