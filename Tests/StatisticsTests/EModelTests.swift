import Statistics
import Testing

@Suite("E-model")
struct EModelTests {
    /// By hand from the equations of ITU-T G.107.
    @Test(
        "rates delay and loss as G.107 does",
        arguments: [
            (0.0, 0.0, 93.2, 4.409), (100, 0, 93.2, 4.409), (150, 0, 93.04, 4.406), (400, 0, 69.13, 3.556),
            (0, 0.01, 89.56, 4.328), (0, 0.05, 77.42, 3.923), (0, 1, 17.26, 1.176),
        ]
    )
    func rating(delay: Double, loss: Double, rating: Double, score: Double) {
        let actual = EModel.rating(delayMilliseconds: delay, loss: loss)
        #expect(abs(actual - rating) < 0.02)
        #expect(abs(EModel.opinionScore(rating: actual) - score) < 0.005)
    }

    @Test("never leaves the scale")
    func bounds() {
        for delay in stride(from: 0.0, through: 10_000, by: 250) {
            for loss in stride(from: 0.0, through: 1, by: 0.1) {
                let score = EModel.opinionScore(rating: EModel.rating(delayMilliseconds: delay, loss: loss))
                #expect((1...4.5).contains(score))
            }
        }
    }
}
