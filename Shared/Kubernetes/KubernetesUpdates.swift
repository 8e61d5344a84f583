import Lifecycle

/// The updates of a reflector, each from what this sequence has told before.
public struct KubernetesUpdates<Object: KubernetesObject>: AsyncSequence {
    public struct Iterator: AsyncIteratorProtocol {
        private let state: Latest<KubernetesCopy<Object>>
        private var seen = -1
        private var last: KubernetesCopy<Object>

        fileprivate init(_ state: Latest<KubernetesCopy<Object>>, _ last: KubernetesCopy<Object>) {
            self.state = state
            self.last = last
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
    private let last: KubernetesCopy<Object>

    /// Tells first what is not as `last` has it.
    init(_ state: Latest<KubernetesCopy<Object>>, from last: KubernetesCopy<Object> = KubernetesCopy()) {
        self.state = state
        self.last = last
    }

    public func makeAsyncIterator() -> Iterator { Iterator(state, last) }
}
