//! The `sofos` program: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    sofos::cli::main()
}
