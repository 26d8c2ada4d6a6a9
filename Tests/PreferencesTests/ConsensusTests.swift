import Preferences
import Testing

@Suite struct ConsensusTests {
    private func rankings(_ orders: [[[String]]]) throws -> [Ranking] { try orders.map { try Ranking(rows: $0) } }

    @Test func theMajorityDecidesEachPairAndTiesStayTies() throws {
        #expect(consensus(of: []) == nil)
        let one = try rankings([[["b"], ["a", "c"]]])
        #expect(consensus(of: one) == [["b"], ["a", "c"]])
        let three = try rankings([[["a"], ["b"], ["c"]], [["b"], ["a"], ["c"]], [["a"], ["c"], ["b"]]])
        #expect(consensus(of: three) == [["a"], ["b"], ["c"]])
        let split = try rankings([[["a"], ["b"]], [["b"], ["a"]]])
        #expect(consensus(of: split) == [["a", "b"]])
    }

    /// a over b 6 to 3, b over c 7 to 2, c over a 5 to 4.
    @Test func ofACycleTheSmallestMajorityIsGivenUp() throws {
        let orders: [(Int, [[String]])] = [
            (4, [["a"], ["b"], ["c"]]), (3, [["b"], ["c"], ["a"]]), (2, [["c"], ["a"], ["b"]]),
        ]
        let all = try orders.flatMap { count, rows in try (0..<count).map { _ in try Ranking(rows: rows) } }
        #expect(consensus(of: all) == [["a"], ["b"], ["c"]])
    }

    @Test func aCycleOfEqualMajoritiesIsATie() throws {
        let all = try rankings([[["a"], ["b"], ["c"]], [["b"], ["c"], ["a"]], [["c"], ["a"], ["b"]]])
        #expect(consensus(of: all) == [["a", "b", "c"]])
    }

    @Test func namesAndTheOrderOfPeopleDoNotMatter() throws {
        let names = ["w", "x", "y", "z"]
        let all = try rankings([
            [["w"], ["x", "y"], ["z"]], [["z"], ["w"], ["y"], ["x"]], [["y"], ["w"], ["z"], ["x"]],
        ])
        let expected = try #require(consensus(of: all))
        for shift in 1..<4 {
            let map = Dictionary(uniqueKeysWithValues: names.indices.map { (names[$0], names[($0 + shift) % 4]) })
            let renamed = try all.reversed().map { try $0.renamed(map) }
            #expect(consensus(of: renamed) == expected.map { $0.compactMap { map[$0] }.sorted() })
        }
    }
}
