//! The program: parse arguments, call the library, print one error.

use std::process::ExitCode;

fn main() -> ExitCode {
    interlock::cli::main(std::env::args_os())
}
