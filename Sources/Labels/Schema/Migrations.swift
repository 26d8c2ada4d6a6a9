package import GRDB

/// The schema's history. A migration that was released is never edited; a change is a new file with the next number.
package enum Migrations {
    package static let all: [(name: String, sql: String)] = [
        ("001 people", migration001People),
        ("002 projects and policies", migration002Projects),
        ("003 prompts and responses", migration003Prompts),
        ("004 tasks and labels", migration004Labels),
        ("005 snapshots and runs", migration005Runs),
        ("006 stops that were asked for", migration006Stops),
        ("007 comparisons without a preference", migration007Answers),
        ("008 workplace", migration008Workplace),
        ("009 feedback, conversations and practice", migration009Feedback),
        ("010 rendering of texts", migration010Rendering),
        ("011 promotions", migration011Promotions),
        ("013 evaluations", migration013Evaluations),
        ("015 choices of tasks", migration015Choices),
        ("016 what is passed over", migration016PassedOver),
        ("017 checks of quality", migration017Quality),
        ("020 prompts about safety", migration020Safety),
        ("021 instruction sets", migration021Instructions),
        ("022 adjudication", migration022Adjudication),
        ("023 when questions changed", migration023QuestionsSince),
    ]

    /// - Parameter last: how many migrations to register; all by default, fewer to test a migration from its predecessor.
    package static func migrator(upTo last: Int = all.count) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (name, sql) in all.prefix(last) {
            migrator.registerMigration(name) { db in try db.execute(sql: sql) }
        }
        return migrator
    }
}
