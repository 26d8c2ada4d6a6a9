public import Foundation
public import JSON

/// Where an attempt stands, read from its files and its lock alone.
public enum RunState: String, Codable, Sendable {
    /// Nobody has begun it.
    case waiting
    /// A job holds its lock.
    case running
    /// RESULT.json is there.
    case done
    /// ERROR.json is there.
    case failed
    /// ERROR.json of kind `stopped` is there: the job was asked to leave, and did so, after a checkpoint where it could
    /// write one.
    case stopped
    /// It was begun, nobody holds its lock, and it left no ending file: its process died.
    case interrupted
}

/// How a job process leaves.
public enum RunExit: Int32, Sendable {
    case done = 0
    case failed = 1
    /// Trying again may work (`EX_TEMPFAIL`).
    case retry = 75
    /// Stopped on request (128 + SIGTERM).
    case stopped = 143
}

/// RESULT.json: what an attempt made. It is written last, so where it is, everything that it lists is whole.
public struct RunResult: Codable, Sendable, Equatable {
    public var kind: String
    public var attempt: Int
    /// Every file below `output/`, sorted by path.
    public var outputs: [RunOutput]
    /// The checkpoint folders among them, sorted by name.
    public var folders: [RunFolder]
    public var metrics: [String: JSONValue]
    /// Sentences for people.
    public var notes: [String]

    /// The folder of that name.
    public func folder(_ name: String) -> RunFolder? { folders.first { $0.name == name } }
}

/// One file that an attempt made.
public struct RunOutput: Codable, Sendable, Equatable {
    /// Relative to the attempt's folder.
    public var path: String
    public var sha256: String
    public var bytes: Int
}

/// One checkpoint folder that an attempt made.
public struct RunFolder: Codable, Sendable, Equatable {
    public var name: String
    /// Relative to the attempt's folder.
    public var path: String
    /// `Digest.folder`, the number that a later run's `parents` hold.
    public var sha256: String
}

/// ERROR.json: why an attempt ended without a result.
public struct RunFailure: Codable, Sendable, Equatable {
    /// `stopped`, `disk-full`, `bad-input`, `not-ready`, `failed`, ….
    public var kind: String
    /// What was wrong and what to do, for people.
    public var message: String
    /// Whether the same run may succeed when it is tried again.
    public var retry: Bool

    public init(kind: String, message: String, retry: Bool) {
        self.kind = kind
        self.message = message
        self.retry = retry
    }

    static let stoppedKind = "stopped"
    /// Only a person can help; whoever starts jobs does not try again by itself.
    public static let diskFullKind = "disk-full"
}

/// start.json: how the attempts just before this one ended, written by whoever starts jobs, so that an attempt which
/// always ends early is not begun for ever. An attempt that a person asked for has none of them.
public struct AttemptStart: Codable, Sendable, Equatable {
    /// Attempts in a row that ended by themselves without a new checkpoint.
    public var endedByThemselves = 0
    /// Attempts in a row that something outside ended before a new checkpoint.
    public var endedFromOutside = 0

    public init(endedByThemselves: Int = 0, endedFromOutside: Int = 0) {
        self.endedByThemselves = endedByThemselves
        self.endedFromOutside = endedFromOutside
    }

    enum CodingKeys: String, CodingKey {
        case endedByThemselves = "ended_by_themselves"
        case endedFromOutside = "ended_from_outside"
    }
}

/// A whole checkpoint of an attempt, which later attempts read.
public struct RunCheckpoint: Sendable, Equatable {
    public let attempt: Int
    public let step: Int
    public let url: URL
}
