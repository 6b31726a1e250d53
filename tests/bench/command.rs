//! What a command costs beyond itself: starting the shell, reading its output,
//! noticing its end.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group};
use sofos::exec::Env;
use sofos::exec::shell::{self, ShellRequest};
use sofos::protocol::sandbox::SandboxPolicy;
use tokio_util::sync::CancellationToken;

fn commands(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("runtime");
    let env = Env::scrubbed(std::env::vars_os());
    let cwd = std::env::temp_dir();
    let off = SandboxPolicy::Off;
    let confined = SandboxPolicy::workspace(cwd.join("sofos-bench"));
    std::fs::create_dir_all(cwd.join("sofos-bench")).expect("workspace");
    for (name, command, sandbox) in [
        ("true", "true", &off),
        ("true, confined", "true", &confined),
        ("10 MB of output", "head -c 10000000 /dev/zero", &off),
    ] {
        criterion.bench_function(&format!("run/{name}"), |bencher| {
            bencher.iter(|| {
                let mut bytes = 0;
                let request = ShellRequest {
                    command,
                    cwd: &cwd,
                    timeout: Duration::from_secs(60),
                    env: &env,
                    sandbox,
                };
                let cancel = CancellationToken::new();
                let run = shell::run(request, |piece| bytes += piece.len(), &cancel);
                runtime.block_on(run).expect("run");
                black_box(bytes)
            });
        });
    }
}

criterion_group!(benches, commands);

fn main() {
    // Confined commands start this program again.
    sofos::exec::sandbox::entry();
    benches();
    Criterion::default().configure_from_args().final_summary();
    sofos::exec::sandbox::clean_up();
}
