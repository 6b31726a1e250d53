//! Sums: `$((…))` and `for ((…))`. The value of a variable in one is computed too, and
//! may run commands.

use super::analysis::NUMBER;
use super::assignments::is_harmless_variable;
use super::walk::{MAX_ROUNDS, Value, Walker};
use crate::permission::shell::is_identifier;

impl Walker<'_> {
    /// Checks a sum: numbers, operators, and variables known to be numbers. The
    /// value of any other would be computed too, and may run commands.
    pub fn sum(&self, text: &str) -> Result<(), String> {
        let odd = || Err("it computes something odd".to_string());
        let assigns = text
            .replace("==", "")
            .replace("<=", "")
            .replace(">=", "")
            .replace("!=", "");
        if assigns.contains('=') || text.contains("++") || text.contains("--") {
            return odd();
        }
        let is_word = |ch: char| ch.is_ascii_alphanumeric() || ch == '_';
        let mut rest = text;
        while let Some(start) = rest.find(|ch: char| is_word(ch) || ch == '$') {
            let word = rest[start..].strip_prefix('$').unwrap_or(&rest[start..]);
            let length = word.find(|ch: char| !is_word(ch)).unwrap_or(word.len());
            let name = &word[..length];
            let number = |text: &str| {
                !text.is_empty() && text.len() < 19 && text.bytes().all(|b| b.is_ascii_digit())
            };
            let known = match self.vars.get(name) {
                Some(value) => value.is_number(),
                None => number(name) && !rest[start..].starts_with('$'),
            };
            if !known {
                return odd();
            }
            rest = &word[length..];
        }
        Ok(())
    }

    /// Goes through sums between commas that may set variables, to numbers.
    pub fn computes(&mut self, text: &str) -> Result<(), String> {
        for sum in text.split(',') {
            let sum = sum.trim();
            let Some((name, keeps, rest)) = assignment(sum) else {
                self.sum(sum)?;
                continue;
            };
            let known = self.vars.get(name).is_some_and(Value::is_number);
            if !is_harmless_variable(name) || (keeps && !known) {
                return Err("it computes something odd".to_string());
            }
            self.sum(rest)?;
            let number = Value::Text(NUMBER.to_string());
            self.vars.insert(name.to_string(), number);
        }
        Ok(())
    }
}

/// The name that a sum sets, whether its old value counts, and what is computed.
fn assignment(sum: &str) -> Option<(&str, bool, &str)> {
    for step in ["++", "--"] {
        let name = sum.strip_suffix(step).or_else(|| sum.strip_prefix(step));
        if let Some(name) = name.map(str::trim).filter(|name| is_identifier(name)) {
            return Some((name, true, ""));
        }
    }
    let (before, rest) = sum.split_once('=')?;
    let keeps = before.ends_with(['+', '-', '*', '/', '%']);
    let name = before[..before.len() - usize::from(keeps)].trim();
    (is_identifier(name) && !rest.starts_with('=')).then_some((name, keeps, rest))
}

/// The variable and its values when the sums of a loop count from one number up to
/// another.
pub fn rounds([first, check, step]: &[String; 3]) -> Option<(String, Vec<String>)> {
    let plain = |text: &str| text.replace(' ', "");
    let number = |text: &str| text.parse::<u16>().ok().filter(|n| n.to_string() == text);
    let (first, check, step) = (plain(first), plain(check), plain(step));
    let (name, from) = first.split_once('=')?;
    let (other, to) = check.split_once('<')?;
    let steps = [
        format!("{name}++"),
        format!("++{name}"),
        format!("{name}+=1"),
    ];
    if !is_identifier(name) || other != name || !steps.contains(&step) {
        return None;
    }
    let to = match to.strip_prefix('=') {
        Some(to) => number(to)?.checked_add(1)?,
        None => number(to)?,
    };
    let values = number(from)?..to;
    (values.len() <= MAX_ROUNDS)
        .then(|| (name.to_string(), values.map(|n| n.to_string()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_that_count_are_gone_through() {
        let sums = |text: &str| {
            let parts: Vec<String> = text.split(';').map(str::to_string).collect();
            let parts: [String; 3] = parts.try_into().unwrap();
            rounds(&parts).map(|(name, values)| format!("{name} {}", values.join(" ")))
        };
        for (text, expected) in [
            ("i=0;i<3;i++", Some("i 0 1 2")),
            ("i = 1; i <= 3; i += 1", Some("i 1 2 3")),
            ("i=3;i<3;++i", Some("i ")),
            ("i=0;i<n;i++", None),
            ("i=0;j<3;i++", None),
            ("i=0;i<3;i+=2", None),
            ("i=01;i<3;i++", None),
            ("i=0;i<3;j++", None),
            ("i=3;i>0;i--", None),
        ] {
            assert_eq!(sums(text).as_deref(), expected, "{text}");
        }
    }
}
