import Foundation
import JSON
import LanguageModel
import Policy
import Runs
import Testing

/// A run that is asked to stop leaves before its next rollout, wherever it is.
@Suite struct RefreshStopTests {
    private let jobs = PolicyRefreshJobTests()

    private func job(in folder: URL, name: String) throws -> RunningJob {
        let short: [String: JSONValue] = ["iterations": 2, "rollouts_judged": 2, "settling_rollouts": 3]
        return try jobs.job(
            in: folder, name: name, settings: .object((jobs.settings.objectValue ?? [:]).merging(short) { $1 }))
    }

    /// Runs a new attempt.
    /// - Parameter last: at this look, counted from 1, it is asked to stop; nil never asks.
    /// - Returns: how it left, and how often it looked.
    private func attempt(_ job: RunningJob, askedAt last: Int? = nil) -> (exit: RunExit, looks: Int) {
        var looks = 0
        let exit = Job.execute(job.directory) { attempt in
            let body = PolicyRefreshJob(
                attempt: attempt, pool: WorkerPool(threads: 1),
                shouldStop: {
                    looks += 1
                    return looks >= last ?? Int.max
                })
            return try body.run()
        }
        return (exit, looks)
    }

    private func made(by job: RunningJob) throws -> [String: Data] {
        let number = try #require(try job.directory.attempts().last)
        return try contents(of: job.directory.attemptURL(number).appending(path: "output/policy"))
    }

    @Test func `a stop is obeyed before the next rollout, and the bytes are those of a run without one`() throws {
        let folder = try TemporaryFolder()
        let whole = try job(in: folder.url, name: "whole")
        let undisturbed = attempt(whole)
        #expect(undisturbed.exit == .done)
        // Three of the reference's rollouts, two iterations, two rollouts of the moving average, three that settle.
        #expect(undisturbed.looks == 10)
        let bytes = try made(by: whole)
        #expect(!bytes.isEmpty)
        // The looks that are left to the next attempt: all, where only the reference had been sampled; after an iteration
        // what follows it; all that judge the average again; and the rollouts that settling had not had.
        for (look, left) in [(2, 10), (5, 6), (7, 5), (9, 2)] {
            let run = try job(in: folder.url, name: "stopped-\(look)")
            let stopped = attempt(run, askedAt: look)
            #expect(stopped.exit == .stopped, "at look \(look)")
            #expect(stopped.looks == look)
            #expect(try #require(try run.failure()?.message).hasPrefix("asked to stop"))
            let resumed = attempt(run)
            #expect(resumed.exit == .done, "after look \(look)")
            #expect(resumed.looks == left, "after look \(look)")
            #expect(try made(by: run) == bytes, "after look \(look)")
        }
    }

    @Test func `settling goes on where each of several stops found it`() throws {
        let folder = try TemporaryFolder()
        let whole = try job(in: folder.url, name: "whole")
        #expect(attempt(whole).exit == .done)
        let run = try job(in: folder.url, name: "stopped")
        #expect(attempt(run, askedAt: 9).exit == .stopped)
        #expect(attempt(run, askedAt: 2).exit == .stopped)
        // Before any rollout of its own: there is nothing new to write down.
        #expect(attempt(run, askedAt: 1).exit == .stopped)
        let last = attempt(run)
        #expect(last.exit == .done)
        #expect(last.looks == 1)
        #expect(try made(by: run) == made(by: whole))
    }

    @Test func `judging the last policy looks before each rollout`() throws {
        var settings = BanditTests.settings
        (settings.iterations, settings.rolloutsJudged, settings.settlingRollouts) = (1, 3, 0)
        func looks(averageDecay: Double?) throws -> Int {
            settings.averageDecay = averageDecay
            let tiny = try TinyRefresh(settings: settings, scorer: TokenShareScorer(token: 70), seed: 1)
            _ = try tiny.refresh.iterate()
            var looks = 0
            _ = try tiny.refresh.finish { looks += 1 }
            return looks
        }
        #expect(try looks(averageDecay: nil) == 1)
        #expect(try looks(averageDecay: 0.9) == 3)
    }
}
