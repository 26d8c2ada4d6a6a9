import Labels
import Testing

/// Changes of a project that are made of what is stored when they are written.
@Suite struct ProjectChangeTests {
    @Test func changesOfDifferentSettingsAtOnceAreAllKept() async throws {
        let test = try TestStore()
        let (project, _) = try await test.project()
        let count = 20
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                group.addTask {
                    _ = try await test.store.updateProject(project, by: .system) { stored in
                        var settings = stored.settings
                        settings.rewardModel["setting_\(number)"] = "\(number)"
                        return settings
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await test.store.project(project).settings.rewardModel.count == count)
    }

    @Test func aChangeThatIsRefusedChangesNothing() async throws {
        struct Refusal: Error {}
        let test = try TestStore()
        let (project, _) = try await test.project()
        let before = try await test.store.project(project)
        await #expect(throws: Refusal.self) {
            _ = try await test.store.updateProject(project, name: "q", paused: true, by: .system) { _ in
                throw Refusal()
            }
        }
        let problem = StoreError.invalid(field: "overlap", problem: "from 1 to 100 people answer a task; found 0")
        await #expect(throws: problem) {
            _ = try await test.store.updateProject(project, name: "q", paused: true, by: .system) { stored in
                var settings = stored.settings
                settings.overlap = 0
                return settings
            }
        }
        #expect(try await test.store.project(project) == before)
    }

    @Test func theNameAndThePauseChangeWithTheSettings() async throws {
        let test = try TestStore()
        let (project, _) = try await test.project()
        let changed = try await test.store.updateProject(project, name: "q", paused: true, by: .system) { stored in
            var settings = stored.settings
            settings.instructions = "Of \(stored.name)."
            return settings
        }
        #expect(changed.name == "q" && changed.paused && changed.settings.instructions == "Of p.")
        let entry = try #require(try await test.store.auditEntries(limit: 1).first)
        #expect(entry.details.hasPrefix("name 'p' -> 'q'; paused; settings {"))
    }
}
