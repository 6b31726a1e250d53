//! `sofos cost`: what a session has cost, and why.

use super::CliError;
use crate::agent::{self, Ledger};
use crate::config::Paths;
use crate::repl::commands::cost_report;
use crate::session::Store;
use crate::stdx::text;

/// Prints what a session has cost: the named one, else the newest.
pub(super) fn run(
    paths: &Paths,
    session: Option<&str>,
    why: bool,
    as_json: bool,
) -> Result<u8, CliError> {
    let store = Store::new(paths.sessions());
    let id = match session {
        Some(wanted) => store.find(wanted)?,
        None => store.newest()?,
    };
    let workspace = paths.workspace.display().to_string();
    let (_, tools) = agent::fixed_overhead(&workspace);
    let ledger: Ledger = agent::ledger(&store.entries(&id)?, tools);
    if as_json {
        let mut value = serde_json::to_value(&ledger).unwrap_or_default();
        value["session"] = id.into();
        println!("{value}");
        return Ok(0);
    }
    println!("session {id}");
    let report = cost_report(&ledger, None, why);
    // The same words as in the terminal, without what only its Markdown needs.
    let plain = report.replace("**", "").replace("`/cost why`", "--why");
    println!("{}", text::clean(&aligned(&plain)));
    Ok(0)
}

/// Markdown tables as columns.
fn aligned(markdown: &str) -> String {
    let mut out = Vec::new();
    let mut table: Vec<Vec<String>> = Vec::new();
    for line in markdown.lines().chain([""]) {
        if let Some(row) = line.strip_prefix('|') {
            let cells = row.trim_end_matches('|').split('|');
            let row: Vec<String> = cells.map(|cell| cell.trim().to_string()).collect();
            if !row
                .iter()
                .all(|cell| cell.chars().all(|c| matches!(c, '-' | ':')))
            {
                table.push(row);
            }
            continue;
        }
        columns(&std::mem::take(&mut table), &mut out);
        out.push(line.to_string());
    }
    out.join("\n").trim_end().to_string()
}

/// The first column to the left, numbers to the right.
fn columns(table: &[Vec<String>], out: &mut Vec<String>) {
    let count = table.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = table.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    for row in table {
        let cells = row.iter().zip(&widths).enumerate();
        let line: Vec<String> = cells
            .map(|(column, (cell, width))| match column {
                0 => format!("{cell:width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        out.push(line.join("  "));
    }
}

#[cfg(test)]
mod tests {
    use super::aligned;

    #[test]
    fn tables_become_columns() {
        let text = aligned("head\n\n| what | n |\n|---|---:|\n| a | 1 |\n| bcdef | 22 |\n\nend");
        assert_eq!(text, "head\n\nwhat    n\na       1\nbcdef  22\n\nend");
    }
}
