import Dispatch
import Synchronization

/// A bounded queue between one thread that makes and one that takes.
final class BodyQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var isFinished = false
    }

    private let state = Mutex(State())
    private let room: DispatchSemaphore
    private let filled = DispatchSemaphore(value: 0)

    /// Creates a queue that holds at most `capacity` elements.
    init(capacity: Int) {
        room = DispatchSemaphore(value: capacity)
    }

    /// Appends an element, waiting while the queue is full.
    func put(_ element: Element) {
        room.wait()
        state.withLock { $0.elements.append(element) }
        filled.signal()
    }

    /// Says that nothing more comes.
    func finish() {
        state.withLock { $0.isFinished = true }
        filled.signal()
    }

    /// Takes the oldest element, waiting while there is none; `nil` after the last.
    func take() -> Element? {
        filled.wait()
        let element = state.withLock { $0.elements.isEmpty ? nil : $0.elements.removeFirst() }
        guard let element else {
            // Whoever asks again finds the same.
            filled.signal()
            return nil
        }
        room.signal()
        return element
    }
}
