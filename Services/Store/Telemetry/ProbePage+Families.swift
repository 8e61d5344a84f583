import Observability
import Statistics

extension ProbePage {
    private static let quantiles = [0.5, 0.95, 0.99]

    /// The lines under the names that they are shown by.
    var families: [SampledFamily] { [results, sent, answered, latencies, loss, forms, vantages] }

    private var results: SampledFamily {
        var family = SampledFamily("sonde_probe_results_total", "Results of probes, by status.", .counter)
        for line in lines {
            let total = line.total.whole
            for (status, count) in [
                ("success", total.successes), ("timeout", total.timeouts), ("error", total.errors),
            ] {
                family.points.append(.init(line.labels + [MetricLabel("status", status)], .number(Double(count))))
            }
        }
        return family
    }

    private var sent: SampledFamily {
        counter("sonde_probe_requests_sent_total", "Requests and packets that probes sent.", \.sent)
    }

    private var answered: SampledFamily {
        counter("sonde_probe_requests_answered_total", "Requests and packets that were answered.", \.received)
    }

    private func counter(_ name: String, _ help: String, _ count: (Rollup) -> Int) -> SampledFamily {
        var family = SampledFamily(name, help, .counter)
        family.points = lines.map { .init($0.labels, .number(Double(count($0.total.whole)))) }
        return family
    }

    private var latencies: SampledFamily {
        var family = SampledFamily(
            "sonde_probe_latency_seconds",
            "Latencies of probes; quantiles are those of the last complete minute.",
            .summary,
            unit: "s"
        )
        family.points = lines.map { line in
            let (latencies, sketch) = (line.total.whole.latencies, line.total.minute(minute)?.sketch)
            let quantiles = Self.quantiles.compactMap { fraction in
                sketch?.quantile(fraction).map { (fraction: fraction, value: $0 / 1_000) }
            }
            return .init(
                line.labels,
                .summary(count: Double(latencies.count), sum: latencies.sum / 1_000, quantiles: quantiles)
            )
        }
        return family
    }

    private var loss: SampledFamily {
        let help = "Share of requests and packets of the last complete minute that were not answered."
        var family = SampledFamily("sonde_probe_loss_ratio", help, .gauge)
        family.points = lines.compactMap { line in
            line.total.minute(minute)?.loss.map { .init(line.labels, .number($0)) }
        }
        return family
    }

    private var forms: SampledFamily {
        let help = "What a line is about, of the forms that there are: 1 for the one that the limit allows."
        var family = SampledFamily("sonde_probe_form", help, .gauge)
        family.points = Form.allCases.map { form in
            .init([MetricLabel("form", form.rawValue)], .number(form == self.form ? 1 : 0))
        }
        return family
    }

    private var vantages: SampledFamily {
        var family = SampledFamily("sonde_probe_vantages", "Checks as agents see them, by their names.", .gauge)
        family.points = [.init([], .number(Double(vantageCount)))]
        return family
    }
}
