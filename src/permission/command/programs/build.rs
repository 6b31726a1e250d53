//! Build and test tools by name of what they run: scripts, targets, goals.

use super::super::analysis::EffectKind;
use super::super::cx::{Cx, Verdict, is_number, is_unknown};
use super::super::flags::{Operands, Shape, fits, is_name};
use super::Judge::Custom;
use super::{Rows, compile, listed, local, no_rule, tools};
use crate::permission::protect::protection;
use crate::permission::short;
use Operands::Names;

pub(super) const PROGRAMS: Rows = &[
    ("npm pnpm yarn", Custom(npm)),
    ("node", Custom(node)),
    ("go", Custom(go)),
    ("gofmt", Custom(gofmt)),
    ("make gmake", Custom(make)),
    ("mvn", Custom(mvn)),
    ("gradle", Custom(gradle)),
    ("java javac", Custom(java)),
];

/// Scripts of `package.json` whose names promise no more than building, checking
/// or running the program at hand; also before `:` and `-`.
const SCRIPTS: &str = "build test tests lint typecheck type-check types check format fmt prettier \
    eslint stylelint tsc compile bundle coverage unit e2e integration spec start dev serve watch \
    preview docs storybook analyze validate verify ci";

pub(super) fn is_script(name: &str) -> bool {
    let stem = name.split([':', '-']).next().unwrap_or(name);
    let outward = [
        "publish", "deploy", "release", "install", "push", "upload", "clean", "reset", "drop",
    ];
    is_name(name)
        && (listed(SCRIPTS, name) || listed(SCRIPTS, stem))
        && !outward.iter().any(|word| name.contains(word))
}

/// Arguments handed to a test script.
const TEST_FLAGS: &str = "--watch=false --watchAll=false --coverage --ci --runInBand -i --verbose \
    --silent --run --no-coverage --bail --passWithNoTests --no-watch --once";

/// Names that mean something else where `run` is left out.
const NOT_BARE: &str = "docs tsc eslint prettier stylelint ci";

/// Flags of a test script whose value is text.
const TEST_VALUED: &str = "-t --testNamePattern --testPathPattern --testPathPatterns --grep -g";

/// Ways to report that are part of every runner; others are files that run.
pub(super) const REPORTERS: &str = "verbose dot default spec basic tap list min json";

/// Flags of a linter that change no file.
const LINT_FLAGS: &str = "--max-warnings=0 --quiet --no-fix";

/// Flags of a bundler that say for whom it builds.
const BUILD_FLAGS: &str = "--mode=production --mode=development --mode=test --prod --production \
    --minify --sourcemap";

/// Judges what is handed to a test script.
fn test_arguments(cx: &mut Cx<'_, '_>, words: &[&str]) -> Verdict {
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        if is_unknown(word) {
            return Err(format!("no rule for {}", short(word)));
        } else if listed(TEST_FLAGS, word) {
        } else if word.starts_with('-') && listed(TEST_VALUED, name) {
            let value = value.or_else(|| words.next().copied());
            if value.is_none_or(|value| value.starts_with('-') || is_unknown(value)) {
                return Err(format!("{name} lacks its value"));
            }
        } else if name == "--reporter" || name == "--reporters" {
            let value = value.or_else(|| words.next().copied()).unwrap_or_default();
            if !listed(REPORTERS, value) {
                return Err(format!("no rule for {}", short(word)));
            }
        } else if word.starts_with('-') {
            return Err(format!("no rule for {}", short(word)));
        } else {
            cx.mention(word)?;
        }
    }
    Ok(())
}

/// The name or directory of a package of the workspace: `web`, `@a/web`, `./web`.
fn is_workspace(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with(['-', '/'])
        && !word.split('/').any(|part| part == "..")
        && word
            .chars()
            .all(|ch| ch.is_ascii_alphanumeric() || "_-./@*".contains(ch))
}

/// Takes away the options that say in which packages of the workspace a script
/// runs. Behind the name of a script they are its own with yarn and pnpm.
fn options<'a>(program: &str, words: &[&'a str]) -> Vec<&'a str> {
    let (alone, valued) = match program {
        "npm" => ("--workspaces -ws", "-w --workspace"),
        "pnpm" => ("-r --recursive -w --workspace-root", "-F --filter"),
        _ => ("", ""),
    };
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&word) = words.get(at) {
        at += 1;
        let next = words.get(at).copied().unwrap_or_default();
        let glued = word
            .split_once('=')
            .is_some_and(|(name, value)| listed(valued, name) && is_workspace(value));
        if glued || listed(alone, word) {
        } else if listed(valued, word) && is_workspace(next) {
            at += 1;
        } else {
            out.push(word);
            if program != "npm" && !word.starts_with('-') {
                break;
            }
        }
    }
    out.extend(words.iter().skip(at));
    out
}

fn npm(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let quiet = |word: &&&str| {
        !matches!(
            **word,
            "--silent" | "-s" | "--if-present" | "-q" | "--quiet"
        )
    };
    let (own, after) = match args.iter().position(|word| *word == "--") {
        Some(at) => (&args[..at], &args[at + 1..]),
        None => (args, [].as_slice()),
    };
    let program = cx.part.argv.first().cloned().unwrap_or_default();
    // As `cd DIR &&` would.
    if let [flag, dir, rest @ ..] = own
        && listed("--prefix --dir -C --cwd", flag)
        && is_workspace(dir)
    {
        cx.mention(dir)?;
        cx.confined("works in another directory");
        let mut words = vec![program];
        words.extend(rest.iter().map(|word| word.to_string()));
        if !after.is_empty() {
            words.push("--".to_string());
            words.extend(after.iter().map(|word| word.to_string()));
        }
        cx.start(words);
        return Ok(());
    }
    let (is_npm, is_yarn) = (program == "npm", program == "yarn");
    let own = options(&program, own);
    let own: Vec<&str> = own.iter().filter(quiet).copied().collect();
    let runs = |start: &str| match own.as_slice() {
        ["run" | "run-script", name] | [name] => name.starts_with(start),
        _ => false,
    };
    let runs_test = runs("test") || matches!(own.as_slice(), ["t" | "tst"]);
    // These hand on what stands behind the name of a script.
    if !is_npm && after.is_empty() && matches!(own.as_slice(), ["test", ..] | ["run", "test", ..]) {
        let at = own.iter().position(|word| *word == "test").unwrap_or(0);
        return test_arguments(cx, &own[at + 1..]);
    }
    if runs_test {
        test_arguments(cx, after)?;
    } else if (runs("lint") && after.iter().all(|word| listed(LINT_FLAGS, word)))
        || (runs("build")
            && (after.iter().all(|word| listed(BUILD_FLAGS, word))
                || matches!(after, ["--mode", "production" | "development" | "test"])))
    {
    } else if !after.is_empty() {
        return Err("no rule for arguments after --".to_string());
    }
    match own.as_slice() {
        ["test" | "t" | "tst" | "start"]
        | ["--version" | "-v" | "--help" | "-h"]
        | ["ls" | "list"] => Ok(()),
        ["version"] | ["root" | "prefix", "-g"] | ["get", "registry"] if is_npm => Ok(()),
        // What is secret there it does not show.
        ["config", "list" | "ls"] if is_npm => Ok(()),
        ["workspaces", "info" | "list"] | ["check", "--integrity"] if is_yarn => Ok(()),
        ["ls" | "list", rest @ ..] => {
            let fine = |word: &&str| {
                matches!(
                    *word,
                    "--all"
                        | "-a"
                        | "--prod"
                        | "--dev"
                        | "--long"
                        | "--json"
                        | "--parseable"
                        | "--production"
                        | "--pattern"
                        | "--depth"
                        | "-1"
                        | "-r"
                        | "-g"
                ) || word.starts_with("--depth=")
                    || is_name(word)
            };
            if rest.iter().all(fine) {
                Ok(())
            } else {
                no_rule()
            }
        }
        ["run" | "run-script"] | ["root" | "prefix" | "bin"] => Ok(()),
        ["run" | "run-script", name] if is_script(name) => Ok(()),
        ["why" | "explain", name] if is_name(name) => Ok(()),
        ["config" | "pkg", "get", names @ ..] if names.iter().all(|name| is_name(name)) => Ok(()),
        // npm has own commands of other names: `npm docs` opens a browser.
        [name] if !is_npm && is_script(name) && !listed(NOT_BARE, name) => Ok(()),
        ["workspace", workspace, rest @ ..]
            if is_yarn
                && is_workspace(workspace)
                && matches!(rest, [name] | ["run", name] if is_script(name)) =>
        {
            Ok(())
        }
        // Programs of the project itself, by way of yarn and pnpm.
        [tool, rest @ ..] if !is_npm && local::is_tool(cx, tool) => local::judge(cx, tool, rest),
        ["exec", tool, rest @ ..] if !is_npm && local::is_tool(cx, tool) => {
            local::judge(cx, tool, rest)
        }
        [
            "install" | "i" | "ci" | "add" | "publish" | "update" | "audit" | "view" | "outdated",
            ..,
        ]
        | [] => {
            cx.effect(EffectKind::Network, "package registry");
            Err("installs packages or uses the network".to_string())
        }
        _ => no_rule(),
    }
}

fn node(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        ["--version" | "-v" | "--help" | "-h"] => Ok(()),
        ["--check" | "-c", file] if !file.starts_with('-') => cx.read(file),
        ["--test", rest @ ..] if !rest.iter().any(|word| word.starts_with('-')) => {
            cx.confined("runs tests");
            tools::own_arguments(cx, rest)
        }
        _ => Err("runs a program".to_string()),
    }
}

/// Left out on purpose: `-exec`, `-toolexec`, `-overlay`, `-o`, `-ldflags`, `-C`,
/// `-mod=mod`, profiles that are written.
const GO_ALONE: &str = "-v -race -short -cover -failfast -json -n -x -a -benchmem -trimpath \
    -fullpath -mod=readonly -mod=vendor -buildvcs=false -buildvcs=true -vet=off \
    -coverpkg=./... -coverpkg=all -gcflags=-m -gcflags=-S \
    -gcflags=all=-m -ldflags=-s -ldflags=-w";
const GO_VALUED: &str = "-run -bench -count -timeout -parallel -tags -p -skip -benchtime -cpu \
    -shuffle -covermode -list";
const GO_LIST: &str = "-m -json -deps -test -e -versions=false -compiled -find -buildvcs=false";

/// Checks of `go vet`, to be switched on or off.
const GO_CHECKS: &str = "-asmdecl -assign -atomic -bools -buildtag -cgocall -composites -copylocks \
    -directive -errorsas -httpresponse -ifaceassert -loopclosure -lostcancel -nilfunc -printf \
    -shift -sigchanyzer -slog -stdmethods -stringintconv -structtag -testinggoroutine -tests \
    -timeformat -unmarshal -unreachable -unsafeptr -unusedresult";

/// Ways to compile that only tell more or leave something out, of several words.
const GO_PHRASES: &[&str] = &[
    "-gcflags=-m -m",
    "-gcflags=-N -l",
    "-gcflags=all=-N -l",
    "-ldflags=-s -w",
    "-ldflags=-w -s",
];

fn go(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let Some((verb, rest)) = args.split_first() else {
        return Ok(());
    };
    let named = rest.iter().all(|word| is_name(word));
    match (*verb, rest) {
        ("build" | "vet" | "test", _) => {}
        ("run", [package, args @ ..])
            if go_package(package) || (package.ends_with(".go") && !package.starts_with('-')) =>
        {
            cx.confined("runs a program of the workspace");
            cx.mention(package)?;
            return tools::own_arguments(cx, args);
        }
        ("tool", ["cover", profile]) if profile.starts_with("-func=") => {
            return cx.read(&profile["-func=".len()..]);
        }
        ("tool", ["nm" | "objdump", file]) if !file.starts_with('-') => return cx.read(file),
        ("version" | "help" | "env", _) if named => return Ok(()),
        ("env", ["-json" | "-changed", names @ ..]) if names.iter().all(|name| is_name(name)) => {
            return Ok(());
        }
        ("version", ["-m", files @ ..]) if !files.iter().any(|file| file.starts_with('-')) => {
            return files.iter().try_for_each(|file| cx.read(file));
        }
        ("tool", [] | ["dist", "list"]) => return Ok(()),
        ("mod" | "work", ["edit", "-json" | "-print"]) | ("mod", ["graph" | "verify"]) => {
            return Ok(());
        }
        ("mod", ["why", names @ ..]) | ("doc", names) => {
            let fine = |word: &&str| {
                matches!(
                    *word,
                    "-m" | "-all" | "-src" | "-short" | "-u" | "-c" | "-cmd"
                ) || go_package(word)
            };
            return if names.iter().all(fine) {
                Ok(())
            } else {
                no_rule()
            };
        }
        ("list", _) => {
            let mut words = rest.iter();
            while let Some(&word) = words.next() {
                if word == "-f" {
                    if words.next().is_none_or(|text| text.starts_with('-')) {
                        return no_rule();
                    }
                } else if !listed(GO_LIST, word) && !go_package(word) {
                    return no_rule();
                }
            }
            return Ok(());
        }
        ("fmt", _) if rest.iter().all(|word| go_package(word)) => return Ok(()),
        _ => return Err(format!("no rule for `go {}`", short(verb))),
    }
    let mut words = rest.iter();
    while let Some(&word) = words.next() {
        let plain = word
            .strip_prefix('-')
            .filter(|rest| rest.starts_with('-'))
            .unwrap_or(word);
        let (name, value) = match plain.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (plain, None),
        };
        if !word.starts_with('-') {
            if !go_package(word) {
                return Err(format!("no rule for `{}`", short(word)));
            }
            cx.mention(word)?;
        } else if listed(GO_VALUED, name) {
            let value = value.or_else(|| words.next().copied());
            if value.is_none_or(|value| is_unknown(value) || value.starts_with('-')) {
                return Err(format!("{name} lacks its value"));
            }
        } else if *verb == "build" && name == "-o" {
            let file = value.or_else(|| words.next().copied()).unwrap_or_default();
            if file != "/dev/null" {
                cx.confined("keeps what it builds");
                compile::output(cx, file)?;
            }
        } else if *verb == "test" && name == "-coverprofile" {
            let file = value.or_else(|| words.next().copied()).unwrap_or_default();
            if file != "/dev/null" {
                cx.confined("writes a profile");
                profile(cx, file)?;
            }
        } else if *verb == "test" && (name == "-fuzz" || name == "-fuzztime") {
            let value = value.or_else(|| words.next().copied());
            if value.is_none_or(|value| is_unknown(value) || value.starts_with('-')) {
                return Err(format!("{name} lacks its value"));
            }
            cx.confined("keeps inputs that it finds");
        } else if *verb == "vet"
            && matches!(value, Some("true" | "false"))
            && listed(GO_CHECKS, name)
        {
            // One of its checks, on or off.
        } else if !listed(GO_ALONE, plain) && !GO_PHRASES.contains(&plain) {
            return Err(format!("no rule for {}", short(word)));
        }
    }
    Ok(())
}

/// A profile that tests write: a file that is new, or one that they wrote.
fn profile(cx: &mut Cx<'_, '_>, file: &str) -> Verdict {
    let place = cx.walker.place;
    let path = place
        .resolve(&cx.walker.cwd, file)
        .map_err(|error| error.to_string())?;
    let name = file.rsplit('/').next().unwrap_or(file);
    let fits = [".out", ".cov", ".coverprofile"]
        .iter()
        .any(|end| name.ends_with(end));
    if is_unknown(file) || !fits || !path.inside() || protection(&path).is_some() {
        return Err(format!("writes {}", short(file)));
    }
    cx.effect(EffectKind::Writes, short(path.display()));
    Ok(())
}

/// A package pattern: `./...`, `./cmd/x`, `fmt`. No `pkg@version`: that fetches.
fn go_package(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with(['-', '/'])
        && !word.split('/').any(|part| part == "..")
        && word
            .chars()
            .all(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '-' | '.' | '/'))
}

fn gofmt(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    // Without `-w` it prints.
    for word in args {
        match *word {
            "-l" | "-d" | "-s" | "-e" => {}
            word if word.starts_with('-') => return no_rule(),
            word => cx.read(word)?,
        }
    }
    Ok(())
}

/// Targets whose names promise no more than a build or a check.
const TARGETS: &str = "all build test tests check checks lint fmt format format-check doc docs \
    debug unit help verify typecheck type-check vet compile coverage bench ci integration \
    e2e";
const TARGET_STARTS: &[&str] = &[
    "test-", "test_", "tests-", "check-", "check_", "lint-", "lint_", "build-", "build_", "unit-",
    "fmt-", "format-", "docs-", "bench-",
];

pub(super) fn is_target(name: &str) -> bool {
    let outward = ["install", "deploy", "publish", "push", "upload", "clean"];
    is_name(name)
        && (listed(TARGETS, name) || TARGET_STARTS.iter().any(|start| name.starts_with(start)))
        && !outward.iter().any(|word| name.contains(word))
}

/// The file that would be taken anyway.
fn is_own(file: &str) -> bool {
    listed("Makefile ./Makefile makefile GNUmakefile", file)
}

fn make(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let shape = Shape {
        short: "ksnBwipqrRdvhO",
        long: "keep-going silent dry-run just-print quiet always-make no-print-directory version \
               print-directory ignore-errors print-data-base question no-builtin-rules \
               no-builtin-variables trace help warn-undefined-variables recon",
        short_value: "",
        long_maybe: "jobs output-sync load-average debug",
        operands: Names,
        ..Shape::NOTHING
    };
    let mut rest = Vec::new();
    // Only telling what would be done, any target will do.
    let only_tells = args
        .iter()
        .any(|word| listed("-n --dry-run --just-print --recon", word));
    let mut words = args.iter().peekable();
    while let Some(&word) = words.next() {
        let number = is_number;
        match word {
            // A number after `-j` belongs to it; a target does not.
            "-j" => {
                words.next_if(|next| number(next));
            }
            word if word.strip_prefix("-j").is_some_and(number) => {}
            "-l" => {
                words.next_if(|next| number(next));
            }
            "-C" => {
                let dir = words.next().copied().unwrap_or_default();
                cx.mention(dir)?;
                cx.confined("works in another directory");
            }
            "-f" | "--file" | "--makefile" if words.peek().is_some_and(|file| is_own(file)) => {
                words.next();
            }
            word if word
                .strip_prefix("--file=")
                .or_else(|| word.strip_prefix("--makefile="))
                .is_some_and(is_own) => {}
            word if word.split_once('=').is_some_and(|(name, value)| {
                listed("V VERBOSE DEBUG RELEASE Q COVERAGE", name) && matches!(value, "0" | "1")
            }) => {}
            word if word.starts_with('-') => rest.push(word),
            word if is_target(word) || (only_tells && is_name(word)) => {}
            word => return Err(format!("no rule for target `{}`", short(word))),
        }
    }
    fits(cx, &shape, &rest)
}

const GOALS: &str = "compile test test-compile verify package validate dependency:tree \
    process-resources checkstyle:check";

/// Goals and options of Maven that say more about what is built.
const MORE_GOALS: &str = "clean dependency:analyze spotless:check help:effective-pom -am -amd -fae -ff \
    -fn -X -T1C -V";

fn mvn(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let fine = |word: &&str| {
        listed(GOALS, word)
            || listed(
                "-q -B -o -e -ntp -U --quiet --batch-mode --offline --version -version -v -DskipTests",
                word,
            )
            || word.strip_prefix("-Dtest=").is_some_and(|name| {
                name.chars()
                    .all(|ch| ch.is_ascii_alphanumeric() || "_#*,.".contains(ch))
            })
            || *word == "-DskipTests=true"
    };
    if args.iter().all(fine) {
        return Ok(());
    }
    cx.confined("builds with options of its own");
    let plain = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|ch| ch.is_ascii_alphanumeric() || "_-.,:#*=".contains(ch))
            && !text.split([',', '=']).any(|part| part.contains(".."))
    };
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let property = word.strip_prefix("-D").is_some_and(|text| {
            // What it runs, or where from, is another matter.
            plain(text)
                && !text.starts_with("exec")
                && !["repo", ".ext", "maven.compiler", "plugin"]
                    .iter()
                    .any(|part| text.contains(part))
        });
        let valued = listed("-pl --projects -P -rf", word)
            && words
                .next()
                .is_some_and(|value| plain(value) && !value.starts_with('-'));
        if !(fine(word) || listed(MORE_GOALS, word) || property || valued) {
            return no_rule();
        }
    }
    Ok(())
}

const TASKS: &str = "build test check assemble compileJava compileKotlin compileTestJava classes \
    testClasses jar tasks dependencies projects properties lint";

/// A task of a plugin, by a name that promises no more than a build or a check.
fn is_gradle_task(task: &str) -> bool {
    let starts = [
        "test", "check", "assemble", "compile", "lint", "build", "bundle", "javadoc", "generate",
    ];
    let ends = ["Check", "Test", "Tests", "Classes", "Report", "check"];
    let outward = [
        "publish", "upload", "deploy", "install", "push", "release", "apply",
    ];
    let lower = task.to_ascii_lowercase();
    is_name(task)
        && (task == "clean"
            || listed("detekt ktlintCheck spotlessCheck help properties", task)
            || starts.iter().any(|start| task.starts_with(start))
            || ends.iter().any(|end| task.ends_with(end)))
        && !outward.iter().any(|word| lower.contains(word))
}

fn gradle(cx: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    let mut words = args.iter();
    while let Some(&word) = words.next() {
        let task = word.rsplit(':').next().unwrap_or(word);
        let flags = "-q -i -s --info --offline --no-daemon --console=plain --stacktrace --quiet \
            --version -v --continue --parallel --warning-mode=all --all";
        if word == "--tests" {
            if words.next().is_none_or(|name| is_unknown(name)) {
                return no_rule();
            }
            continue;
        }
        let names_task = listed(TASKS, task) && !word.starts_with('-');
        let left_out = listed("-x --exclude-task --configuration", word)
            && words
                .clone()
                .next()
                .is_some_and(|name| is_name(name.trim_start_matches(':')));
        if left_out {
            words.next();
            cx.confined("builds with options of its own");
            continue;
        }
        if !names_task
            && (is_gradle_task(task)
                || listed(
                    "--rerun-tasks --no-build-cache --build-cache --fail-fast",
                    word,
                ))
        {
            cx.confined("runs a task of the workspace");
            continue;
        }
        if !names_task && !listed(flags, word) {
            return no_rule();
        }
    }
    Ok(())
}

fn java(_: &mut Cx<'_, '_>, args: &[&str]) -> Verdict {
    match args {
        ["-version" | "--version"] => Ok(()),
        _ => Err("runs or compiles a program".to_string()),
    }
}
