#include "weir_rocksdb_log.h"

#include <rocksdb/c.h>
#include <rocksdb/env.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <memory>

// What RocksDB's C interface has behind this name; its header only declares it.
struct rocksdb_logger_t {
    std::shared_ptr<rocksdb::Logger> rep;
};

namespace {

/// Longer lines are cut: RocksDB's longest are statistics, which nobody asked for.
constexpr size_t longest_line = 2048;

class LineLogger final : public rocksdb::Logger {
public:
    LineLogger(rocksdb::InfoLogLevel level, weir_rocksdb_log_line line, void *context, void (*release)(void *))
        : Logger(level), line_(line), context_(context), release_(release) {}
    ~LineLogger() override {
        if (release_) release_(context_);
    }

    /// The list of all options at every opening.
    void LogHeader(const char *, va_list) override {}

    using Logger::Logv;
    void Logv(const char *format, va_list arguments) override {
        Logv(rocksdb::InfoLogLevel::INFO_LEVEL, format, arguments);
    }
    void Logv(rocksdb::InfoLogLevel level, const char *format, va_list arguments) override {
        if (!line_ || level < GetInfoLogLevel() || level >= rocksdb::InfoLogLevel::HEADER_LEVEL) return;
        char text[longest_line];
        int count = vsnprintf(text, sizeof text, format, arguments);
        if (count <= 0) return;
        line_(context_, static_cast<int>(level), text, std::min<size_t>(count, sizeof text - 1));
    }

private:
    weir_rocksdb_log_line line_;
    void *context_;
    void (*release_)(void *);
};

}  // namespace

void weir_rocksdb_set_log(
    void *options, int level, weir_rocksdb_log_line line, void *context, void (*release)(void *)) {
    rocksdb_logger_t logger{
        std::make_shared<LineLogger>(static_cast<rocksdb::InfoLogLevel>(level), line, context, release)};
    rocksdb_options_set_info_log(static_cast<rocksdb_options_t *>(options), &logger);
}
