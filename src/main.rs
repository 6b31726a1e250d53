//! The `sofos` program: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    sofos::exec::sandbox::entry();
    sofos::cli::main()
}
