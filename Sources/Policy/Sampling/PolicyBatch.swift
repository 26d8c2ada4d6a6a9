import LanguageModel
import Preferences

/// Calls to a policy that are in work, decoded as one batch; the sampler's lock guards it.
struct PolicyBatch {
    /// Is given a response's new text; false cancels the response.
    typealias OnPiece = @Sendable (_ request: Int, _ response: Int, _ piece: ResponsePiece) -> Bool
    /// Is given the responses of a call when all have ended, or what went wrong.
    typealias Ending = @Sendable (Result<[[PolicyResponse]], any Error>) -> Void

    /// A call: several requests that are answered together.
    fileprivate struct Call {
        var requests: [PreparedRequest]
        var readers: [[ResponseReader]]
        /// Of each request, once it has ended.
        var sampled: [[SampledResponse]?]
        /// Whether anything has to be read as it comes.
        var reads: Bool
        var onPiece: OnPiece?
        var isCancelled: (@Sendable () -> Bool)?
        var onEnd: Ending
        /// A call that was broken off gets no responses.
        var failure: (any Error)?

        var hasEnded: Bool { failure != nil || sampled.allSatisfy { $0 != nil } }
    }

    private let batch: SamplingBatch
    private var calls: [Int: Call] = [:]
    private var places: [SamplingBatch.ID: (call: Int, request: Int)] = [:]
    private var nextCall = 0

    init(_ batch: SamplingBatch) { self.batch = batch }

    var isIdle: Bool { calls.isEmpty }
    /// Calls of which something has no room yet.
    var waitingCount: Int { batch.waitingCount == 0 ? 0 : waitingCalls.count }

    private var waitingCalls: Set<Int> { Set(places.filter { batch.isWaiting($0.key) }.map(\.value.call)) }

    /// Most tokens of each response within a share of the memory for keys and values.
    func room(prompt: Int, responses: Int, share: Double) -> Int {
        batch.room(prompt: prompt, responses: responses, share: share)
    }

    /// - Throws: what the engine says of a request that cannot be answered; nothing has begun then.
    mutating func begin(
        _ requests: [PreparedRequest], template: PromptTemplate,
        onPiece: OnPiece?, isCancelled: (@Sendable () -> Bool)?, onEnd: @escaping Ending
    ) throws {
        var ids: [SamplingBatch.ID] = []
        do {
            for (index, one) in requests.enumerated() { ids.append(try batch.add(one.sampling, index: index)) }
        } catch {
            for id in ids { batch.cancel(id) }
            throw error
        }
        for (request, id) in ids.enumerated() { places[id] = (nextCall, request) }
        calls[nextCall] = Call(
            requests: requests,
            readers: requests.map { one in
                one.seeds.map { _ in ResponseReader(template: template, stop: one.request.options.stop) }
            },
            sampled: requests.map { _ in nil },
            reads: onPiece != nil || isCancelled != nil || requests.contains { !$0.request.options.stop.isEmpty },
            onPiece: onPiece, isCancelled: isCancelled, onEnd: onEnd)
        nextCall += 1
    }

    /// One token more of every response in work.
    /// - Returns: what to call once the lock is released: the ends of calls that have ended.
    mutating func step(template: PromptTemplate) -> [@Sendable () -> Void] {
        dropCancelled()
        var calls = calls
        self.calls = [:]
        let places = places
        let finished = batch.step { id, response, token in
            guard let place = places[id], calls[place.call]?.reads == true else { return true }
            return calls[place.call]?.read(token, request: place.request, response: response) ?? false
        }
        for one in finished {
            guard let place = self.places.removeValue(forKey: one.id) else { continue }
            switch one.responses {
            case .success(let responses): calls[place.call]?.sampled[place.request] = responses
            case .failure(let error): calls[place.call]?.failure = error
            }
        }
        let ended = calls.keys.sorted().filter { calls[$0]?.hasEnded == true }
        var ends: [@Sendable () -> Void] = []
        for key in ended {
            guard let call = calls.removeValue(forKey: key) else { continue }
            if call.failure != nil { breakOff(key) }
            let result = call.result(template: template)
            let onEnd = call.onEnd
            ends.append { onEnd(result) }
        }
        self.calls = calls
        return ends
    }

    /// Breaks off the calls that nobody wants any more and that still wait for room; those that decode end at their next
    /// token.
    private mutating func dropCancelled() {
        for key in waitingCalls where calls[key]?.isCancelled?() == true {
            calls[key]?.failure = CancellationError()
            breakOff(key)
        }
    }

    /// Lets what a call still has in work go.
    private mutating func breakOff(_ call: Int) {
        for (id, place) in places where place.call == call {
            batch.cancel(id)
            places[id] = nil
        }
    }
}

fileprivate extension PolicyBatch.Call {
    /// - Returns: whether the response goes on.
    mutating func read(_ token: SampledToken, request: Int, response: Int) -> Bool {
        let piece = readers[request][response].append(token)
        let wanted = isCancelled?() != true && (piece.map { onPiece?(request, response, $0) ?? true } ?? true)
        if !wanted { readers[request][response].cancelled = true }
        return wanted && !readers[request][response].stopped
    }

    func result(template: PromptTemplate) -> Result<[[PolicyResponse]], any Error> {
        if let failure { return .failure(failure) }
        var readers = readers
        return .success(
            requests.indices.map { index in
                let one = requests[index]
                let responses = sampled[index] ?? []
                return responses.indices.map { k in
                    let (response, rest) = readers[index][k].response(
                        responses[k], template: template, seed: one.seeds[k], options: one.request.options)
                    if let rest { _ = onPiece?(index, k, rest) }
                    return response
                }
            })
    }
}

/// A request in the engine's words.
struct PreparedRequest: Sendable {
    var request: PolicyRequest
    var seeds: [UInt64]
    var sampling: SamplingRequest
}
