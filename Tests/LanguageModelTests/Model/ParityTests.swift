import Foundation
import LanguageModel
import Testing

/// Every architecture against PyTorch's transformers on tiny random models.
@Suite struct ParityTests {
    @Test(arguments: ParityCase.all) func logitsOfAPlainForwardPassAreThoseOfPyTorch(_ parity: ParityCase) throws {
        try check(parity) { try $0.forward() }
    }

    @Test(arguments: ParityCase.all) func logProbabilitiesOfAGroupAreThoseOfSeparateSequences(_ parity: ParityCase)
        throws
    {
        try check(parity) { try $0.group() }
    }

    @Test(arguments: ParityCase.all) func supervisedLossAndEveryGradientAreThoseOfPyTorch(_ parity: ParityCase) throws {
        try check(parity) { try $0.supervised() }
    }

    @Test(arguments: ParityCase.all) func fiveAdamWStepsFollowPyTorch(_ parity: ParityCase) throws {
        try check(parity) { try $0.optimiser() }
    }

    @Test(arguments: ParityCase.all) func rewardScoresAreThoseOfPyTorch(_ parity: ParityCase) throws {
        #expect(try Checkpoint.configuration(of: parity.reward).head == .scalar)
        try check(parity) { try $0.scores() }
    }

    @Test(arguments: ParityCase.all) func lossesOfRankingsAndEveryGradientAreThoseOfPyTorch(_ parity: ParityCase) throws
    {
        try check(parity) { try $0.rankings() }
    }

    private func check(_ parity: ParityCase, _ measures: (ParityMeasures) throws -> [Measure]) throws {
        for measure in try measures(ParityMeasures(parity: parity, pool: WorkerPool(threads: 2))) {
            #expect(measure.holds, "\(parity): \(measure)")
        }
    }
}

/// The same on any folder of cases: `PARITY_CASES=DIR scripts/test parity`. With `PARITY_WRITTEN` each model is also written
/// anew, for transformers to read (`Tests/Clients/parity_cases.py --written`).
@Suite(.enabled(if: ParityCase.askedFor != nil)) struct ParityReport {
    @Test func everyCaseOfTheFolderIsWithinItsTolerances() throws {
        let root = URL(filePath: try #require(ParityCase.askedFor))
        let cases = ParityCase.found(below: root)
        #expect(!cases.isEmpty, "\(root.path) holds no folder with expected.safetensors")
        for parity in cases {
            let measures: [Measure]
            do {
                measures = try ParityMeasures(parity: parity, pool: WorkerPool(threads: 2)).all()
            } catch {
                Issue.record("\(parity): \(error)")
                continue
            }
            let worst = try #require(Measure.worst(of: measures))
            let verdict = worst.holds ? "passes" : "FAILS"
            print(
                "parity: \(parity) \(verdict), worst is \(worst); \(measures.map(\.description).joined(separator: ", "))"
            )
            for measure in measures { #expect(measure.holds, "\(parity): \(measure)") }
        }
    }

    @Test(.enabled(if: ParityCase.written != nil)) func everyCaseIsWrittenAnew() throws {
        let target = URL(filePath: try #require(ParityCase.written))
        for parity in ParityCase.found(below: URL(filePath: try #require(ParityCase.askedFor))) {
            for source in [parity.policy, parity.reward] {
                let folder = target.appending(path: parity.name).appending(path: source.lastPathComponent)
                try Checkpoint.save(try Checkpoint.load(source), to: folder)
            }
        }
    }
}
