import DemoWorld
import Foundation
import Labels
import Preferences
import Runs

/// The project that a newcomer meets: prompts of the demo world, and its embedded policies.
struct DemoProject: Sendable {
    let store: Store
    let data: DataFolder
    let share: ShareFolder

    static let name = "Demo"
    /// Prompts of each use; enough for many rounds, few enough that creating the project takes a moment.
    private static let promptsPerUse = 400

    /// The embedded policies by folder name: a base, its supervised child, and an early, weaker version
    /// (of a smaller base of its own, which saw a third of the corpus once).
    static let base = "demo-base"
    static let supervised = "demo-supervised"
    static let early = "demo-early"

    enum Problem: Error, CustomStringConvertible {
        case noPolicy(String)

        var description: String {
            switch self {
            case .noPolicy(let path):
                "The embedded demo policy is missing at \(path). Start without --demo, or rebuild it with `plumb demo build`."
            }
        }
    }

    /// Makes the project where the store has none. One whose making was interrupted is finished: each step leaves alone
    /// what is there already.
    func createUnlessProjectsExist() async throws {
        let projects = try await store.projects()
        let begun = projects.first
        if let begun {
            // Held-out prompts come last.
            let isComplete = try await store.promptCounts(begun.id)[.heldOut, default: 0] > 0
            guard projects.count == 1, begun.name == Self.name, !isComplete else { return }
        }
        try await create(begun)
    }

    /// Copies the policies into the data folder and makes the project over them.
    private func create(_ begun: Project?) async throws {
        let base = try await adopt(Self.base, kind: .base, parents: [])
        let early = try await adopt(Self.early, kind: .supervised, parents: [])
        let supervised = try await adopt(Self.supervised, kind: .supervised, parents: [.policy(base, role: "base")])
        var settings = ProjectSettings()
        settings.instructions = Self.instructions
        settings.responseCount = .fixed(4)
        settings.maxTokens = 192
        // A share of the weaker version keeps differences in each task that are easy to see.
        settings.mix = [
            MixPart(policy: .current, temperature: 1, weight: 3),
            MixPart(policy: .policy(early), temperature: 1, weight: 1),
        ]
        let project: ProjectID
        if let begun {
            project = begun.id
        } else {
            project = try await store.createProject(name: Self.name, settings: settings, by: .commandLine).id
        }
        try await store.setReference(supervised, in: project, by: .commandLine)
        _ = try await store.makeCurrent(supervised, in: project, by: .commandLine)
        try await addPrompts(to: project)
    }

    private func adopt(_ name: String, kind: PolicyKind, parents: [Parent]) async throws -> PolicyID {
        let source = share.demo.appending(path: name, directoryHint: .isDirectory)
        guard FileManager.default.fileExists(atPath: source.path) else { throw Problem.noPolicy(source.path) }
        if let known = try await store.policy(named: name) { return known.id }
        let incoming = IncomingPolicies(data: data)
        let place = data.policy(name)
        let isThere = FileManager.default.fileExists(atPath: place.path)
        let policy = try await incoming.enter(
            isThere ? place : incoming.copy(source, for: name), as: name, kind: kind, parents: parents,
            isTriedOut: false)
        return try await store.addPolicy(policy, by: .commandLine).id
    }

    private func addPrompts(to project: ProjectID) async throws {
        let drawn = DemoWorld().prompts(seed: DemoWorld.seed)
        let uses: [(Labels.PromptUse, [DemoPrompt])] = [
            (.supervised, drawn.supervised), (.ranking, drawn.ranking), (.ppo, drawn.ppo), (.heldOut, drawn.heldOut),
        ]
        for (use, prompts) in uses {
            let texts = prompts.prefix(Self.promptsPerUse).map { Prompt.text($0.text) }
            _ = try await store.addPrompts(project, use: use, texts, by: .commandLine)
        }
    }

    private static let instructions = """
        The answers come from a very small model that lives in a closed world of a few dozen subjects. It answers in
        several manners: warm, plain, terse, rambling, rude, off the point, repeating itself, or cut short.

        Rank the answers by how much you would like to receive them. Two answers that are equally good may share a row.
        Put an answer that nobody should receive below the line "not acceptable".
        """
}
