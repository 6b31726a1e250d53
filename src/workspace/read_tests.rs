use super::*;
use std::path::PathBuf;

struct Dir {
    dir: tempfile::TempDir,
    workspace: Workspace,
}

impl Dir {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let workspace = Workspace::open(dir.path()).unwrap();
        Self { dir, workspace }
    }

    fn path(&self, name: &str) -> ScopedPath {
        let real: PathBuf = self.workspace.root().join(name);
        ScopedPath::new(real, name.to_string(), true)
    }

    fn file(&self, bytes: impl AsRef<[u8]>) -> ScopedPath {
        std::fs::write(self.dir.path().join("f"), bytes).unwrap();
        self.path("f")
    }

    fn page(&self, path: &ScopedPath, offset: u64, limit: Option<u64>) -> Page {
        match self.workspace.read(path, offset, limit) {
            Ok(Content::Text(page)) => page,
            other => panic!("{other:?}"),
        }
    }

    fn text(&self, bytes: impl AsRef<[u8]>) -> String {
        let path = self.file(bytes);
        self.page(&path, 1, None).text
    }

    fn error(&self, path: &ScopedPath, offset: u64) -> String {
        self.workspace
            .read(path, offset, None)
            .unwrap_err()
            .to_string()
    }
}

fn numbers(count: usize) -> String {
    (1..=count).map(|n| format!("{n}\n")).collect()
}

#[test]
fn text_is_numbered_and_encodings_are_named() {
    let dir = Dir::new();
    for (bytes, expected) in [
        (&b"a\n\tb \n"[..], "     1\ta\n     2\t\tb \n"),
        (b"no end", "     1\tno end\n"),
        (b"", "[the file is empty]"),
        (b"\n", "     1\t\n"),
        (b"\xef\xbb\xbfbom\n", "     1\tbom\n"),
        (b"a\r\nb\r\n", "     1\ta\n     2\tb\n[CRLF line endings]\n"),
        (b"a\r\nb\n", "     1\ta\n     2\tb\n[mixed line endings]\n"),
        (b"one\rline\n", "     1\tone\rline\n"),
        (b"a\x0cb\xe2\x80\xa8c\n", "     1\ta\u{c}b\u{2028}c\n"),
        (
            b"caf\xe9 \x80\n",
            "     1\tcafé €\n[not valid UTF-8, shown as Latin-1]\n",
        ),
        (
            b"\xc3\xa9 \xff\n",
            "     1\té \u{fffd}\n[not valid UTF-8, bad bytes shown as \u{fffd}]\n",
        ),
        (b"\xff\xfeh\0i\0\n\0", "     1\thi\n[UTF-16]\n"),
        (b"\xfe\xff\0h\0i", "     1\thi\n[UTF-16]\n"),
        (b"\x1b]52;c;aGk=\x07\n", "     1\t\u{1b}]52;c;aGk=\u{7}\n"),
    ] {
        assert_eq!(dir.text(bytes), expected, "{bytes:?}");
    }
}

#[test]
fn pages_say_how_to_go_on() {
    let dir = Dir::new();
    let path = dir.file(numbers(50_000));
    let first = dir.page(&path, 1, None);
    assert!(first.text.starts_with("     1\t1\n"));
    assert!(
        first
            .text
            .ends_with("  2000\t2000\n[lines 1–2000 of 50000; continue with offset=2001]\n")
    );
    let last = dir.page(&path, 49_990, Some(50));
    assert!(last.text.starts_with(" 49990\t49990\n"));
    assert!(last.text.ends_with("[end of file, 50000 lines]\n"));
    assert_eq!((last.first, last.last), (49_990, 50_000));
    let middle = dir.page(&path, 30_000, Some(2));
    assert_eq!(
        middle.text,
        " 30000\t30000\n 30001\t30001\n[lines 30000–30001 of 50000; continue with offset=30002]\n"
    );
    assert_eq!(
        dir.error(&path, 60_000),
        "f has 50000 lines, offset 60000 is beyond its end"
    );
    assert_eq!(
        dir.error(&path, 50_001),
        "f has 50000 lines, offset 50001 is beyond its end"
    );
    assert_eq!(dir.page(&path, 0, Some(0)).text.lines().count(), 2);
    let path = dir.file("a\nb");
    assert_eq!(
        dir.error(&path, 3),
        "f has 2 lines, offset 3 is beyond its end"
    );
    assert_eq!(
        dir.page(&path, 2, None).text,
        "     2\tb\n[end of file, 2 lines]\n"
    );
}

#[test]
fn long_lines_and_pages_are_cut_with_a_mark() {
    let dir = Dir::new();
    let text = dir.text("x".repeat(3_000_000));
    assert!(text.len() < 2_200, "{}", text.len());
    assert!(text.contains("[… cut: line of 3000000 bytes, first 2000 characters shown]"));
    let exact = dir.text("é".repeat(2_000));
    assert!(!exact.contains("cut"));
    let over = dir.text("é".repeat(2_001) + "\r\n");
    assert!(over.contains("[… cut: line of 4002 bytes"), "{over}");
    let page = {
        let path = dir.file(format!("{}\n", "y".repeat(1_000)).repeat(2_000));
        dir.page(&path, 1, None)
    };
    assert!(page.text.len() < MAX_BYTES + 2_000);
    assert!(page.last < 100);
    assert!(
        page.text
            .contains(&format!("continue with offset={}", page.last + 1))
    );
}

#[test]
fn a_huge_file_is_paged() {
    let dir = Dir::new();
    let path = dir.file("first\nsecond\n");
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(path.real())
        .unwrap();
    // Sparse: the zeros after the page take no room on disk.
    file.set_len(6 * 1024 * 1024 * 1024).unwrap();
    assert!(
        dir.error(&path, 1)
            .contains("binary file (6442450944 bytes)")
    );
    let text = format!("{}\n", "z".repeat(99)).repeat(200);
    std::fs::write(path.real(), &text).unwrap();
    let file = std::fs::OpenOptions::new()
        .write(true)
        .open(path.real())
        .unwrap();
    file.set_len(2 * 1024 * 1024 * 1024).unwrap();
    let page = dir.page(&path, 1, Some(150));
    assert_eq!((page.last, page.total), (150, None));
    assert!(
        page.text
            .contains("of a file of 2147483648 bytes; continue with offset=151")
    );
}

#[test]
fn far_lines_are_those_that_counting_finds() {
    let dir = Dir::new();
    // Lines of 7 to 12 bytes over several blocks, the last one without an end.
    let mut text: String = (1..=1_500_000u32).map(|n| format!("line {n}\n")).collect();
    text.push_str("the end");
    let path = dir.file(&text);
    for offset in [100_001, 100_002, 350_000, 700_003, 1_111_111, 1_499_999] {
        let page = dir.page(&path, offset, Some(2));
        let wanted = format!("{offset:>6}\tline {offset}\n{0:>6}\tline {0}\n", offset + 1);
        assert!(page.text.starts_with(&wanted), "{offset}: {}", page.text);
    }
    let page = dir.page(&path, 1_500_001, None);
    assert!(page.text.starts_with("1500001\tthe end\n"), "{}", page.text);
    assert!(dir.error(&path, 1_500_002).contains("has 1500001 lines"));
}

#[test]
fn what_is_no_text_is_refused_at_once() {
    let dir = Dir::new();
    let path = dir.file(b"a\0b\xff");
    assert_eq!(dir.error(&path, 1), "f is a binary file (4 bytes)");
    assert!(
        dir.error(&dir.path("."), 1)
            .contains("is a directory; list_directory")
    );
    assert_eq!(dir.error(&dir.path("none"), 1), "none does not exist");
}

#[cfg(unix)]
#[test]
fn special_files_never_block() {
    let dir = Dir::new();
    let fifo = dir.path("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        fifo.real(),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    assert_eq!(dir.error(&fifo, 1), "pipe is a FIFO, not a regular file");
    let _socket = std::os::unix::net::UnixListener::bind(dir.path("sock").real()).unwrap();
    assert_eq!(
        dir.error(&dir.path("sock"), 1),
        "sock is a socket, not a regular file"
    );
    let zero = ScopedPath::new("/dev/zero".into(), "/dev/zero".into(), false);
    assert_eq!(
        dir.error(&zero, 1),
        "/dev/zero is a device, not a regular file"
    );
    std::os::unix::fs::symlink("f", dir.path("late").real()).unwrap();
    dir.file("x");
    assert!(dir.error(&dir.path("late"), 1).contains("symbolic link"));
}

#[cfg(target_os = "linux")]
#[test]
fn files_in_proc_say_they_are_empty_and_are_not() {
    let dir = Dir::new();
    let version = ScopedPath::new("/proc/version".into(), "/proc/version".into(), false);
    assert!(dir.page(&version, 1, None).text.contains("Linux"));
}

#[test]
fn images_are_known_by_their_bytes() {
    let dir = Dir::new();
    let png = crate::media::image::sample(3, 2);
    let path = dir.file(&png);
    let Content::Image(image) = dir.workspace.read(&path, 1, None).unwrap() else {
        panic!("no image");
    };
    assert_eq!((image.media, &image.bytes), ("image/png", &png));
    let path = dir.file(&png[..20]);
    assert!(dir.error(&path, 1).contains("the PNG image cannot be read"));
    let path = dir.file([&png[..], &vec![0; 21_000_000]].concat());
    assert!(
        dir.error(&path, 1)
            .contains("too large to show as an image")
    );
}
