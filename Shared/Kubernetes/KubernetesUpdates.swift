import Lifecycle

/// The updates of a reflector, each from what this sequence has told before.
public struct KubernetesUpdates<Object: KubernetesObject>: AsyncSequence {
    public struct Iterator: AsyncIteratorProtocol {
        private let state: Latest<KubernetesCopy<Object>>
        private var seen = 0
        private var last = KubernetesCopy<Object>()

        fileprivate init(_ state: Latest<KubernetesCopy<Object>>) {
            self.state = state
        }

        /// Throws `CancellationError` and nothing else.
        public mutating func next() async throws -> KubernetesUpdate<Object>? {
            while let (version, copy) = try await state.next(after: seen) {
                let update = KubernetesUpdate(from: last, to: copy)
                (seen, last) = (version, copy)
                if let update { return update }
            }
            return nil
        }
    }

    private let state: Latest<KubernetesCopy<Object>>

    init(_ state: Latest<KubernetesCopy<Object>>) {
        self.state = state
    }

    public func makeAsyncIterator() -> Iterator { Iterator(state) }
}
