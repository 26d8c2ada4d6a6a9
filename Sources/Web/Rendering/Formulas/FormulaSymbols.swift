/// The commands of LaTeX that stand for one character, or for the name of a function.
enum FormulaSymbols {
    /// Commands that are variables or constants: `<mi>`.
    static let identifiers: [String: String] = [
        "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ",
        "eta": "η", "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
        "xi": "ξ", "omicron": "ο", "pi": "π", "varpi": "ϖ", "rho": "ρ", "varrho": "ϱ", "sigma": "σ", "varsigma": "ς",
        "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ",
        "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ",
        "Psi": "Ψ", "Omega": "Ω", "infty": "∞", "emptyset": "∅", "varnothing": "∅", "partial": "∂", "nabla": "∇",
        "hbar": "ℏ", "ell": "ℓ", "Re": "ℜ", "Im": "ℑ", "wp": "℘", "aleph": "ℵ", "imath": "ı", "jmath": "ȷ",
        "top": "⊤", "bot": "⊥", "angle": "∠", "triangle": "△", "square": "□", "Box": "□", "blacksquare": "■",
        "bullet": "•", "degree": "°", "circ": "∘", "prime": "′", "ldots": "…", "dots": "…", "dotsc": "…", "cdots": "⋯",
        "dotsb": "⋯", "vdots": "⋮", "ddots": "⋱", "$": "$", "%": "%", "#": "#", "_": "_", "S": "§", "P": "¶",
        "pounds": "£", "checkmark": "✓", "dagger": "†", "ddagger": "‡", "star": "⋆", "clubsuit": "♣", "spadesuit": "♠",
        "heartsuit": "♥", "diamondsuit": "♦", "complement": "∁",
    ]

    /// Commands that are operators or relations: `<mo>`.
    static let operators: [String: String] = [
        "pm": "±", "mp": "∓", "times": "×", "div": "÷", "cdot": "⋅", "ast": "∗", "oplus": "⊕", "ominus": "⊖",
        "otimes": "⊗", "oslash": "⊘", "odot": "⊙", "wedge": "∧", "land": "∧", "vee": "∨", "lor": "∨", "cap": "∩",
        "cup": "∪", "sqcap": "⊓", "sqcup": "⊔", "setminus": "∖", "neg": "¬", "lnot": "¬", "forall": "∀",
        "exists": "∃", "nexists": "∄", "in": "∈", "notin": "∉", "ni": "∋", "subset": "⊂", "supset": "⊃",
        "subseteq": "⊆", "supseteq": "⊇", "subsetneq": "⊊", "supsetneq": "⊋", "leq": "≤", "le": "≤", "leqslant": "⩽",
        "geq": "≥", "ge": "≥", "geqslant": "⩾", "ll": "≪", "gg": "≫", "neq": "≠", "ne": "≠", "equiv": "≡",
        "approx": "≈", "sim": "∼", "simeq": "≃", "cong": "≅", "propto": "∝", "doteq": "≐", "prec": "≺", "succ": "≻",
        "preceq": "⪯", "succeq": "⪰", "parallel": "∥", "nparallel": "∦", "perp": "⟂", "mid": "∣", "nmid": "∤",
        "models": "⊨", "vdash": "⊢", "dashv": "⊣", "to": "→", "rightarrow": "→", "longrightarrow": "⟶", "gets": "←",
        "leftarrow": "←", "longleftarrow": "⟵", "leftrightarrow": "↔", "longleftrightarrow": "⟷", "Rightarrow": "⇒",
        "Longrightarrow": "⟹", "implies": "⟹", "Leftarrow": "⇐", "Longleftarrow": "⟸", "impliedby": "⟸",
        "Leftrightarrow": "⇔", "Longleftrightarrow": "⟺", "iff": "⟺", "mapsto": "↦", "longmapsto": "⟼",
        "hookrightarrow": "↪", "uparrow": "↑", "downarrow": "↓", "Uparrow": "⇑", "Downarrow": "⇓", "updownarrow": "↕",
        "nearrow": "↗", "searrow": "↘", "swarrow": "↙", "nwarrow": "↖", "rightharpoonup": "⇀",
        "rightleftharpoons": "⇌", "leadsto": "⇝", "therefore": "∴", "because": "∵", "colon": ":", "coloneqq": "≔",
        "vert": "|", "Vert": "‖", "backslash": "∖", "triangleq": "≜", "lesssim": "≲", "gtrsim": "≳", "ltimes": "⋉",
        "rtimes": "⋊", "bowtie": "⋈", "asymp": "≍", "sqsubseteq": "⊑", "sqsupseteq": "⊒", "amalg": "⨿",
        "diamond": "⋄", "bigcirc": "◯", "nsubseteq": "⊈", "lhd": "⊲", "rhd": "⊳", "nleq": "≰", "ngeq": "≱",
        "owns": "∋", "And": "&", "&": "&",
    ]

    /// Operators that grow in a display and take what belongs to them above and below.
    static let large: [String: String] = [
        "sum": "∑", "prod": "∏", "coprod": "∐", "bigcup": "⋃", "bigcap": "⋂", "bigvee": "⋁", "bigwedge": "⋀",
        "bigoplus": "⨁", "bigotimes": "⨂", "bigodot": "⨀", "biguplus": "⨄", "bigsqcup": "⨆",
    ]

    static let integrals: [String: String] = [
        "int": "∫", "iint": "∬", "iiint": "∭", "oint": "∮", "oiint": "∯",
    ]

    /// Functions written upright.
    static let functions: Set<String> = [
        "sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "arcsin", "arccos", "arctan", "log",
        "ln", "lg", "exp", "dim", "ker", "hom", "deg", "arg",
    ]

    /// Functions that take what belongs to them below in a display.
    static let limits: [String: String] = [
        "lim": "lim", "limsup": "lim sup", "liminf": "lim inf", "max": "max", "min": "min", "sup": "sup", "inf": "inf",
        "det": "det", "gcd": "gcd", "Pr": "Pr", "argmax": "arg max", "argmin": "arg min",
    ]

    /// Marks over or under what follows. `isUnder`: below it; `stretches`: as wide as it.
    static let accents: [String: (mark: String, isUnder: Bool, stretches: Bool)] = [
        "hat": ("^", false, false), "widehat": ("^", false, true), "bar": ("¯", false, false),
        "overline": ("¯", false, true), "underline": ("_", true, true), "vec": ("→", false, false),
        "overrightarrow": ("→", false, true), "overleftarrow": ("←", false, true), "tilde": ("~", false, false),
        "widetilde": ("~", false, true), "dot": ("˙", false, false), "ddot": ("¨", false, false),
        "check": ("ˇ", false, false), "breve": ("˘", false, false), "acute": ("´", false, false),
        "grave": ("`", false, false), "mathring": ("˚", false, false), "overbrace": ("⏞", false, true),
        "underbrace": ("⏟", true, true),
    ]

    /// What may stand behind `\left`, `\right` and `\big`.
    static let fences: [String: String] = [
        "lbrace": "{", "rbrace": "}", "{": "{", "}": "}", "langle": "⟨", "rangle": "⟩", "lvert": "|", "rvert": "|",
        "lVert": "‖", "rVert": "‖", "vert": "|", "Vert": "‖", "|": "‖", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈",
        "rceil": "⌉", "lbrack": "[", "rbrack": "]", "backslash": "∖", "uparrow": "↑", "downarrow": "↓",
        "updownarrow": "↕",
    ]

    /// Widths of spaces in em.
    static let spaces: [String: String] = [
        ",": "0.1667em", "thinspace": "0.1667em", ":": "0.2222em", ">": "0.2222em", "medspace": "0.2222em",
        ";": "0.2778em", "thickspace": "0.2778em", "!": "-0.1667em", " ": "0.3333em", "quad": "1em", "qquad": "2em",
        "enspace": "0.5em", "nobreakspace": "0.3333em",
    ]

    static let sizes: [String: String] = [
        "big": "1.2em", "Big": "1.8em", "bigg": "2.4em", "Bigg": "3em", "bigl": "1.2em", "bigr": "1.2em",
        "bigm": "1.2em", "Bigl": "1.8em", "Bigr": "1.8em", "Bigm": "1.8em", "biggl": "2.4em", "biggr": "2.4em",
        "Biggl": "3em", "Biggr": "3em",
    ]
}
