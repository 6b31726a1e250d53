//! `--check-connection`.

use super::settings::Chosen;
use super::{CliError, FAILED};
use crate::provider::check;
use crate::stdx::text;

/// Checks and reports; the exit code says whether the model can be reached.
pub(super) fn run(chosen: Chosen) -> Result<u8, CliError> {
    let runtime = super::runtime()?;
    let report = runtime.block_on(check::check_connection(
        chosen.provider.id,
        chosen.config,
        &chosen.model.id,
    ));
    for line in &report.lines {
        println!("{}", text::clean(line));
    }
    Ok(if report.ok { 0 } else { FAILED })
}
