//! Opens the door: see the library for the house behind it.

fn main() -> regen::cli::Exit {
    regen::cli::run(std::env::args_os())
}
