import Foundation
import Labels
import Preferences
import SeededRandom
import Testing

@Suite struct ConcurrencyTests {
    /// People who answer, skip, leave, come late and take answers back, all at once.
    @Test func manyPeopleAtOnceNeverExceedTheOverlapAndLoseNothing() async throws {
        let test = try TestStore(seed: 7)
        let overlap = 3
        let (project, policy) = try await test.project {
            $0.overlap = overlap
            $0.leaseSeconds = 60
        }
        let tasks = try await test.tasks(60, in: project, policy: policy)
        var users: [UserID] = []
        for index in 0..<16 { users.append(try await test.user("person \(index)")) }

        let acknowledged = try await withThrowingTaskGroup(of: [LabelID: TaskID].self) { group in
            for (index, user) in users.enumerated() {
                group.addTask { try await work(test, user: user, project: project, seed: UInt64(index)) }
            }
            var all: [LabelID: TaskID] = [:]
            for try await mine in group {
                for (label, task) in mine {
                    #expect(all[label] == nil, "two people were given one label")
                    all[label] = task
                }
            }
            return all
        }

        let export = test.folder.appending(path: "all.jsonl")
        try await test.store.writeExport(project, as: .native, ExportOptions(everyRevision: true), to: export)
        struct Line: Decodable {
            let group_id: String
            let annotator: String
            let label_id: String
            let status: String
            let revision: Int
        }
        var newest: [String: Line] = [:]
        try JSONLines.forEach(Line.self, in: Data(contentsOf: export), file: "all.jsonl") { _, line in
            if line.status != "duplicate" { newest[line.label_id] = line }
        }
        #expect(newest.count == acknowledged.count)
        var counted: [String: [String]] = [:]
        for line in newest.values where line.status == "counted" {
            counted[line.group_id, default: []].append(line.annotator)
        }
        for (group, people) in counted {
            #expect(people.count <= overlap, "\(group) has \(people.count) labels")
            #expect(Set(people).count == people.count)
        }
        let progress = try await test.store.progress(project)
        #expect(progress.labels == counted.values.reduce(0) { $0 + $1.count })
        #expect(progress.labels + progress.extras + progress.retracted == acknowledged.count)
        #expect(progress.tasksDone + progress.tasksOpen == tasks.count)
        #expect(progress.labels > tasks.count)
    }

    private func work(_ test: TestStore, user: UserID, project: ProjectID, seed: UInt64) async throws -> [LabelID:
        TaskID]
    {
        var random = SplitMix64(seed: seed)
        var mine: [LabelID: TaskID] = [:]
        var late: [Assignment] = []
        for _ in 0..<40 {
            guard case .task(let task) = try await test.store.nextTask(for: user, in: project) else { break }
            switch random.nextIndex(below: 10) {
            case 0: try await test.store.skip(token: task.token, user: user)
            case 1:
                try await test.store.releaseLease(token: task.token, user: user)
                late.append(task)
            case 2: test.pass(seconds: 20)
            default:
                let done = try await test.store.submit(try task.ranked(), token: task.token, user: user)
                #expect(mine[done.labelID] == nil || mine[done.labelID] == task.taskID)
                mine[done.labelID] = task.taskID
                if random.nextIndex(below: 8) == 0 { _ = try? await test.store.undo(done.labelID, by: user) }
            }
        }
        for task in late {
            do {
                let done = try await test.store.submit(try task.ranked(), token: task.token, user: user)
                mine[done.labelID] = task.taskID
            } catch StoreError.leaseSkipped {
                // Handed out to them a second time, and skipped then.
            }
        }
        return mine
    }

    @Test func oneTokenSubmittedManyTimesAtOnceIsOneLabel() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(1, in: project, policy: policy)
        let user = try await test.user("ann")
        let task = try await test.next(user, project)
        let submissions = try await withThrowingTaskGroup(of: Submission.self) { group in
            for _ in 0..<20 {
                group.addTask { try await test.store.submit(try task.ranked(), token: task.token, user: user) }
            }
            return try await group.reduce(into: [Submission]()) { $0.append($1) }
        }
        #expect(Set(submissions.map(\.labelID)).count == 1)
        #expect(submissions.count(where: { !$0.repeated }) == 1)
        #expect(try await test.store.progress(project).labels == 1)
    }
}
