import Foundation
import Labels
import Preferences
import Testing

/// Tasks that are chosen for what they tell.
@Suite struct CandidateTests {
    private func site(_ prompts: Int) async throws -> (test: TestStore, project: ProjectID, policy: PolicyID) {
        let test = try TestStore()
        let (project, policy) = try await test.project { $0.choice.strategy = .disagreement }
        _ = try await test.store.addPrompts(
            project, use: .ranking, (0..<prompts).map { .text("prompt \($0)") }, by: .system)
        return (test, project, policy)
    }

    private func group(_ candidate: CandidatePlan, _ policy: PolicyID, probability: Double) -> ChosenGroup {
        ChosenGroup(
            group: NewGroup(
                candidate.plan, responses: (0..<candidate.shown).map { NewResponse(text: "\($0)", policy: policy) },
                samplingProbability: probability), information: 0.25)
    }

    @Test func everyPromptIsConsideredOnceBeforeAnyIsAgain() async throws {
        let (test, project, policy) = try await site(10)
        var considered: [PromptID: Int] = [:]
        for round in 0..<6 {
            let candidates = try await test.store.planCandidates(
                project, count: 5, seed: UInt64(round), oversampling: 3)
            #expect(candidates.count == 5)
            for candidate in candidates {
                considered[candidate.plan.prompt.id, default: 0] += 1
                #expect(candidate.shown == 4 && candidate.plan.parts.reduce(0) { $0 + $1.count } == 12)
            }
            // One is chosen, the others are only considered.
            let tasks = try await test.store.enterChosen(
                [group(candidates[0], policy, probability: 0.2)], considered: candidates.map(\.plan.prompt.id),
                in: project)
            #expect(tasks.count == 1)
            if round % 2 == 1 { #expect(Set(considered.values) == [round / 2 + 1] && considered.count == 10) }
        }
    }

    @Test func theOrderIsByChanceAndTheProbabilityIsKept() async throws {
        let (test, project, policy) = try await site(30)
        var orders = Set<[PromptID]>()
        for seed in 0..<5 {
            orders.insert(
                try await test.store.planCandidates(project, count: 30, seed: UInt64(seed), oversampling: 1)
                    .map(\.plan.prompt.id))
        }
        #expect(orders.count == 5)
        let candidates = try await test.store.planCandidates(project, count: 1, seed: 1, oversampling: 1)
        _ = try await test.store.enterChosen(
            [group(candidates[0], policy, probability: 0.2)], considered: [], in: project)
        let user = try await test.user("a")
        let task = try await test.next(user, project)
        _ = try await test.store.submit(try task.ranked(), token: task.token, user: user)
        let file = test.folder.appending(path: "labels.jsonl")
        try await test.store.writeExport(project, as: .native, to: file)
        #expect(try String(contentsOf: file, encoding: .utf8).contains(#""sampling_probability":0.2"#))
    }

    @Test func settingsOutsideTheirRangesAreRefusedByName() throws {
        func problem(_ change: (inout ChoiceSettings) -> Void) -> String {
            var settings = ProjectSettings()
            change(&settings.choice)
            do { try settings.validate() } catch { return "\(error)" }
            return ""
        }
        #expect(problem { $0.randomShare = 0 }.contains("choice.random_share"))
        #expect(problem { $0.candidates = 1 }.contains("choice.candidates"))
        #expect(problem { $0.oversampling = 9 }.contains("choice.oversampling"))
        let old = try JSONDecoder().decode(ProjectSettings.self, from: Data(#"{"mode":"ranking"}"#.utf8))
        #expect(old.choice == ChoiceSettings(), "projects of before take their prompts in turn")
    }
}
