/// Means over one rollout's responses of the reward and of what is watched beside it.
struct RolloutLook: Codable, Equatable {
    var reward: Double
    /// The mean of what is watched.
    var watched: Double
    /// Of `watched`. Responses to one prompt are not independent, so it is that of the prompts' means.
    var variance: Double

    private enum CodingKeys: String, CodingKey {
        case reward, variance
        case watched = "watcher"
    }
}

extension RolloutLook {
    /// - Parameters:
    ///   - rewards: `[groups][responses]`
    ///   - watched: of the same responses.
    init(rewards: [[Double]], watched: [[Double]]) {
        let means = watched.map { $0.reduce(0, +) / Double(max(1, $0.count)) }
        let count = Double(max(1, means.count))
        let mean = means.reduce(0, +) / count
        let squares = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        reward = rewards.joined().reduce(0, +) / Double(max(1, rewards.reduce(0) { $0 + $1.count }))
        self.watched = mean
        variance = squares / max(1, count - 1) / count
    }
}

extension [RolloutLook] {
    /// Takes in the newest look and lets go of the oldest above `most`.
    mutating func add(_ look: RolloutLook, keeping most: Int) {
        append(look)
        if count > most { removeFirst(count - most) }
    }

    /// All judged together; there is one at least.
    var together: RolloutLook {
        let looks = Double(count)
        return RolloutLook(
            reward: reduce(0) { $0 + $1.reward } / looks, watched: reduce(0) { $0 + $1.watched } / looks,
            variance: reduce(0) { $0 + $1.variance } / (looks * looks))
    }
}
