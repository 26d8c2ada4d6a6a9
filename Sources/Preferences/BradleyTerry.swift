import Foundation
import SeededRandom

/// Strengths of players from who won against whom: P(i beats j) = σ(sᵢ − sⱼ). A tie is half a win for each.
///
/// Source: Bradley and Terry (1952), fitted by Hunter's MM algorithm (2004). Each player also has half a win and half a
/// loss against a player of middling strength, so that one who never lost has a finite strength.
public struct BradleyTerry: Sendable, Hashable {
    /// Natural log-odds, with the mean 0.
    public let strengths: [Double]

    private static let priorGames = 0.5
    private static let mostRounds = 2000

    /// - Parameter wins: `[players][players]`, how often the row's player beat the column's; may be weighted.
    public init(wins: [[Double]]) { self.init(wins: wins, precision: 1e-9) }

    /// - Parameter precision: the largest change of a strength at which the fit ends.
    init(wins: [[Double]], precision: Double) {
        let players = wins.count
        // A player of odds 1 stands behind all others.
        var odds = Array(repeating: 1.0, count: players)
        let total = (0..<players).map { i in Self.priorGames + wins[i].reduce(0, +) }
        for _ in 0..<Self.mostRounds {
            var largestChange = 0.0
            for i in 0..<players {
                var games = 2 * Self.priorGames / (odds[i] + 1)
                for j in 0..<players where j != i {
                    let played = wins[i][j] + wins[j][i]
                    if played > 0 { games += played / (odds[i] + odds[j]) }
                }
                let new = total[i] / games
                largestChange = max(largestChange, abs(log(new / odds[i])))
                odds[i] = new
            }
            if largestChange < precision { break }
        }
        let logs = odds.map { log($0) }
        let mean = logs.isEmpty ? 0 : logs.reduce(0, +) / Double(logs.count)
        strengths = logs.map { $0 - mean }
    }

    /// The probability that one player beats another.
    public func probability(_ player: Int, beats other: Int) -> Double {
        1 / (1 + exp(strengths[other] - strengths[player]))
    }
}

/// Bradley–Terry strengths with the intervals that other prompts might have given.
public struct BradleyTerryTable: Sendable, Hashable {
    /// Wins between players on one prompt, or on whatever else is drawn together.
    public struct Unit: Sendable, Hashable {
        public struct Wins: Sendable, Hashable {
            public var winner: Int
            public var loser: Int
            /// 1 for a win and ½ to each side for a tie; times the unit's weight.
            public var count: Double

            public init(winner: Int, loser: Int, count: Double) {
                self.winner = winner
                self.loser = loser
                self.count = count
            }
        }
        public var wins: [Wins]

        public init(wins: [Wins]) { self.wins = wins }
    }

    public let fit: BradleyTerry
    /// 95% intervals of the difference to the anchor's strength; the anchor's own is 0...0.
    public let intervals: [ClosedRange<Double>]
    /// Of the probability to beat the anchor.
    public let winIntervals: [ClosedRange<Double>]
    public let anchor: Int

    /// - Parameters:
    ///   - anchor: the player that the others are measured against.
    ///   - resamples: how often the units are drawn anew, with replacement.
    public init(players: Int, units: [Unit], anchor: Int, resamples: Int = 400, seed: UInt64) {
        func fitted(_ chosen: some Sequence<Int>, precision: Double) -> BradleyTerry {
            var wins = Array(repeating: Array(repeating: 0.0, count: players), count: players)
            for unit in chosen { for won in units[unit].wins { wins[won.winner][won.loser] += won.count } }
            return BradleyTerry(wins: wins, precision: precision)
        }
        self.anchor = anchor
        fit = fitted(units.indices, precision: 1e-9)
        var random = SplitMix64(seed: seed)
        var differences = Array(repeating: [Double](), count: players)
        for _ in 0..<resamples where !units.isEmpty {
            let drawn = fitted((0..<units.count).map { _ in random.nextIndex(below: units.count) }, precision: 1e-4)
            for player in 0..<players {
                differences[player].append(drawn.strengths[player] - drawn.strengths[anchor])
            }
        }
        intervals = differences.map { $0.middle95 ?? -Double.infinity...Double.infinity }
        winIntervals = intervals.map { 1 / (1 + exp(-$0.lowerBound))...1 / (1 + exp(-$0.upperBound)) }
    }
}
