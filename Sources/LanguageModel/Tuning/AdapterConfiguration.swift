internal import Foundation
import JSON

/// `adapter_config.json`: of low-rank products and prompt vectors as PEFT writes and reads it, of bottleneck adapters
/// with fields of our own.
enum AdapterConfiguration {
    static let fileName = "adapter_config.json"

    private static let bottleneck = "BOTTLENECK"

    /// - Parameter base: folder or name of the model that it belongs to.
    static func fields(_ tuning: Tuning, base: String) -> [String: JSONValue] {
        let c = tuning.configuration
        var fields: [String: JSONValue] = [
            "base_model_name_or_path": .string(base), "inference_mode": .bool(true), "revision": .null,
            "task_type": .string(c.head == .scalar ? "SEQ_CLS" : "CAUSAL_LM"),
        ]
        switch tuning.method {
        case .lowRank(let settings):
            fields["peft_type"] = .string("LORA")
            fields["r"] = .integer(settings.rank)
            fields["lora_alpha"] = Int(exactly: settings.alpha).map { .integer($0) } ?? .number(settings.alpha)
            fields["lora_dropout"] = .number(settings.dropout)
            let targets = settings.targets.isEmpty ? c.linearModuleNames : settings.targets
            fields["target_modules"] = .array(Set(targets).sorted().map { .string($0) })
            fields["layers_to_transform"] = list(settings.layers)
            fields["use_rslora"] = .bool(settings.rankStabilised)
            fields["fan_in_fan_out"] = .bool(c.weightLayout == .inputRows)
            for (name, value) in lowRankConstants { fields[name] = value }
        case .promptVectors(let settings):
            fields["peft_type"] = .string("PROMPT_TUNING")
            fields["num_virtual_tokens"] = .integer(settings.count)
            fields["token_dim"] = .integer(c.width)
            fields["num_attention_heads"] = .integer(c.heads)
            fields["num_layers"] = .integer(c.layers)
            fields["num_transformer_submodules"] = .integer(1)
            fields["prompt_tuning_init"] = .string("RANDOM")
        case .bottleneck(let settings):
            fields["peft_type"] = .string(bottleneck)
            fields["width"] = .integer(settings.width)
            fields["activation"] = .string("gelu_new")
            fields["layers_to_transform"] = list(settings.layers)
        case .layers: break
        }
        return fields
    }

    /// What we neither train nor read otherwise.
    private static let lowRankConstants: [String: JSONValue] = [
        "bias": .string("none"), "modules_to_save": .null, "rank_pattern": .object([:]), "alpha_pattern": .object([:]),
        "use_dora": .bool(false), "init_lora_weights": .bool(true), "layers_pattern": .null,
    ]

    /// Fields that ask for what we do not have, unless they are null or empty.
    private static let lowRankForeign = [
        "alora_invocation_tokens", "exclude_modules", "layer_replication", "lora_bias", "target_parameters",
        "trainable_token_indices", "use_qalora",
    ]

    private static func list(_ layers: [Int]?) -> JSONValue {
        layers.map { .array($0.sorted().map { .integer($0) }) } ?? .null
    }

    /// - Throws: `CheckpointError` that names the field which this program does not have.
    static func method(in folder: URL) throws(CheckpointError) -> TuningMethod {
        let file = Fields(try read(folder), folder.appending(path: fileName).path)
        switch file.fields["peft_type"] {
        case .string("LORA"): return .lowRank(try lowRank(file))
        case .string("PROMPT_TUNING"):
            return .promptVectors(PromptVectorSettings(count: try file.size("num_virtual_tokens")))
        case .string(bottleneck):
            return .bottleneck(BottleneckSettings(width: try file.size("width"), layers: try file.layers()))
        case let other:
            throw file.bad("peft_type", other, wanted: "LORA, PROMPT_TUNING or \(bottleneck)")
        }
    }

    private static func lowRank(_ file: Fields) throws(CheckpointError) -> LowRankSettings {
        let foreign = lowRankForeign.map { ($0, JSONValue.null) }
        for (name, usual) in lowRankConstants.sorted(by: { $0.key < $1.key }) + foreign
        where name != "init_lora_weights" {
            let found = file.fields[name] ?? .null
            let isEmpty = found == .array([]) || found == .object([:]) || found == .null || found == .bool(false)
            guard found == usual || isEmpty else { throw file.bad(name, found, wanted: usual.words) }
        }
        var settings = LowRankSettings()
        settings.rank = try file.size("r")
        guard let alpha = file.fields["lora_alpha"]?.doubleValue else {
            throw file.bad("lora_alpha", file.fields["lora_alpha"], wanted: "a number")
        }
        settings.alpha = alpha
        settings.dropout = file.fields["lora_dropout"]?.doubleValue ?? 0
        settings.rankStabilised = file.fields["use_rslora"] == .bool(true)
        settings.layers = try file.layers()
        switch file.fields["target_modules"] {
        case .string("all-linear"): settings.targets = []
        case .array(let names):
            for name in names {
                guard case .string(let text) = name else {
                    throw file.bad("target_modules", name, wanted: "names of modules")
                }
                settings.targets.append(text)
            }
            settings.targets.sort()
        case let other: throw file.bad("target_modules", other, wanted: "a list of names, or \"all-linear\"")
        }
        return settings
    }

    static func read(_ folder: URL) throws(CheckpointError) -> [String: JSONValue] {
        try Checkpoint.decode(folder.appending(path: fileName))
    }

    private struct Fields {
        let fields: [String: JSONValue]
        let file: String

        init(_ fields: [String: JSONValue], _ file: String) {
            self.fields = fields
            self.file = file
        }

        func bad(_ field: String, _ value: JSONValue?, wanted: String) -> CheckpointError {
            .badField(file: file, field: field, value: value?.words ?? "missing", wanted: wanted)
        }

        func size(_ field: String) throws(CheckpointError) -> Int {
            guard let value = fields[field]?.integerValue, value > 0, value <= 1 << 16 else {
                throw bad(field, fields[field], wanted: "a whole number from 1 to \(1 << 16)")
            }
            return value
        }

        func layers() throws(CheckpointError) -> [Int]? {
            switch fields["layers_to_transform"] {
            case nil, .null: return nil
            case .integer(let one): return [one]
            case .array(let list):
                var layers: [Int] = []
                for item in list {
                    guard let layer = item.integerValue else {
                        throw bad("layers_to_transform", item, wanted: "numbers of layers")
                    }
                    layers.append(layer)
                }
                return layers
            case let other: throw bad("layers_to_transform", other, wanted: "numbers of layers")
            }
        }
    }
}
