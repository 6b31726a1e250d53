//! Work that nobody waits for.

/// Runs it on a thread of its own that others go before, and waits for its end.
/// Nothing when it panicked or there is no thread to be had.
pub fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let quietly = move || {
        #[cfg(target_os = "linux")]
        {
            // There this is the priority of the thread alone, and of those it starts.
            let _ = rustix::process::setpriority_process(None, NICE);
        }
        work()
    };
    let thread = std::thread::Builder::new().name("sofos-quiet".into());
    thread.spawn(quietly).ok()?.join().ok()
}

/// How much others go before.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

#[cfg(test)]
mod tests {
    use super::run;

    #[test]
    fn the_work_is_done_and_a_panic_stays_there() {
        assert_eq!(run(|| 7), Some(7));
        assert_eq!(run(|| -> u8 { panic!("x") }), None);
    }
}
