//! A notebook as a page for the model.

use std::fs::Metadata;

use super::cells;
use crate::protocol::permission::ScopedPath;
use crate::stdx::text;
use crate::workspace::document::Document;
use crate::workspace::read::{MAX_BYTES, Page};
use crate::workspace::write::MAX_EDITED;
use crate::workspace::{Workspace, open};

impl Workspace {
    /// `limit` cells from cell `offset` (from 1); nothing when the file is no notebook.
    pub(in crate::workspace) fn read_notebook(
        &self,
        path: &ScopedPath,
        meta: &Metadata,
        offset: u64,
        limit: Option<u64>,
    ) -> Option<Page> {
        let named = path.real().extension().is_some_and(|end| end == "ipynb");
        if !named || meta.len() > MAX_EDITED {
            return None;
        }
        let (bytes, meta) = open::whole(path, MAX_EDITED, "read").ok()?;
        let cells = cells(&Document::open(&bytes).ok()?.text)?;
        self.saw(path.real(), &meta, Some(&bytes));
        let total = cells.len() as u64;
        let first = offset.max(1);
        let (mut out, mut last) = (String::new(), first - 1);
        let wanted = cells.iter().skip(first as usize - 1);
        for cell in wanted.take(limit.unwrap_or(total).max(1) as usize) {
            if !out.is_empty() && out.len() + cell.len() > MAX_BYTES {
                break;
            }
            last += 1;
            out.push_str(text::prefix(cell, MAX_BYTES));
            if cell.len() > MAX_BYTES {
                out.push_str(&format!("\n[… cut: cell of {} bytes]\n", cell.len()));
            }
        }
        let shown = match (total, last) {
            (0, _) => "a notebook without cells".to_string(),
            (total, last) if last < first => format!("the notebook has {total} cells"),
            (total, last) if last < total => format!(
                "cells {first}–{last} of {total}; continue with offset={}",
                last + 1
            ),
            (total, last) => format!("cells {first}–{last} of {total}"),
        };
        out.push_str(&format!("[{shown}; notebook_edit changes cells]\n"));
        Some(Page {
            text: out,
            first,
            last,
            total: Some(total),
        })
    }
}
