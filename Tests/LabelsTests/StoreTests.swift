import Foundation
import GRDB
import Labels
import Testing

@Suite struct StoreTests {
    @Test func theWriterWaitsForTheDiskAtEveryCommit() async throws {
        let test = try TestStore()
        #expect(try await test.store.writerSynchronousLevel() == 2)
        #expect(FileManager.default.fileExists(atPath: test.folder.appending(path: "plumb.sqlite-wal").path))
    }

    @Test func aSecondWriterIsToldWhoHoldsTheStore() async throws {
        let test = try TestStore()
        try test.store.announce(address: "http://127.0.0.1:8080")
        do {
            _ = try Store(folder: test.folder)
            Issue.record("no error")
        } catch let error as StoreError {
            #expect(error.kind == .locked)
            #expect(error.description.contains("http://127.0.0.1:8080"))
            #expect(error.description.contains("process \(ProcessInfo.processInfo.processIdentifier)"))
        }
        #expect(Store.lockHolder(folder: test.folder)?.address == "http://127.0.0.1:8080")
        try test.store.close()
        #expect(Store.lockHolder(folder: test.folder) == nil)
        let next = try Store(folder: test.folder)
        try next.close()
    }

    @Test func aReaderSeesCommittedWorkBesideTheWriterAndCannotWrite() async throws {
        let test = try TestStore()
        let project = try await test.project().project
        let reader = try Store(folder: test.folder, access: .reader)
        #expect(try await reader.project(project).name == "p")
        await #expect(throws: StoreError.readOnly) {
            _ = try await reader.addUser(name: "x", role: .lead, by: .system)
        }
        try reader.close()
        #expect(throws: StoreError.self) {
            _ = try Store(folder: test.folder.appending(path: "nowhere"), access: .reader)
        }
    }

    /// A store of every older version opens, and keeps its foreign keys whole.
    @Test(arguments: 0..<Migrations.all.count) func everyOlderSchemaIsBroughtUpToDate(last: Int) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "labels-tests-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appending(path: Store.fileName).path
        let old = try DatabaseQueue(path: path)
        try Migrations.migrator(upTo: last).migrate(old)
        if last >= 1 {
            try await old.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO users (handle, name, role, active, created_at) VALUES ('u_1', 'Ada', 'lead', 1, 0)
                        """)
            }
        }
        try old.close()
        let store = try Store(folder: folder)
        #expect(try await store.users().map(\.name) == (last >= 1 ? ["Ada"] : []))
        try store.close()
        let check = try DatabaseQueue(path: path)
        #expect(try await check.read { db in try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").isEmpty })
        try check.close()
    }

    /// The migration of the workplace came to stores that had two later ones already.
    @Test func aStoreThatLacksOneEarlierMigrationGetsIt() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "labels-tests-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = folder.appending(path: Store.fileName).path
        var migrator = DatabaseMigrator()
        for (name, sql) in Migrations.all.prefix(10) where name != "008 workplace" {
            migrator.registerMigration(name) { db in try db.execute(sql: sql) }
        }
        let old = try DatabaseQueue(path: path)
        try migrator.migrate(old)
        try await old.write { db in
            try db.execute(
                sql: """
                    INSERT INTO projects (name, settings, created_at) VALUES ('p', '{"mode": "comparison"}', 0);
                    INSERT INTO prompts (project_id, kind, content, use, content_hash, created_at)
                        VALUES (1, 'text', '"why?"', 'writing', zeroblob(32), 0);
                    INSERT INTO response_groups (project_id, public_id, prompt_id, k, content_hash, origin, created_at)
                        VALUES (1, 'g_1', 1, 0, zeroblob(32), 'written', 0);
                    INSERT INTO tasks (project_id, group_id, mode, state, round, overlap, style, created_at)
                        VALUES (1, 1, 'prompt', 'open', 0, 1, 'plain', 0);
                    """)
        }
        try old.close()
        let store = try Store(folder: folder)
        #expect(try await store.skippedTaskCount(ProjectID(rawValue: 1)) == 0)
        try store.close()
        let check = try DatabaseQueue(path: path)
        let kept = try await check.read { db in
            try Row.fetchAll(db, sql: "SELECT mode, style FROM tasks WHERE review_since IS NULL").map {
                [$0["mode"], $0["style"]] as [String?]
            }
        }
        #expect(kept == [["prompt", "plain"]])
        try check.close()
    }

    @Test func everyTableIsStrict() async throws {
        let test = try TestStore()
        try test.store.close()
        let queue = try DatabaseQueue(path: test.folder.appending(path: Store.fileName).path)
        let loose = try await queue.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%STRICT%'
                        AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'grdb_%'
                    """)
        }
        #expect(loose == [])
        try queue.close()
    }

    @Test func revisionsOfLabelsCannotBeChangedOrDeleted() async throws {
        let test = try TestStore()
        let (project, policy) = try await test.project()
        try await test.tasks(1, in: project, policy: policy)
        let user = try await test.user("ann")
        let task = try await test.next(user, project)
        _ = try await test.store.submit(try task.ranked(), token: task.token, user: user)
        try test.store.close()
        let queue = try DatabaseQueue(path: test.folder.appending(path: Store.fileName).path)
        for sql in ["UPDATE label_revisions SET status = 'extra'", "DELETE FROM label_revisions"] {
            await #expect(throws: DatabaseError.self) { try await queue.write { db in try db.execute(sql: sql) } }
        }
        try queue.close()
    }

    @Test func unknownThingsAreCalledByNameAndNumber() async throws {
        let test = try TestStore()
        do {
            _ = try await test.store.project(ProjectID(7))
            Issue.record("no error")
        } catch let error as StoreError {
            #expect(error.kind == .notFound && error.description == "there is no project '7'")
        }
        #expect(ProjectID("7") == ProjectID(7) && ProjectID("x") == nil && ProjectID("-1") == nil)
    }

    @Test func everyActIsInTheAudit() async throws {
        let test = try TestStore()
        let lead = try await test.user("Lea", role: .lead)
        let project = try await test.store.createProject(name: "p", settings: ProjectSettings(), by: .user(lead))
        _ = try await test.store.updateProject(project.id, paused: true, by: .user(lead))
        let entries = try await test.store.auditEntries()
        #expect(entries.map(\.action) == ["project.change", "project.create", "user.create"])
        #expect(entries.map(\.actor) == ["Lea", "Lea", "system"])
        #expect(entries[0].details == "paused")
        #expect(entries[0].words == "changed a project")
        #expect(try await test.store.auditEntries(before: entries[1].id).map(\.action) == ["user.create"])
    }

    @Test func everyActionIsAThingAndAVerbAndHasWords() {
        for action in AuditAction.allCases {
            #expect(action.rawValue.wholeMatch(of: /[a-z]+\.[a-z-]+/) != nil, "\(action.rawValue)")
        }
        #expect(Set(AuditAction.allCases.map(\.words)).count == AuditAction.allCases.count)
    }
}
