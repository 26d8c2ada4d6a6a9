import ArgumentParser
import LanguageModel

/// What it costs to hand a phase of work to the threads and wait for its end.
struct HandOver: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hand-over", abstract: "Times empty phases of the thread pool.")
    @Option var threads = 2
    @Option(help: "Chunks a phase.") var chunks = 2
    @Option(help: "Phases a batch; the least and the median of 50 batches are printed.") var phases = 2_000

    func run() {
        let pool = WorkerPool(threads: threads)
        var batches: [Double] = []
        for _ in 0...50 {
            let start = Clock.now
            for _ in 0..<phases { pool.run(chunks) { _ in } }
            batches.append((Clock.now - start) / Double(phases))
        }
        let sorted = batches.dropFirst().sorted()
        Report.line(["least": sorted[0], "median": sorted[25]])
    }
}
