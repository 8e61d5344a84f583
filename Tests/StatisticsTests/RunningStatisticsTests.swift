import Statistics
import Testing

@Suite("Running statistics") struct RunningStatisticsTests {
    @Test("a summary knows count, sum, mean and extremes, of the parts and of the whole")
    func summary() {
        var (first, second, whole) = (Summary(), Summary(), Summary())
        #expect(whole.mean == nil)
        for value in [3.0, -1, 4] {
            first.add(value)
            whole.add(value)
        }
        for value in [10.0, 0] {
            second.add(value)
            whole.add(value)
        }
        first.merge(second)
        first.merge(Summary())
        #expect(first == whole)
        #expect(whole.count == 5 && whole.sum == 16 && whole.mean == 3.2)
        #expect(whole.minimum == -1 && whole.maximum == 10)
    }

    @Test("a moving average starts at its first sample and moves by its weight")
    func average() {
        var average = EWMA(alpha: 0.25)
        #expect(average.mean == nil)
        average.add(8)
        #expect(average.mean == 8)
        average.add(16)
        #expect(average.mean == 10)
    }

    @Test("jitter moves a sixteenth of the way to each change of transit time")
    func jitter() {
        var jitter = InterarrivalJitter()
        jitter.add(transit: 100)
        #expect(jitter.jitter == 0)
        jitter.add(transit: 116)
        #expect(jitter.jitter == 1)
        jitter.add(transit: 99)
        #expect(jitter.jitter == 2)
        jitter.add(transit: 99)
        #expect(jitter.jitter == 1.875)
    }
}
