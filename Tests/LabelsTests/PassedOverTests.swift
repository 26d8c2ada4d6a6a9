import Foundation
import Labels
import Preferences
import Testing

@Suite struct FormerPolicyTaskTests {
    /// Five tasks of a policy, four of them in somebody's hands when the next policy becomes current.
    private struct Scene {
        let test: TestStore
        let project: ProjectID
        let tasks: [TaskID]
        let people: [UserID]
        /// A lease each; the last was fetched ahead and never shown.
        let leases: [Assignment]
        let next: PolicyID

        init(overlap: Int = 1) async throws {
            test = try TestStore()
            let (project, policy) = try await test.project { $0.overlap = overlap }
            self.project = project
            tasks = try await test.tasks(5, in: project, policy: policy)
            var people: [UserID] = []
            var leases: [Assignment] = []
            for name in ["ann", "bob", "cat"] {
                people.append(try await test.user(name))
                leases.append(try await test.next(people[people.count - 1], project))
            }
            guard
                case .task(let ahead) = try await test.store.nextTask(
                    for: people[2], in: project, besides: [leases[2].token], ahead: true)
            else { throw TestStore.Missing(reason: .noTasksReady) }
            self.people = people
            self.leases = leases + [ahead]
            next = try await test.store.addPolicy(
                NewPolicy(name: "next", kind: .refreshed, path: "policies/next"), by: .system
            ).id
            try await test.store.makeCurrent(next, in: project, by: .system)
        }

        func withdrawn() async throws -> Int { try await test.store.progress(project).tasksWithdrawn }

        /// What somebody who has nothing is handed.
        func handed(_ name: String) async throws -> NextTask {
            try await test.store.nextTask(for: try await test.user(name), in: project)
        }
    }

    @Test func whatIsGivenBackIsWithdrawnAndOpenLeasesFinish() async throws {
        let scene = try await Scene()
        let store = scene.test.store
        #expect(try await scene.withdrawn() == 1)
        try await store.releaseLease(token: scene.leases[0].token, user: scene.people[0])
        try await store.skip(token: scene.leases[1].token, user: scene.people[1])
        #expect(try await store.samplingNeed(scene.project).ready == 0, "it is nothing to hand out")
        #expect(try await store.taskNeeds(scene.project)[0].need.ready == 0)
        let new = try await scene.test.tasks(1, in: scene.project, policy: scene.next, label: "newer")
        guard case .task(let task) = try await scene.handed("dan") else {
            Issue.record("nothing was handed out")
            return
        }
        #expect(task.taskID == new[0])
        #expect(try await scene.withdrawn() == 3)
        // Who has one in hand finishes it, and what they fetched ahead.
        for lease in scene.leases[2...] {
            let kept = try await store.submit(try lease.ranked(), token: lease.token, user: scene.people[2])
            #expect(kept.kept == .counted)
        }
        #expect(try await store.progress(scene.project).tasksDone == 2)
        // Late, but there is room: nothing that somebody did is lost.
        let late = try await store.submit(
            try scene.leases[0].ranked(), token: scene.leases[0].token, user: scene.people[0])
        #expect(late.kept == .counted)
    }

    @Test func whatRunsOutIsWithdrawnTooAlsoWhatNobodySaw() async throws {
        let scene = try await Scene()
        scene.test.pass(seconds: 7200)
        #expect(try await scene.handed("dan") == .nothing(.noTasksReady))
        #expect(try await scene.withdrawn() == 5)
    }

    @Test func nobodyElseIsHandedATaskThatAnotherHasInHand() async throws {
        let scene = try await Scene(overlap: 2)
        let store = scene.test.store
        // Two people share the first task; the second place of two others is free.
        #expect(try await scene.handed("dan") == .nothing(.noTasksReady))
        let first = scene.leases[0]
        _ = try await store.submit(try first.ranked(), token: first.token, user: scene.people[0])
        try await store.releaseLease(token: scene.leases[1].token, user: scene.people[1])
        guard case .task(let task) = try await scene.handed("eve") else {
            Issue.record("nothing was handed out")
            return
        }
        #expect(task.taskID == first.taskID, "a task with a label is completed")
    }

    @Test func tasksOfNoPolicyStay() async throws {
        let test = try TestStore()
        let (project, _) = try await test.project()
        _ = try await test.store.importGroups(
            project,
            from: .data(Data(#"{"prompt":"x","responses":["a","b","c","d"]}"#.utf8), name: "groups"), by: .system)
        let ann = try await test.user("ann")
        let lease = try await test.next(ann, project)
        let next = try await test.store.addPolicy(
            NewPolicy(name: "next", kind: .refreshed, path: "policies/next"), by: .system)
        try await test.store.makeCurrent(next.id, in: project, by: .system)
        try await test.store.releaseLease(token: lease.token, user: ann)
        #expect(try await test.store.samplingNeed(project).ready == 1)
        #expect(try await test.next(try await test.user("bob"), project).taskID == lease.taskID)
    }
}
