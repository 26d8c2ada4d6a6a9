import JSON

/// The plots of a run: numbers that are read against each other share one, every other number has its own.
enum RunPlots {
    private struct Family {
        var name: String
        var title: String
        var unit: String
        var members: [String]
    }

    /// In the order in which a lead looks at them.
    private static let families = [
        Family(
            name: "loss", title: "Loss", unit: "Loss (nats)", members: ["loss", "held_out_log_loss", "held_out_loss"]),
        Family(
            name: "accuracy", title: "Accuracy", unit: "Share of pairs", members: ["accuracy", "held_out_accuracy"]),
        Family(
            name: "reward", title: "Reward", unit: "Reward model's score",
            members: ["reward", "shaped_reward", "objective", "watcher_reward"]),
        Family(
            name: "clip_fraction", title: "Clipped by PPO", unit: "Share of tokens",
            members: ["clip_fraction", "value_clip_fraction"]),
        Family(
            name: "learning_rate", title: "Learning rate", unit: "Learning rate",
            members: ["learning_rate", "value_learning_rate"]),
        Family(
            name: "variety", title: "Variety of responses", unit: "Share",
            members: ["distinct_1", "distinct_2", "distinct_text_share", "end_share"]),
    ]

    /// Where the words without their unit would be those of another plot.
    private static let titles = [
        "kl": "KL to the reference, by response", "kl_per_token": "KL to the reference, by token",
    ]

    private static let order = [
        "loss", "accuracy", "reward", "kl", "kl_per_token", "approximate_kl", "entropy", "response_length",
        "clip_fraction", "explained_variance", "variety", "learning_rate", "tokens_per_second",
    ]

    /// What a run's numbers look like so far: those that are there at least twice.
    static func all(of lines: [MetricsLine]) -> [Plot] {
        var curves = MetricsCurve.all(of: lines)
        var plots: [Plot] = []
        for family in families {
            let members = family.members.compactMap { name in curves.first { $0.name == name } }
            guard !members.isEmpty else { continue }
            curves.removeAll { family.members.contains($0.name) }
            plots.append(
                plot(
                    family.name, title: members.count == 1 ? MetricWords.title(members[0].name) : family.title,
                    unit: family.unit, members))
        }
        plots += curves.map {
            plot($0.name, title: titles[$0.name] ?? MetricWords.title($0.name), unit: MetricWords.words($0.name), [$0])
        }
        func place(_ name: String) -> Int { order.firstIndex(of: name) ?? order.count }
        return plots.sorted { (place($0.name), $0.name) < (place($1.name), $1.name) }
    }

    private static func plot(_ name: String, title: String, unit: String, _ curves: [MetricsCurve]) -> Plot {
        Plot(
            name: name, title: title, x: Plot.Axis(label: "Step", isCounted: true), y: Plot.Axis(label: unit),
            series: curves.map { curve in
                Plot.Series(
                    name: MetricWords.title(curve.name), column: curve.name,
                    points: curve.points.map { Plot.Point(x: $0.step, y: $0.value) })
            })
    }
}
