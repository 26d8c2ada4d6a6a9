/// The languages that code in responses is written in most.
enum CodeLanguages {
    static let aliases = [
        "py": "python", "python3": "python", "js": "javascript", "jsx": "javascript", "mjs": "javascript",
        "node": "javascript", "ts": "typescript", "tsx": "typescript", "c++": "cpp", "cc": "cpp", "cxx": "cpp",
        "hpp": "cpp", "h": "c", "cs": "csharp", "c#": "csharp", "golang": "go", "rs": "rust", "rb": "ruby",
        "kt": "kotlin", "sh": "bash", "shell": "bash", "zsh": "bash", "console": "bash", "postgresql": "sql",
        "mysql": "sql", "sqlite": "sql", "htm": "html", "xml": "html", "svg": "html", "vue": "html", "scss": "css",
        "less": "css", "yml": "yaml", "patch": "diff", "hs": "haskell", "pl": "perl", "ini": "toml", "jsonc": "json",
        "json5": "json", "jsonl": "json", "make": "bash", "makefile": "bash", "dockerfile": "bash", "objc": "c",
        "jl": "julia", "tex": "latex",
    ]

    static let all: [String: CodeLanguage] = [
        "python": CodeLanguage(
            keywords: words(
                """
                False None True and as assert async await break case class continue def del elif else except finally for
                from global if import in is lambda match nonlocal not or pass raise return try while with yield self
                """),
            lineComments: ["#"],
            strings: [triple("\"\"\""), triple("'''"), .init("\""), .init("'")]),
        "javascript": script(
            """
            async await break case catch class const continue debugger default delete do else export extends false
            finally for from function if import in instanceof let new null of return static super switch this throw true
            try typeof undefined var void while with yield
            """),
        "typescript": script(
            """
            abstract any as async await boolean break case catch class const continue declare default delete do else
            enum export extends false finally for from function if implements import in infer instanceof interface is
            keyof let namespace never new null number of private protected public readonly return static string super
            switch this throw true try type typeof undefined unknown var void while yield
            """),
        "java": curly(
            """
            abstract assert boolean break byte case catch char class const continue default do double else enum extends
            false final finally float for if implements import instanceof int interface long native new null package
            private protected public record return sealed short static super switch synchronized this throw throws
            transient true try var void volatile while yield
            """),
        "c": curly(
            """
            auto bool break case char const continue default do double else enum extern false float for goto if inline
            int long NULL register restrict return short signed sizeof static struct switch true typedef union unsigned
            void volatile while
            """),
        "cpp": curly(
            """
            alignas alignof auto bool break case catch char class co_await co_return co_yield concept const consteval
            constexpr constinit continue decltype default delete do double else enum explicit export extern false final
            float for friend goto if inline int long mutable namespace new noexcept nullptr operator override private
            protected public requires return short signed sizeof static static_cast struct switch template this throw
            true try typedef typename union unsigned using virtual void volatile while
            """),
        "csharp": curly(
            """
            abstract as async await base bool break byte case catch char class const continue decimal default delegate
            do double else enum event explicit extern false finally fixed float for foreach get if implicit in int
            interface internal is lock long namespace new null object operator out override params private protected
            public readonly record ref return sealed set short sizeof static string struct switch this throw true try
            typeof uint ulong using var virtual void volatile while yield
            """),
        "go": curly(
            """
            any bool break byte case chan const continue default defer else error fallthrough false float64 for func go
            goto if import int interface iota map nil package range return rune select string struct switch true type
            uint var
            """, extraStrings: [.init("`", spansLines: true, hasEscapes: false)]),
        "rust": curly(
            """
            as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod
            move mut pub ref return self Self static struct super trait true type unsafe use where while bool char f32
            f64 i8 i16 i32 i64 isize str u8 u16 u32 u64 usize String Vec Option Result
            """, quotes: ["\""]),
        "swift": curly(
            """
            actor any as associatedtype async await break case catch class continue default defer deinit do else enum
            extension fallthrough false fileprivate final for func guard if import in indirect init inout internal is let
            mutating nil open operator override package private protocol public repeat return self Self some static
            struct subscript super switch throw throws true try typealias unowned var weak where while
            """, quotes: ["\""], extraStrings: [.init("\"\"\"", spansLines: true)]),
        "kotlin": curly(
            """
            abstract as break by catch class companion const constructor continue data do else enum false final finally
            for fun if import in init interface internal is lateinit null object open override package private protected
            public return sealed super suspend this throw true try typealias val var vararg when where while
            """, extraStrings: [.init("\"\"\"", spansLines: true)]),
        "scala": curly(
            """
            abstract case catch class def do else enum extends false final finally for given if implicit import lazy match
            new null object override package private protected return sealed super then this throw trait true try type
            val var while with yield
            """),
        "php": CodeLanguage(
            keywords: words(
                """
                abstract and array as break case catch class clone const continue declare default do echo else elseif
                empty extends false final finally fn for foreach function global if implements include instanceof
                interface isset match namespace new null or print private protected public readonly require return static
                switch this throw trait true try unset use var while yield
                """),
            lineComments: ["//", "#"], blockComments: [("/*", "*/")],
            strings: [.init("\"", spansLines: true), .init("'", spansLines: true)]),
        "ruby": CodeLanguage(
            keywords: words(
                """
                alias and begin break case class def defined do else elsif end ensure false for if in module next nil not
                or redo rescue retry return self super then true undef unless until when while yield require puts
                """),
            lineComments: ["#"], strings: [.init("\"", spansLines: true), .init("'", spansLines: true)]),
        "bash": CodeLanguage(
            keywords: words(
                """
                alias break case cd continue declare do done echo elif else esac eval exec exit export fi for function if
                in local read return set shift source test then trap unset until while FROM RUN COPY CMD WORKDIR ENV ARG
                """),
            lineComments: ["#"],
            strings: [.init("\"", spansLines: true), .init("'", spansLines: true, hasEscapes: false)],
            wordCharacters: "-"),
        "sql": CodeLanguage(
            keywords: words(
                """
                add all alter and as asc between by case check column constraint create cross database default delete
                desc distinct drop else end exists foreign from full group having in index inner insert into is join key
                left like limit not null offset on or order outer over partition primary references right select set table
                then union unique update using values view when where with int integer text varchar boolean date
                """),
            lineComments: ["--"], blockComments: [("/*", "*/")],
            strings: [.init("'", spansLines: true, hasEscapes: false), .init("\"", hasEscapes: false)],
            ignoresCase: true),
        "html": CodeLanguage(
            blockComments: [("<!--", "-->")],
            strings: [.init("\"", spansLines: true, hasEscapes: false), .init("'", hasEscapes: false)],
            wordCharacters: "-",
            hasElements: true),
        "css": CodeLanguage(
            keywords: words("important media import keyframes supports font-face from to"),
            blockComments: [("/*", "*/")], strings: [.init("\""), .init("'")], wordCharacters: "-"),
        "json": CodeLanguage(
            keywords: words("true false null"), lineComments: ["//"], blockComments: [("/*", "*/")],
            strings: [.init("\"")]),
        "yaml": CodeLanguage(
            keywords: words("true false null yes no on off"), lineComments: ["#"],
            strings: [.init("\""), .init("'", hasEscapes: false)], wordCharacters: "-"),
        "toml": CodeLanguage(
            keywords: words("true false"), lineComments: ["#", ";"],
            strings: [triple("\"\"\""), .init("\""), .init("'", hasEscapes: false)], wordCharacters: "-"),
        "lua": CodeLanguage(
            keywords: words(
                """
                and break do else elseif end false for function goto if in local nil not or repeat return then true until
                while
                """),
            lineComments: ["--"], blockComments: [("--[[", "]]")], strings: [.init("\""), .init("'")]),
        "r": CodeLanguage(
            keywords: words(
                "break else FALSE for function if in Inf library NA NaN next NULL repeat return TRUE while"),
            lineComments: ["#"], strings: [.init("\"", spansLines: true), .init("'", spansLines: true)],
            wordCharacters: "."),
        "julia": CodeLanguage(
            keywords: words(
                """
                abstract baremodule begin break catch const continue do else elseif end export false finally for function
                global if import in let local macro module mutable nothing primitive quote return struct true try type
                using where while
                """),
            lineComments: ["#"], blockComments: [("#=", "=#")], strings: [triple("\"\"\""), .init("\"")]),
        "haskell": CodeLanguage(
            keywords: words(
                "case class data deriving do else if import in infix infixl infixr instance let module newtype of then type where"
            ),
            lineComments: ["--"], blockComments: [("{-", "-}")], strings: [.init("\"")], wordCharacters: "'"),
        "perl": CodeLanguage(
            keywords: words(
                """
                and do else elsif eval for foreach if last local my next no or our package print require return sub undef
                unless until use while
                """),
            lineComments: ["#"], strings: [.init("\"", spansLines: true), .init("'", spansLines: true)]),
        "latex": CodeLanguage(lineComments: ["%"]),
        "diff": CodeLanguage(isDifference: true),
    ]

    private static func words(_ text: String) -> Set<String> {
        Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }

    private static func triple(_ mark: String) -> CodeLanguage.StringMark { .init(mark, spansLines: true) }

    /// A language with braces, `//` and `/* */`.
    private static func curly(
        _ keywords: String, quotes: [String] = ["\"", "'"], extraStrings: [CodeLanguage.StringMark] = []
    ) -> CodeLanguage {
        CodeLanguage(
            keywords: words(keywords), lineComments: ["//"], blockComments: [("/*", "*/")],
            strings: extraStrings + quotes.map { .init($0) })
    }

    private static func script(_ keywords: String) -> CodeLanguage {
        curly(keywords, extraStrings: [.init("`", spansLines: true)])
    }
}
