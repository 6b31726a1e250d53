//! The system call filter: a small program in the kernel's packet filter language.

use std::io;

use super::sys::{self, call};

#[cfg(target_arch = "x86_64")]
const ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCH: u32 = 0xc000_00b7;
#[cfg(target_arch = "riscv64")]
const ARCH: u32 = 0xc000_00f3;
// No value the kernel reports: the filter ends every process, and the probe finds out.
#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "riscv64"
)))]
const ARCH: u32 = 0;

/// Answered with "not permitted".
const REFUSED: &[libc::c_long] = &[
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // Ways around a filter, and kernel parts with a bad record.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_userfaultfd,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    // Keyrings are not divided by namespaces.
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    // Mounts and namespaces.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_setns,
    libc::SYS_open_by_handle_at,
    // The machine as a whole.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_syslog,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_vhangup,
];

/// Every flag that makes a namespace.
const NAMESPACES: u32 = (libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP) as u32;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const KILL: u32 = libc::SECCOMP_RET_KILL_PROCESS;
const REFUSE: u32 = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
const UNKNOWN: u32 = libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32;

/// Offsets in `struct seccomp_data`; arguments are 64 bits wide, low half first.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const fn argument(index: u32) -> u32 {
    16 + 8 * index
}

const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const AND: u16 = (libc::BPF_ALU | libc::BPF_AND | libc::BPF_K) as u16;
const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const ANY_BIT: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
#[cfg(target_arch = "x86_64")]
const AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

fn step(code: u16, k: u32, jt: u8, jf: u8) -> libc::sock_filter {
    libc::sock_filter { code, jt, jf, k }
}

/// `when the call is NUMBER, do these steps`; the steps must end in a return.
fn on(program: &mut Vec<libc::sock_filter>, number: libc::c_long, body: &[libc::sock_filter]) {
    let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
    program.push(step(EQUAL, number as u32, 0, length));
    program.extend_from_slice(body);
}

/// The filter. `inet`: sockets of the Internet families exist (in a network
/// namespace of their own, or because the network is allowed).
fn program(inet: bool) -> Vec<libc::sock_filter> {
    let mut out = vec![
        step(LOAD, ARCHITECTURE, 0, 0),
        step(EQUAL, ARCH, 1, 0),
        step(RETURN, KILL, 0, 0),
        step(LOAD, NUMBER, 0, 0),
    ];
    // The x32 calls are the same calls under other numbers.
    #[cfg(target_arch = "x86_64")]
    out.extend([
        step(AT_LEAST, 0x4000_0000, 0, 1),
        step(RETURN, UNKNOWN, 0, 0),
    ]);
    for number in REFUSED {
        on(&mut out, *number, &[step(RETURN, REFUSE, 0, 0)]);
    }
    #[cfg(target_arch = "x86_64")]
    for number in [libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_kexec_file_load] {
        on(&mut out, number, &[step(RETURN, REFUSE, 0, 0)]);
    }
    // Its flags lie behind a pointer; libraries fall back to clone.
    on(&mut out, libc::SYS_clone3, &[step(RETURN, UNKNOWN, 0, 0)]);
    for number in [libc::SYS_clone, libc::SYS_unshare] {
        let body = [
            step(LOAD, argument(0), 0, 0),
            step(ANY_BIT, NAMESPACES, 0, 1),
            step(RETURN, REFUSE, 0, 0),
            step(RETURN, ALLOW, 0, 0),
        ];
        on(&mut out, number, &body);
    }
    // Pushing input into a terminal, or commanding a console.
    let body = [
        step(LOAD, argument(1), 0, 0),
        step(EQUAL, libc::TIOCSTI as u32, 1, 0),
        step(EQUAL, libc::TIOCLINUX as u32, 0, 1),
        step(RETURN, REFUSE, 0, 0),
        step(RETURN, ALLOW, 0, 0),
    ];
    on(&mut out, libc::SYS_ioctl, &body);
    on(&mut out, libc::SYS_socket, &socket(inet));
    // Pairs of streams only: a datagram socket of a pair can be sent elsewhere.
    let body = [
        step(LOAD, argument(1), 0, 0),
        step(AND, 0xf, 0, 0),
        step(EQUAL, libc::SOCK_STREAM as u32, 2, 0),
        step(EQUAL, libc::SOCK_SEQPACKET as u32, 1, 0),
        step(RETURN, REFUSE, 0, 0),
        step(RETURN, ALLOW, 0, 0),
    ];
    on(&mut out, libc::SYS_socketpair, &body);
    out.push(step(RETURN, ALLOW, 0, 0));
    out
}

/// Internet streams and datagrams, and asking the kernel for routes. Sockets of
/// the Unix family reach daemons through the file system: refused.
fn socket(inet: bool) -> Vec<libc::sock_filter> {
    let (v4, v6) = (libc::AF_INET as u32, libc::AF_INET6 as u32);
    let mut out = vec![step(LOAD, argument(0), 0, 0)];
    if inet {
        out.extend([
            step(EQUAL, v4, 1, 0),
            step(EQUAL, v6, 0, 6),
            step(LOAD, argument(1), 0, 0),
            step(AND, 0xf, 0, 0),
            step(EQUAL, libc::SOCK_STREAM as u32, 2, 0),
            step(EQUAL, libc::SOCK_DGRAM as u32, 1, 0),
            step(RETURN, REFUSE, 0, 0),
            step(RETURN, ALLOW, 0, 0),
        ]);
    }
    out.extend([
        step(EQUAL, libc::AF_NETLINK as u32, 0, 3),
        step(LOAD, argument(2), 0, 0),
        step(EQUAL, libc::NETLINK_ROUTE as u32, 0, 1),
        step(RETURN, ALLOW, 0, 0),
        step(RETURN, REFUSE, 0, 0),
    ]);
    out
}

/// Puts the filter on this process and all it starts. Needs `no_new_privs`.
pub(super) fn install(inet: bool) -> io::Result<()> {
    let mut filter = program(inet);
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).map_err(io::Error::other)?,
        filter: filter.as_mut_ptr(),
    };
    sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0)?;
    let mode = libc::SECCOMP_SET_MODE_FILTER;
    call!(libc::SYS_seccomp, mode, 0, &raw const program)?;
    Ok(())
}
