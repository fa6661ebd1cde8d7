import NIOCore
import NIOPosix
import Synchronization

/// A few bodies ahead, made on a thread of their own, so that neither generating nor reading delays what is measured.
///
/// The stock never holds more than its bound; whoever takes one below half of it has more made.
final class BodyStock: Sendable {
    /// What a sender gets.
    enum Delivery {
        /// A body to send.
        case body(Body)
        /// Nothing yet: the sender is called when there is.
        case later
        /// Nothing any more.
        case finished
        /// The source failed.
        case failed(any Error)
    }

    private struct State: Sendable {
        var ready = CircularBuffer<Body>()
        var isProducing = false
        var isFinished = false
        var failure: (any Error)?
        var waiting: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())
    private let source: Mutex<any BodySource>
    private let bound: Int
    private let pool: NIOThreadPool

    /// Creates a stock.
    ///
    /// - Parameters:
    ///   - source: Where bodies come from.
    ///   - bound: The most bodies in stock.
    ///   - pool: A running pool whose thread makes them.
    init(_ source: any BodySource, bound: Int, pool: NIOThreadPool) {
        self.source = Mutex(source)
        self.bound = max(2, bound)
        self.pool = pool
    }

    /// Takes a body without waiting.
    ///
    /// - Parameter whenReady: Called once, from another thread, if the answer is ``Delivery/later``.
    func take(whenReady: @escaping @Sendable () -> Void) -> Delivery {
        var shallProduce = false
        let delivery = state.withLock { state -> Delivery in
            let body = state.ready.popFirst()
            if state.ready.count < bound / 2 + 1, !state.isProducing, !state.isFinished {
                state.isProducing = true
                shallProduce = true
            }
            if let body { return .body(body) }
            if let failure = state.failure { return .failed(failure) }
            if state.isFinished { return .finished }
            state.waiting.append(whenReady)
            return .later
        }
        if shallProduce {
            pool.submit { [self] workItem in
                if case .active = workItem { produce() }
            }
        }
        return delivery
    }

    /// Fills the stock. Only one thread at a time gets here.
    private func produce() {
        var isDone = false
        while !isDone {
            let made = Result { try source.withLock { try $0.nextBody() } }
            let waiting = state.withLock { state in
                switch made {
                case .success(let body?):
                    state.ready.append(body)
                    if state.ready.count >= bound { state.isProducing = false }
                case .success(nil):
                    state.isFinished = true
                    state.isProducing = false
                case .failure(let error):
                    state.failure = error
                    state.isFinished = true
                    state.isProducing = false
                }
                isDone = !state.isProducing
                defer { state.waiting.removeAll() }
                return state.waiting
            }
            for sender in waiting { sender() }
        }
    }
}
