import Labels
import Preferences

/// The plots of a reward model's card.
enum RewardCardPlots {
    static func plots(_ card: RewardCard) -> [Plot] {
        [calibration(card), learningCurve(card)].compactMap(\.self)
    }

    /// Stated probability against what happened, with what chance alone would do.
    private static func calibration(_ card: RewardCard) -> Plot? {
        guard !card.calibration.isEmpty else { return nil }
        let points = card.calibration.map { bin in
            Plot.Point(
                x: bin.confidence, y: bin.accuracy,
                interval: wilsonInterval(
                    successes: bin.accuracy * Double(bin.pairs), trials: Double(bin.pairs)))
        }
        return Plot(
            name: "calibration", title: "Calibration",
            x: Plot.Axis(label: "Probability that the model gave its favourite", range: 0.5...1),
            y: Plot.Axis(label: "Share that people preferred", range: 0...1),
            series: [
                Plot.Series(name: "Held-out pairs", column: "share_preferred", points: points, isLine: false)
            ], hasDiagonal: true)
    }

    private static func learningCurve(_ card: RewardCard) -> Plot? {
        guard card.learningCurve.count > 1 else { return nil }
        return accuracies(
            name: "learning-curve", title: "Learning curve",
            points: card.learningCurve.map { Plot.Point(x: Double($0.labels), y: $0.accuracy) })
    }

    /// Accuracy of a project's reward models, oldest first, by how many labels they learned from: each on the held-out
    /// prompts of its own time.
    static func models(_ models: [RewardModelRecord]) -> Plot? {
        let points = models.compactMap { model -> Plot.Point? in
            guard let labels = model.metrics["training_labels"], let accuracy = model.metrics["held_out_accuracy"]
            else { return nil }
            return Plot.Point(x: labels, y: accuracy)
        }.sorted { $0.x < $1.x }
        guard Set(points.map(\.x)).count > 1 else { return nil }
        return accuracies(name: "models", title: "This project's reward models so far", points: points)
    }

    private static func accuracies(name: String, title: String, points: [Plot.Point]) -> Plot {
        Plot(
            name: name, title: title, x: Plot.Axis(label: "Labels", isCounted: true),
            y: Plot.Axis(label: "Accuracy, held out"),
            series: [Plot.Series(name: "Accuracy, held out", column: "accuracy", points: points)])
    }
}
