import Foundation
import GRDB
import Labels
import Testing

@Suite struct RenderingSettingTests {
    @Test func newProjectsShowMarkdownAndOlderOnesGoOnAsTheyWere() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "labels-tests-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let old = try DatabaseQueue(path: folder.appending(path: Store.fileName).path)
        let before = try #require(Migrations.all.firstIndex { $0.name.hasPrefix("010") })
        try Migrations.migrator(upTo: before).migrate(old)
        try await old.write { db in
            try db.execute(
                sql: "INSERT INTO projects (name, settings, created_at) VALUES ('old', '{\"overlap\":3}', 0)")
        }
        try old.close()
        let store = try Store(folder: folder)
        let project = try #require(try await store.projects().first)
        #expect(project.settings.rendering == .plain)
        #expect(project.settings.overlap == 3)
        let new = try await store.createProject(name: "new", settings: ProjectSettings(), by: .system)
        #expect(try await store.project(new.id).settings.rendering == .markdown)
        try store.close()
    }
}
