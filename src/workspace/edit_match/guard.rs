//! Texts that must never get into a file.

/// Start of every mark that stands for text cut from a result. It is never
/// written to a file.
pub const CUT_MARK: &str = "[… cut:";

/// What a placeholder with an ellipsis before it says.
const PHRASES: [&str; 14] = [
    "existing",
    "rest of",
    "remaining",
    "unchanged",
    "previous code",
    "other code",
    "same as before",
    "same as above",
    "omitted",
    "truncated",
    "more lines",
    "your code",
    "code here",
    "as before",
];

/// What it begins with where the ellipsis is behind it.
const OPENINGS: [&str; 7] = [
    "rest of",
    "remaining",
    "unchanged",
    "previous code",
    "other code",
    "omitted",
    "truncated",
];

/// What a comment without an ellipsis says when it stands for code.
const BARE: [&str; 17] = [
    "existing code",
    "existing content",
    "existing implementation",
    "rest unchanged",
    "unchanged code",
    "rest of the code",
    "rest of code",
    "rest of the file",
    "rest of file",
    "rest of the function",
    "rest of the method",
    "rest of the class",
    "code omitted",
    "rest of implementation",
    "rest of the implementation",
    "previous implementation",
    "rest",
];

/// What may follow it.
const TAILS: [&str; 13] = [
    "",
    "here",
    "goes here",
    "unchanged",
    "omitted",
    "remains",
    "remains unchanged",
    "remains the same",
    "stays the same",
    "is unchanged",
    "as before",
    "for brevity",
    "omitted for brevity",
];

/// How comments begin.
const COMMENTS: [&str; 10] = ["//", "#", "/*", "*", "<!--", "{/*", ";", "--", "%", "'"];

/// Most words of a comment that stands for code, where it is not said in so many.
const FEW: usize = 5;

/// A line of `new` that stands for code instead of being code, unless it is known
/// to be in the file.
pub fn placeholder(new: &str, known: impl Fn(&str) -> bool) -> Option<&str> {
    new.lines()
        .map(str::trim)
        .find(|line| stands_in(line) && !known(line))
}

/// Whether a text has this line, whatever blanks are around it.
pub(in crate::workspace) fn has_line(text: &str, line: &str) -> bool {
    text.lines().any(|known| known.trim() == line)
}

fn stands_in(line: &str) -> bool {
    if line.contains(CUT_MARK) {
        return true;
    }
    if line.len() > 160 {
        return false;
    }
    let comment = COMMENTS.iter().any(|mark| line.starts_with(mark));
    let bracketed = line.starts_with('[') && line.ends_with(']');
    let inner = line
        .trim_start_matches([
            '/', '#', '*', '<', '!', '-', ';', '%', '\'', '(', '[', '{', ' ',
        ])
        .trim_end_matches(['/', '*', '>', '-', ')', ']', '}', ' '])
        .to_lowercase();
    let dots = |ch| ch == '.' || ch == '…';
    let begins = inner.starts_with("...") || inner.starts_with('…');
    let ends = inner.ends_with("...") || inner.ends_with('…');
    let words = inner.trim_matches(|ch| dots(ch) || ch == ' ');
    if words.is_empty() {
        // `// ...` stands for code; a bare `...` is Python.
        return begins && comment && !line.starts_with("*");
    }
    let any = |phrases: &[&str], fits: &dyn Fn(&str) -> bool| phrases.iter().any(|p| fits(p));
    // `...existing` without a blank spreads a variable.
    let apart = comment || inner.trim_start_matches(dots).starts_with(' ');
    if begins && apart && any(&PHRASES, &|phrase| words.contains(phrase)) {
        return true;
    }
    // `// ... other methods ...`, whatever it calls them.
    if comment && begins && ends && words.split_whitespace().count() <= FEW {
        return true;
    }
    let opens = |phrase: &str| words.starts_with(phrase);
    if ends && (any(&OPENINGS, &opens) || any(&BARE, &opens)) {
        return true;
    }
    if bracketed && any(&OPENINGS, &opens) {
        return true;
    }
    // `// body (unchanged)`, whatever it calls it.
    let said = |mark: &&str| words.contains(mark) || words == mark.trim_start_matches('(');
    let bracketed = line.contains('(') && line.contains(')');
    let aside = comment && bracketed && words.split_whitespace().count() <= FEW;
    if aside && ["(unchanged", "(no changes", "(omitted"].iter().any(said) {
        return true;
    }
    let words = words.strip_prefix("the ").unwrap_or(words);
    let says_it_all = |phrase: &str| {
        words.strip_prefix(phrase).is_some_and(|after| {
            TAILS.contains(&after.trim()) && !(phrase == "rest" && after.trim().len() < 6)
        })
    };
    comment && any(&BARE, &says_it_all)
}

/// A comment of `new` that likely stands for the code that `old` has and `new` has not.
pub(in crate::workspace) fn stands_for_lost<'a>(old: &str, new: &'a str) -> Option<&'a str> {
    if new.lines().count() >= old.lines().count() {
        return None;
    }
    new.lines().map(str::trim).find(|line| {
        let comment = COMMENTS.iter().any(|mark| line.starts_with(mark));
        let words = line
            .trim_matches(|ch: char| !ch.is_alphanumeric())
            .to_lowercase();
        let words = words.strip_prefix("keep ").unwrap_or(&words);
        let words = words.strip_prefix("the ").unwrap_or(words);
        let opens = [
            "rest",
            "remaining",
            "existing",
            "other",
            "unchanged",
            "omitted",
        ]
        .iter()
        .any(|word| words.split_whitespace().next() == Some(word));
        let opens = opens || ["same as before", "no changes"].contains(&words);
        comment && opens && words.split_whitespace().count() <= FEW && !has_line(old, line)
    })
}

/// Marks of a merge conflict, a diff or a tool call, which are no content.
pub(in crate::workspace) fn foreign_mark(new: &str, known: impl Fn(&str) -> bool) -> Option<&str> {
    new.lines().find(|line| {
        let hunk = line
            .strip_prefix("@@ -")
            .is_some_and(|rest| rest.contains(" @@") && rest.contains('+'));
        let marked = [
            "<<<<<<< ",
            ">>>>>>> ",
            "*** Begin Patch",
            "*** End Patch",
            "*** Update File:",
        ]
        .iter()
        .any(|mark| line.starts_with(mark));
        let tag = ["</new_string>", "</old_string>", "</parameter>"].contains(&line.trim());
        (hunk || marked || tag || *line == "<<<<<<<" || *line == ">>>>>>>") && !known(line)
    })
}

/// Whether `new` is `old` with a diff's signs before its lines.
pub(in crate::workspace) fn is_diff_of(old: &str, new: &str) -> bool {
    let mut kept = Vec::new();
    let mut signs = 0;
    for line in new.trim_end_matches('\n').split('\n') {
        match line.split_at_checked(1) {
            Some(("-", rest)) => {
                signs += 1;
                kept.push(rest);
            }
            Some((" ", rest)) => kept.push(rest),
            Some(("+", _)) => signs += 1,
            None => kept.push(line),
            Some(_) => return false,
        }
    }
    let old: Vec<&str> = old.trim_end_matches('\n').split('\n').collect();
    signs > 0 && kept == old
}

/// Whether every line begins with a number as `read_file` shows it. The tab of an empty
/// line is easily lost.
pub(in crate::workspace) fn has_gutter(text: &str) -> bool {
    let mut lines = text.lines().peekable();
    let mut told = false;
    lines.peek().is_some()
        && lines.all(|line| {
            let (number, _) = line.split_once('\t').unwrap_or((line, ""));
            told |= number.len() < line.len();
            let digits = number.trim_start_matches(' ');
            number.len() >= 6
                && digits.len() < number.len()
                && !digits.is_empty()
                && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
        && told
}
