/// A moment in which others have the processor: who looks again and again for what they do would keep it from them.
public func pause() async {
    try? await ContinuousClock().sleep(for: .microseconds(200))
}
