//! Formulas as text a terminal can show: `\frac{a}{b}` as a/b, `x^2` as x².

use super::theme::Glyphs;

/// Deeper nesting is left as it is.
const MAX_DEPTH: usize = 16;

/// Commands and what they look like.
const NAMES: &[(&str, &str)] = &[
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ε"),
    ("varepsilon", "ε"),
    ("zeta", "ζ"),
    ("eta", "η"),
    ("theta", "θ"),
    ("iota", "ι"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("nu", "ν"),
    ("xi", "ξ"),
    ("pi", "π"),
    ("rho", "ρ"),
    ("sigma", "σ"),
    ("tau", "τ"),
    ("upsilon", "υ"),
    ("phi", "φ"),
    ("varphi", "φ"),
    ("chi", "χ"),
    ("psi", "ψ"),
    ("omega", "ω"),
    ("Gamma", "Γ"),
    ("Delta", "Δ"),
    ("Theta", "Θ"),
    ("Lambda", "Λ"),
    ("Xi", "Ξ"),
    ("Pi", "Π"),
    ("Sigma", "Σ"),
    ("Phi", "Φ"),
    ("Psi", "Ψ"),
    ("Omega", "Ω"),
    ("le", "≤"),
    ("leq", "≤"),
    ("ge", "≥"),
    ("geq", "≥"),
    ("ne", "≠"),
    ("neq", "≠"),
    ("ll", "≪"),
    ("gg", "≫"),
    ("approx", "≈"),
    ("equiv", "≡"),
    ("sim", "∼"),
    ("propto", "∝"),
    ("pm", "±"),
    ("mp", "∓"),
    ("times", "×"),
    ("cdot", "·"),
    ("div", "÷"),
    ("ast", "∗"),
    ("circ", "∘"),
    ("oplus", "⊕"),
    ("otimes", "⊗"),
    ("sum", "∑"),
    ("prod", "∏"),
    ("int", "∫"),
    ("iint", "∬"),
    ("oint", "∮"),
    ("partial", "∂"),
    ("nabla", "∇"),
    ("infty", "∞"),
    ("forall", "∀"),
    ("exists", "∃"),
    ("in", "∈"),
    ("notin", "∉"),
    ("ni", "∋"),
    ("subset", "⊂"),
    ("subseteq", "⊆"),
    ("supset", "⊃"),
    ("supseteq", "⊇"),
    ("cup", "∪"),
    ("cap", "∩"),
    ("setminus", "∖"),
    ("emptyset", "∅"),
    ("varnothing", "∅"),
    ("land", "∧"),
    ("wedge", "∧"),
    ("lor", "∨"),
    ("vee", "∨"),
    ("neg", "¬"),
    ("lnot", "¬"),
    ("to", "→"),
    ("rightarrow", "→"),
    ("leftarrow", "←"),
    ("gets", "←"),
    ("leftrightarrow", "↔"),
    ("Rightarrow", "⇒"),
    ("implies", "⇒"),
    ("Leftarrow", "⇐"),
    ("Leftrightarrow", "⇔"),
    ("iff", "⇔"),
    ("mapsto", "↦"),
    ("langle", "⟨"),
    ("rangle", "⟩"),
    ("lfloor", "⌊"),
    ("rfloor", "⌋"),
    ("lceil", "⌈"),
    ("rceil", "⌉"),
    ("ldots", "…"),
    ("cdots", "⋯"),
    ("dots", "…"),
    ("vdots", "⋮"),
    ("prime", "′"),
    ("degree", "°"),
    ("angle", "∠"),
    ("perp", "⊥"),
    ("parallel", "∥"),
    ("mid", "|"),
    ("hbar", "ℏ"),
    ("ell", "ℓ"),
    ("star", "⋆"),
    ("therefore", "∴"),
    ("because", "∵"),
    ("vert", "|"),
    ("lvert", "|"),
    ("rvert", "|"),
    ("Vert", "‖"),
    ("lVert", "‖"),
    ("rVert", "‖"),
    ("left", ""),
    ("right", ""),
    ("big", ""),
    ("Big", ""),
    ("bigg", ""),
    ("Bigg", ""),
    ("displaystyle", ""),
    ("limits", ""),
    ("nonumber", ""),
    ("quad", "  "),
    ("qquad", "    "),
    ("bmod", " mod "),
    ("log", "log"),
    ("ln", "ln"),
    ("exp", "exp"),
    ("sin", "sin"),
    ("cos", "cos"),
    ("tan", "tan"),
    ("lim", "lim"),
    ("max", "max"),
    ("min", "min"),
    ("sup", "sup"),
    ("inf", "inf"),
    ("det", "det"),
    ("dim", "dim"),
    ("gcd", "gcd"),
    ("Pr", "Pr"),
    ("arg", "arg"),
];

/// Commands whose argument is shown as it is.
const TRANSPARENT: &[&str] = &[
    "text",
    "textbf",
    "textit",
    "texttt",
    "textrm",
    "mathrm",
    "mathbf",
    "mathit",
    "mathsf",
    "mathtt",
    "mathcal",
    "mathscr",
    "mathfrak",
    "boldsymbol",
    "bm",
    "operatorname",
    "mbox",
    "boxed",
    "overline",
    "underline",
    "hat",
    "bar",
    "vec",
    "tilde",
    "dot",
    "widehat",
    "widetilde",
];

const RAISED: (&str, &str) = (
    "0123456789+-=()nixyabcdefghjklmoprstuvwzT′∗*",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣʸᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷᶻᵀ′**",
);
const LOWERED: (&str, &str) = (
    "0123456789+-=()aehijklmnoprstuvxβγρφχ",
    "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ",
);

/// A formula as text, of one or more lines. Where only ASCII can be shown the
/// source says more than marks that stand for something else.
pub(super) fn plain(tex: &str, glyphs: &Glyphs) -> String {
    if !glyphs.is_utf8() {
        return tex.trim().to_owned();
    }
    let mut reader = Reader { rest: tex };
    let text = reader.until(None, 0);
    let lines = text.lines().map(squeeze).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// Without blanks at the ends and with no more than two in a row.
fn squeeze(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for ch in line.trim().chars() {
        if !(ch == ' ' && out.ends_with("  ")) {
            out.push(ch);
        }
    }
    out
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let ch = self.rest.chars().next()?;
        self.rest = &self.rest[ch.len_utf8()..];
        Some(ch)
    }

    /// Up to a closing bracket, which is taken.
    fn until(&mut self, end: Option<char>, depth: usize) -> String {
        let mut out = String::new();
        while let Some(ch) = self.next() {
            match ch {
                _ if Some(ch) == end => break,
                '{' if depth < MAX_DEPTH => out.push_str(&self.until(Some('}'), depth + 1)),
                '\\' => self.command(&mut out, depth),
                '^' => out.push_str(&script(&self.argument(depth), '^', RAISED)),
                '_' => out.push_str(&script(&self.argument(depth), '_', LOWERED)),
                '&' => out.push(' '),
                '~' | '\n' => out.push(' '),
                '\'' => out.push('′'),
                ch => out.push(ch),
            }
        }
        out
    }

    fn command(&mut self, out: &mut String, depth: usize) {
        let end = self
            .rest
            .find(|ch: char| !ch.is_ascii_alphabetic())
            .unwrap_or(self.rest.len());
        let name = &self.rest[..end];
        self.rest = &self.rest[end..];
        match name {
            "" => match self.next() {
                Some('\\') => out.push('\n'),
                Some(',' | ';' | ':' | ' ') => out.push(' '),
                Some('!') | None => {}
                Some('|') => out.push('‖'),
                Some(ch) => out.push(ch),
            },
            "frac" | "dfrac" | "tfrac" => {
                let (over, under) = (self.argument(depth), self.argument(depth));
                out.push_str(&format!("{}/{}", bracketed(&over), bracketed(&under)));
            }
            "binom" => {
                let (over, under) = (self.argument(depth), self.argument(depth));
                out.push_str(&format!("C({over}, {under})"));
            }
            "sqrt" => {
                let root = self.bracket_argument(depth);
                if let Some(root) = root {
                    out.push_str(&script(&root, '^', RAISED));
                }
                let inside = self.argument(depth);
                out.push_str(&format!("√{}", bracketed(&inside)));
            }
            "begin" | "end" => {
                self.argument(depth);
                out.push('\n');
            }
            "mathbb" => {
                let letter = self.argument(depth);
                out.push_str(blackboard(&letter).unwrap_or(&letter));
            }
            _ if TRANSPARENT.contains(&name) => {
                let inside = self.argument(depth);
                out.push_str(&inside);
            }
            _ => match NAMES.iter().find(|(known, _)| *known == name) {
                Some((_, shown)) => out.push_str(shown),
                None => {
                    out.push('\\');
                    out.push_str(name);
                }
            },
        }
    }

    /// `{…}`, a command, or one character.
    fn argument(&mut self, depth: usize) -> String {
        self.rest = self.rest.trim_start_matches([' ', '\n']);
        if depth >= MAX_DEPTH {
            return String::new();
        }
        match self.next() {
            Some('{') => self.until(Some('}'), depth + 1).trim().to_owned(),
            Some('\\') => {
                let mut out = String::new();
                self.command(&mut out, depth + 1);
                out
            }
            Some(ch) => ch.to_string(),
            None => String::new(),
        }
    }

    fn bracket_argument(&mut self, depth: usize) -> Option<String> {
        let rest = self.rest.strip_prefix('[')?;
        self.rest = rest;
        Some(self.until(Some(']'), depth + 1))
    }
}

/// A part of more than one term in brackets.
fn bracketed(text: &str) -> String {
    let single = text
        .chars()
        .all(|ch| ch.is_alphanumeric() || "√′².".contains(ch));
    if single {
        text.to_owned()
    } else {
        format!("({text})")
    }
}

fn script(text: &str, mark: char, (from, to): (&str, &str)) -> String {
    let shifted: Option<String> = text
        .chars()
        .map(|ch| {
            let at = from.chars().position(|known| known == ch)?;
            to.chars().nth(at)
        })
        .collect();
    match shifted {
        Some(shifted) => shifted,
        None if text.chars().nth(1).is_some() => format!("{mark}({text})"),
        None => format!("{mark}{text}"),
    }
}

fn blackboard(letter: &str) -> Option<&'static str> {
    Some(match letter {
        "C" => "ℂ",
        "E" => "𝔼",
        "N" => "ℕ",
        "P" => "ℙ",
        "Q" => "ℚ",
        "R" => "ℝ",
        "Z" => "ℤ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::theme::Theme;
    use proptest::prelude::*;

    #[test]
    fn formulas_become_text() {
        let glyphs = Theme::new(true).glyphs;
        for (tex, text) in [
            (r"E = mc^2", "E = mc²"),
            (r"\alpha \le \beta_1", "α ≤ β₁"),
            (r"\sum_{i=1}^{n} x_i^2", "∑ᵢ₌₁ⁿ xᵢ²"),
            (r"\frac{a}{b+c}", "a/(b+c)"),
            (r"\sqrt{x^2 + y^2}", "√(x² + y²)"),
            (r"\sqrt[3]{x}", "³√x"),
            (r"e^{-\lambda t}", "e^(-λ t)"),
            (r"x_{max}", "xₘₐₓ"),
            (r"x_Q", "x_Q"),
            (r"\left( \frac12 \right)", "( 1/2 )"),
            (r"f'(x) \to \mathbb{R}", "f′(x) → ℝ"),
            (r"\text{if } x \in \{1, 2\}", "if x ∈ {1, 2}"),
            (
                r"\begin{aligned} a &= b \\ c &= d \end{aligned}",
                "a  = b\nc  = d",
            ),
            (r"\unknown{x}", r"\unknownx"),
            (r"O(n \log n)", "O(n log n)"),
        ] {
            assert_eq!(plain(tex, &glyphs), text, "{tex}");
        }
        assert_eq!(plain(r" \alpha^2 ", &Theme::new(false).glyphs), r"\alpha^2");
    }

    #[test]
    fn the_tables_of_small_letters_have_pairs() {
        for (from, to) in [RAISED, LOWERED] {
            assert_eq!(from.chars().count(), to.chars().count());
        }
    }

    proptest! {
        #[test]
        fn anything_is_survived(tex in r"[\\{}^_a-z0-9 \[\]$é&]{0,60}", deep in 0usize..200) {
            let glyphs = Theme::new(true).glyphs;
            plain(&tex, &glyphs);
            plain(&format!("{}{tex}", r"\frac{".repeat(deep)), &glyphs);
        }
    }
}
