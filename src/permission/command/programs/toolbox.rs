//! The table of checkers, test runners and builders: what they may be told
//! without a question where the system confines them.
//!
//! Left out on purpose: whatever mends files (`--fix`, `--write`, `-w`), names a file
//! to write, a plugin, a program or an interpreter, fetches, publishes, or waits for
//! changes.

/// A program, or one verb of it.
pub(super) struct Tool {
    /// Its names, between blanks.
    pub names: &'static str,
    /// What its first words have to be: phrases between commas. The empty one is none.
    pub verbs: &'static str,
    /// Flags without a value.
    pub alone: &'static str,
    /// Letters of flags without a value that may be clustered.
    pub letters: &'static str,
    /// Flags with a text.
    pub valued: &'static str,
    /// Flags with a text that could also name a file to write or to load: plain
    /// words only.
    pub words: &'static str,
    /// Flags with a path to read.
    pub paths: &'static str,
    /// One of these has to be there.
    pub needs: &'static str,
    /// Operands are plain names.
    pub closed: bool,
    /// Operands are names of tasks that promise no more than a build or a check.
    pub tasks: bool,
    /// Words that are verbs of another kind, not paths.
    pub never: &'static str,
}

const ANY: Tool = Tool {
    names: "",
    verbs: "",
    alone: "",
    letters: "",
    valued: "",
    words: "",
    paths: "",
    needs: "",
    closed: false,
    tasks: false,
    never: "",
};

/// The table.
pub(super) const TOOLS: &[Tool] = &[
    // Python.
    Tool {
        names: "ruff",
        verbs: "check,lint",
        alone: "--diff --statistics --quiet -q --verbose -v --no-cache --preview --no-preview \
                --show-files --show-settings --exit-zero -e --isolated --no-fix --ignore-noqa \
                --show-fixes --force-exclude",
        valued: "--select --ignore --extend-select --extend-ignore --line-length \
                 --target-version --exclude --extend-exclude --per-file-ignores --unfixable",
        words: "--output-format --color",
        paths: "--config",
        ..ANY
    },
    Tool {
        names: "ruff",
        verbs: "format",
        alone: "--check --diff --quiet -q --verbose -v --no-cache --preview --isolated",
        valued: "--line-length --target-version --exclude",
        paths: "--config",
        needs: "--check --diff",
        ..ANY
    },
    Tool {
        names: "ruff",
        verbs: "rule,linter,version,config,help",
        alone: "--all",
        words: "--output-format",
        closed: true,
        ..ANY
    },
    Tool {
        names: "black",
        alone: "--check --diff -q --quiet -v --verbose --color --no-color --preview --fast --safe \
                -S --skip-string-normalization -C --skip-magic-trailing-comma",
        valued: "-l --line-length -t --target-version --include --exclude --extend-exclude \
                 --force-exclude -W --workers",
        paths: "--config",
        needs: "--check --diff",
        ..ANY
    },
    Tool {
        names: "isort",
        alone: "--check-only --check -c --diff -q --quiet -v --verbose --show-settings --show-files \
                --skip-gitignore --color --only-modified",
        valued: "--profile -l --line-length --skip --skip-glob -p --src",
        paths: "--settings-path --sp",
        needs: "--check-only --check -c --diff --show-settings --show-files",
        ..ANY
    },
    Tool {
        names: "mypy",
        alone: "--strict --ignore-missing-imports --show-error-codes --show-error-context --pretty \
                --no-error-summary --no-incremental --namespace-packages \
                --explicit-package-bases --check-untyped-defs --disallow-untyped-defs \
                --disallow-untyped-calls --disallow-incomplete-defs --no-implicit-optional \
                --warn-unused-ignores --warn-return-any --warn-unreachable --warn-redundant-casts \
                --warn-unused-configs --no-color-output --color-output -v --verbose \
                --show-column-numbers --hide-error-codes --hide-error-context --no-site-packages \
                --scripts-are-modules --show-traceback --tb --no-strict-optional \
                --implicit-optional --allow-redefinition --follow-untyped-imports --stats \
                --show-absolute-path --disallow-any-generics",
        valued: "-p --package -m --module --python-version --platform --follow-imports --exclude \
                 --disable-error-code --enable-error-code",
        paths: "--config-file",
        ..ANY
    },
    Tool {
        names: "pyright basedpyright",
        alone: "--outputjson --stats --verbose --warnings --skipunannotated --dependencies",
        valued: "--level --pythonversion --pythonplatform --threads",
        paths: "-p --project",
        ..ANY
    },
    Tool {
        names: "flake8 pycodestyle pydocstyle pyflakes",
        alone: "--count --show-source --statistics -q --quiet -v --verbose --benchmark --exit-zero \
                --isolated --bug-report --disable-noqa --doctests -s -e",
        valued: "--select --ignore --extend-ignore --extend-select --max-line-length \
                 --max-complexity --exclude --extend-exclude --filename --per-file-ignores \
                 --jobs -j --max-doc-length --indent-size --convention --match --add-ignore",
        words: "--format --color",
        paths: "--config --append-config",
        ..ANY
    },
    Tool {
        names: "pylint",
        alone: "--errors-only -E --verbose -v --list-msgs --list-msgs-enabled --list-groups \
                --exit-zero -rn -ry -sn -sy",
        valued: "--disable --enable -d -e --score --reports --msg-template --max-line-length \
                 --jobs -j --ignore --ignore-paths --ignore-patterns --fail-under --fail-on \
                 --recursive --confidence --py-version --good-names -r -s",
        words: "--output-format -f",
        paths: "--rcfile",
        ..ANY
    },
    Tool {
        names: "bandit",
        alone: "-r --recursive -l -ll -lll -i -ii -iii -q --quiet -v --verbose --exit-zero",
        valued: "-s --skip -t --tests -x --exclude --severity-level --confidence-level -n",
        words: "-f --format",
        paths: "-c --configfile -b --baseline",
        ..ANY
    },
    Tool {
        names: "vulture",
        alone: "--sort-by-size -v --verbose",
        valued: "--min-confidence --exclude --ignore-names --ignore-decorators",
        ..ANY
    },
    Tool {
        names: "radon",
        verbs: "cc,mi,raw,hal",
        alone: "-a -s --average --total-average --show-complexity -na -nb -nc -nd -nf -j --json",
        valued: "--min --max --exclude -e --ignore",
        ..ANY
    },
    Tool {
        names: "coverage",
        verbs: "report",
        alone: "-m --show-missing --skip-covered --skip-empty -i --ignore-errors",
        valued: "--fail-under --include --omit --precision --sort",
        words: "--format",
        ..ANY
    },
    Tool {
        names: "tox",
        verbs: "run,list,",
        alone: "-q -v -vv -qq -p -l --listenvs -a --listenvs-all --skip-missing-interpreters \
                --parallel",
        valued: "-e -f -m",
        tasks: true,
        ..ANY
    },
    Tool {
        names: "nox",
        alone: "-l --list -R --reuse-existing-virtualenvs --no-install \
                --error-on-missing-interpreters",
        valued: "-s --session --sessions -e -k -t --tags",
        closed: true,
        ..ANY
    },
    Tool {
        names: "manage.py",
        verbs: "test,check,showmigrations",
        alone: "--keepdb --failfast --deploy --noinput --no-input --list -l --plan --parallel \
                --no-color --timing --debug-mode",
        valued: "-v --verbosity -k --tag --exclude-tag --settings",
        ..ANY
    },
    Tool {
        names: "manage.py",
        verbs: "makemigrations,migrate",
        alone: "--check --dry-run --plan",
        needs: "--check --dry-run --plan",
        valued: "-v --verbosity --settings",
        closed: true,
        ..ANY
    },
    // JavaScript and the web.
    Tool {
        names: "biome",
        verbs: "check,lint,ci,format",
        alone: "--no-errors-on-unmatched --error-on-warnings --verbose --changed --staged",
        valued: "--max-diagnostics --diagnostic-level --colors --since --only --skip",
        words: "--reporter",
        paths: "--config-path",
        ..ANY
    },
    Tool {
        names: "biome",
        verbs: "explain,rage",
        closed: true,
        ..ANY
    },
    Tool {
        names: "oxlint",
        alone: "--quiet --deny-warnings --type-aware --silent",
        valued: "-D -A -W --max-warnings --ignore-pattern",
        words: "-f --format",
        paths: "-c --config",
        ..ANY
    },
    Tool {
        names: "stylelint",
        alone: "--quiet --allow-empty-input --color --no-color",
        valued: "--max-warnings --ignore-pattern",
        words: "-f --formatter",
        paths: "--config",
        ..ANY
    },
    Tool {
        names: "markdownlint markdownlint-cli2",
        alone: "--quiet -q --dot -d",
        valued: "--ignore -i --disable --enable",
        paths: "-c --config",
        ..ANY
    },
    Tool {
        names: "svelte-check",
        alone: "--fail-on-warnings --no-tsconfig",
        valued: "--threshold --compiler-warnings --diagnostic-sources",
        words: "--output",
        paths: "--tsconfig --workspace",
        ..ANY
    },
    Tool {
        names: "vue-tsc",
        alone: "--noEmit --pretty --strict --skipLibCheck",
        paths: "-p --project",
        needs: "--noEmit",
        ..ANY
    },
    Tool {
        names: "next",
        verbs: "lint,build,info",
        alone: "--quiet --no-lint --strict --debug",
        valued: "--max-warnings --dir -d --file",
        ..ANY
    },
    Tool {
        names: "vite astro",
        verbs: "build,check",
        alone: "--minify --sourcemap --debug",
        valued: "--mode -m",
        ..ANY
    },
    Tool {
        names: "webpack",
        verbs: "build,",
        never: "init configtest serve plugin loader info watch",
        alone: "--no-devtool --json --stats --no-color",
        words: "--mode",
        ..ANY
    },
    Tool {
        names: "ng",
        verbs: "build,test,lint,e2e,version",
        alone: "--no-watch --watch=false --prod --browsers=ChromeHeadless --code-coverage",
        valued: "-c --configuration --project --include",
        closed: true,
        ..ANY
    },
    Tool {
        names: "ava tap",
        alone: "--verbose -v --serial -s --fail-fast --tap",
        valued: "-m --match -c --concurrency -T --timeout",
        ..ANY
    },
    Tool {
        names: "knip",
        alone: "--production --strict --no-progress --no-exit-code --dependencies --exports --files",
        words: "--reporter",
        ..ANY
    },
    Tool {
        names: "depcheck",
        alone: "--json --quiet --oneline --skip-missing",
        valued: "--ignores --ignore-patterns",
        ..ANY
    },
    Tool {
        names: "madge",
        alone: "--circular -c --json -j --orphans --leaves --summary -s --no-spinner --no-color \
                --warning",
        valued: "--extensions --exclude -x",
        paths: "--ts-config",
        ..ANY
    },
    Tool {
        names: "cspell",
        verbs: "lint,",
        never: "link init dictionaries add trace suggestions",
        alone: "--no-progress --no-summary --quiet --words-only --unique --gitignore \
                --no-must-find-files",
        valued: "--exclude -e --locale --language-id",
        paths: "-c --config",
        ..ANY
    },
    Tool {
        names: "playwright",
        verbs: "test",
        alone: "--list --quiet --forbid-only --fully-parallel -x --last-failed \
                --pass-with-no-tests",
        valued: "-g --grep --grep-invert --project --workers -j --retries --max-failures \
                 --timeout --shard --repeat-each",
        words: "--reporter",
        paths: "-c --config",
        ..ANY
    },
    // Go.
    Tool {
        names: "golangci-lint",
        verbs: "run",
        alone: "--fast --fast-only --new --tests --verbose -v --no-config \
                --allow-parallel-runners --show-stats --print-issued-lines=false",
        valued: "--timeout -E --enable -D --disable --build-tags --new-from-rev \
                 --max-issues-per-linter --max-same-issues --concurrency -j --default --color \
                 --presets -p --exclude --skip-dirs",
        words: "--out-format",
        paths: "-c --config",
        ..ANY
    },
    Tool {
        names: "golangci-lint",
        verbs: "linters,version,help,config path,config verify",
        closed: true,
        ..ANY
    },
    Tool {
        names: "staticcheck errcheck revive gosec ineffassign gocyclo deadcode unparam nilaway",
        alone: "-tests -blank -asserts -ignoretests -verbose -quiet -no-fail -avg -test -exclude-dir",
        valued: "-checks -go -tags -explain -exclude -include -severity -confidence -over -top \
                 -filter",
        words: "-f -fmt -formatter",
        paths: "-config",
        ..ANY
    },
    Tool {
        names: "goimports gofumpt",
        alone: "-l -d -e -v -extra",
        valued: "-local -lang",
        ..ANY
    },
    // C and C++.
    Tool {
        names: "ctest",
        alone: "-N --show-only -V -VV --verbose --extra-verbose --output-on-failure -Q --quiet \
                --progress --stop-on-failure --rerun-failed --print-labels --schedule-random",
        valued: "-R --tests-regex -E --exclude-regex -L --label-regex -LE -j --parallel \
                 --timeout -I --repeat -C --build-config --preset --no-tests",
        paths: "--test-dir",
        ..ANY
    },
    Tool {
        names: "meson",
        verbs: "test,compile,introspect",
        alone: "-v --verbose --list --print-errorlogs --quiet -q --no-rebuild --tests --targets \
                --buildoptions --projectinfo --dependencies",
        valued: "-j --jobs --suite --no-suite -t --timeout-multiplier --repeat --num-processes",
        paths: "-C",
        ..ANY
    },
    Tool {
        names: "clang-format",
        alone: "--dry-run -n --Werror -Werror --verbose --dump-config --list-ignored",
        valued: "--style -style --assume-filename -assume-filename --fallback-style -lines --lines",
        ..ANY
    },
    Tool {
        names: "clang-tidy",
        alone: "--quiet -quiet --use-color --list-checks -list-checks --explain-config \
                --dump-config --verify-config",
        valued: "-checks --checks --header-filter -header-filter --warnings-as-errors \
                 -warnings-as-errors",
        paths: "-p --config-file",
        ..ANY
    },
    Tool {
        names: "cppcheck",
        alone: "-q --quiet -v --verbose --force --inline-suppr --inconclusive --xml \
                --check-config --error-list",
        valued: "--enable --std --language --platform --suppress --error-exitcode --template -j \
                 --max-configs --check-level -D -U --disable",
        paths: "-I -i --project",
        ..ANY
    },
    // Ruby.
    Tool {
        names: "rspec",
        alone: "--fail-fast --no-color --color --dry-run --only-failures --next-failure --profile \
                -p -fd -fp -fj --warnings -b --backtrace --force-color",
        valued: "-e --example -t --tag --seed --order -P --pattern --exclude-pattern",
        words: "-f --format",
        ..ANY
    },
    Tool {
        names: "rubocop standardrb",
        alone: "--parallel -P --no-color --color --lint -l --fail-fast -F --display-cop-names -D \
                --extra-details -E --display-only-fail-level-offenses -V \
                --list-target-files -L --no-parallel",
        valued: "--only --except --fail-level --cache",
        words: "-f --format",
        paths: "-c --config",
        ..ANY
    },
    Tool {
        names: "rails",
        verbs: "test,test:system,test:all,routes,stats,about,notes,zeitwerk:check,db:version,\
                db:migrate:status",
        alone: "-v -b -f -d --verbose --fail-fast --expanded",
        valued: "-n --name -c --controller -g --grep --seed",
        ..ANY
    },
    Tool {
        names: "gem",
        verbs: "list,contents,dependency,which,env",
        alone: "--local -l --no-versions --all",
        closed: true,
        ..ANY
    },
    Tool {
        names: "brakeman",
        alone: "-q --quiet --no-pager -A --no-exit-on-warn",
        words: "-f --format",
        ..ANY
    },
    // PHP.
    Tool {
        names: "phpunit pest paratest",
        alone: "--testdox --stop-on-failure --no-coverage --colors --list-tests --verbose -v \
                --debug --list-suites --no-output --display-warnings --display-deprecations \
                --fail-on-warning --parallel --compact --bail --no-progress",
        valued: "--filter --group --exclude-group --testsuite --order-by --colors --columns \
                 --processes",
        paths: "-c --configuration",
        ..ANY
    },
    Tool {
        names: "phpstan",
        verbs: "analyse,analyze",
        alone: "--no-progress --debug -v -vvv --no-interaction -n --ansi --no-ansi -q",
        valued: "--level -l --memory-limit",
        words: "--error-format",
        paths: "-c --configuration",
        ..ANY
    },
    Tool {
        names: "psalm",
        alone: "--no-cache --show-info=true --no-progress --stats --no-diff",
        valued: "--threads --show-info",
        words: "--output-format",
        paths: "-c --config",
        ..ANY
    },
    Tool {
        names: "phpcs",
        alone: "-p -s -n -v -q -w --colors -i",
        valued: "--standard --extensions --ignore --severity --warning-severity \
                 --error-severity --sniffs --exclude --parallel",
        words: "--report",
        ..ANY
    },
    Tool {
        names: "php-cs-fixer",
        verbs: "check",
        alone: "--diff -v -vv -vvv --no-interaction --using-cache=no --ansi --dry-run \
                --stop-on-violation --show-progress=none",
        valued: "--rules",
        paths: "--config",
        ..ANY
    },
    Tool {
        names: "php-cs-fixer",
        verbs: "fix",
        alone: "--diff -v -vv -vvv --no-interaction --using-cache=no --ansi --dry-run \
                --stop-on-violation --show-progress=none",
        valued: "--rules",
        paths: "--config",
        needs: "--dry-run",
        ..ANY
    },
    Tool {
        names: "pint",
        alone: "--test --bail -v --dirty",
        valued: "--preset",
        needs: "--test",
        ..ANY
    },
    Tool {
        names: "artisan",
        verbs: "test,route:list,about,list,migrate:status,schedule:list,event:list",
        alone: "--parallel --compact --stop-on-failure --json -v --except-vendor",
        valued: "--filter --testsuite --path --method --name --group",
        ..ANY
    },
    // .NET.
    Tool {
        names: "dotnet",
        verbs: "build,test,clean,list,list package,list reference,sln list",
        alone: "--no-restore --no-build --nologo -nologo --list-tests -t --blame \
                --no-incremental --no-dependencies",
        valued: "-c --configuration -v --verbosity --filter -f --framework -r --runtime",
        words: "--logger -l --collect",
        ..ANY
    },
    Tool {
        names: "dotnet",
        verbs: "format",
        alone: "--verify-no-changes --no-restore",
        valued: "-v --verbosity --severity",
        needs: "--verify-no-changes",
        ..ANY
    },
    Tool {
        names: "dotnet",
        verbs: "--info,--list-sdks,--list-runtimes",
        closed: true,
        ..ANY
    },
    // Elixir and Erlang.
    Tool {
        names: "mix",
        verbs: "test,compile,credo,dialyzer,deps,deps.tree,help,xref graph,phx.routes,\
                ecto.migrations",
        alone: "--failed --trace --stale --cover --slowest --no-start --force --all-warnings \
                --warnings-as-errors --strict --all -a --no-color --no-deps-check --no-compile",
        valued: "--only --exclude --include --max-failures --seed --timeout --checks --label",
        words: "--format",
        ..ANY
    },
    Tool {
        names: "mix",
        verbs: "format",
        alone: "--check-formatted --check-equivalent",
        needs: "--check-formatted",
        ..ANY
    },
    Tool {
        names: "rebar3",
        verbs: "eunit,ct,compile,dialyzer,xref,tree",
        alone: "-v --verbose -c --cover",
        valued: "--module --suite --case --app",
        closed: true,
        ..ANY
    },
    // Swift.
    Tool {
        names: "swift",
        verbs: "build,test,test list,package describe,package dump-package,\
                package show-dependencies",
        alone: "--verbose -v -q --quiet --parallel --list-tests --enable-code-coverage \
                --skip-build --build-tests --show-bin-path -l",
        valued: "-c --configuration --filter --skip --product --target -j --jobs --num-workers",
        words: "--type --format",
        paths: "--package-path",
        ..ANY
    },
    Tool {
        names: "swiftlint",
        verbs: "lint,rules,version,",
        never: "analyze baseline generate-docs docs reporters",
        alone: "--quiet --strict --lenient --no-cache --progress",
        words: "--reporter",
        paths: "--config --path",
        ..ANY
    },
    Tool {
        names: "swift-format swiftformat",
        verbs: "lint",
        alone: "-r --recursive -s --strict -p --parallel",
        paths: "--configuration",
        ..ANY
    },
    Tool {
        names: "swiftformat",
        alone: "--lint --quiet --verbose",
        needs: "--lint",
        paths: "--config",
        ..ANY
    },
    // Zig.
    Tool {
        names: "zig",
        verbs: "build",
        alone: "--verbose --help -h -l --list-steps -freference-trace --release",
        valued: "--summary -D",
        tasks: true,
        ..ANY
    },
    Tool {
        names: "zig",
        verbs: "test,ast-check,env,targets",
        alone: "-freference-trace --help -h",
        valued: "--test-filter -O",
        ..ANY
    },
    Tool {
        names: "zig",
        verbs: "fmt",
        alone: "--check --ast-check",
        valued: "--exclude",
        needs: "--check",
        ..ANY
    },
    // Haskell, OCaml, Dart, Lua, Nim.
    Tool {
        names: "stack cabal",
        verbs: "test,build",
        alone: "--fast --pedantic --no-run-tests --test --dry-run --enable-tests --offline -v0 \
                --test-show-details=direct --ghc-options=-Wall",
        valued: "-j --jobs --ta --test-arguments",
        ..ANY
    },
    Tool {
        names: "hlint",
        alone: "--json --no-exit-code -q --quiet -v -s -g",
        valued: "--ignore -i -j",
        paths: "-h --hint",
        ..ANY
    },
    Tool {
        names: "dune",
        verbs: "build,test,runtest",
        alone: "--force -f --no-buffer --display=short --display=quiet",
        valued: "-j",
        words: "--profile",
        ..ANY
    },
    Tool {
        names: "opam",
        verbs: "list,show,switch list",
        alone: "--installed -i --all -a --short -s",
        closed: true,
        ..ANY
    },
    Tool {
        names: "dart flutter",
        verbs: "analyze,test",
        alone: "--no-pub --fatal-infos --fatal-warnings --coverage",
        valued: "--plain-name --name -n -N --concurrency -j",
        words: "--reporter -r",
        ..ANY
    },
    Tool {
        names: "dart",
        verbs: "format",
        alone: "--output=none --set-exit-if-changed",
        valued: "-l --line-length",
        needs: "--output=none",
        ..ANY
    },
    Tool {
        names: "luacheck busted",
        alone: "-q -qq --no-color --codes --no-cache --verbose -v",
        valued: "--std --globals --ignore --only --exclude-files -t --tags --filter",
        words: "--formatter",
        ..ANY
    },
    Tool {
        names: "nim",
        verbs: "check",
        alone: "--hints:off --verbosity:0 --styleCheck:hint",
        ..ANY
    },
    // Shell, documents, configuration.
    Tool {
        names: "shellcheck",
        alone: "-x --external-sources -a --check-sourced -C --color --list-optional -V",
        valued: "-s --shell -e --exclude -i --include -S --severity -o --enable",
        words: "-f --format",
        paths: "-P --source-path --rcfile",
        ..ANY
    },
    Tool {
        names: "shfmt",
        alone: "-d -l -s -ci -bn -kp -sr -fn --diff --list -f",
        valued: "-i -ln -p --indent",
        ..ANY
    },
    Tool {
        names: "hadolint",
        alone: "--no-fail -V --no-color --verbose --disable-ignore-pragma",
        valued: "--ignore -t --failure-threshold --error --warning --info --style \
                 --trusted-registry",
        words: "-f --format",
        paths: "-c --config",
        ..ANY
    },
    Tool {
        names: "yamllint",
        alone: "-s --strict --no-warnings -v --list-files",
        valued: "-d --config-data",
        words: "-f --format",
        paths: "-c --config-file",
        ..ANY
    },
    Tool {
        names: "actionlint",
        alone: "-verbose -no-color -oneline -color",
        valued: "-ignore",
        ..ANY
    },
    Tool {
        names: "taplo",
        verbs: "check,lint",
        alone: "--no-auto-config --default-schema-catalogs",
        ..ANY
    },
    Tool {
        names: "taplo",
        verbs: "fmt,format",
        alone: "--check --diff",
        needs: "--check --diff",
        ..ANY
    },
    Tool {
        names: "typos",
        alone: "--hidden --diff -v -q --files --identifiers --words --sort --no-ignore",
        valued: "--exclude --type --locale",
        words: "--format --color",
        paths: "-c --config",
        ..ANY
    },
    Tool {
        names: "codespell",
        alone: "-f --check-filenames -H --check-hidden --count -c -d --disable-colors --summary -s",
        valued: "-L --ignore-words-list -S --skip -q --quiet-level -C -B -A --context",
        paths: "-I --ignore-words -D -x",
        ..ANY
    },
    Tool {
        names: "vale",
        alone: "--no-exit --no-wrap --no-global",
        valued: "--minAlertLevel --glob --ext",
        words: "--output",
        paths: "--config",
        never: "sync fix ls-config ls-metrics ls-dirs ls-vars compile host-install host-uninstall",
        ..ANY
    },
    Tool {
        names: "terraform tofu",
        verbs: "validate,version",
        alone: "-json -no-color",
        closed: true,
        ..ANY
    },
    Tool {
        names: "terraform tofu",
        verbs: "fmt",
        alone: "-check -diff -recursive -list=true",
        needs: "-check",
        ..ANY
    },
    Tool {
        names: "tflint ansible-lint",
        alone: "--recursive --force --no-color -q -v --offline -p --parseable --nocolor --strict",
        valued: "--minimum-failure-severity --only --disable-rule --enable-rule",
        words: "--format -f",
        paths: "-c --config",
        ..ANY
    },
    Tool {
        names: "helm",
        verbs: "lint,template",
        alone: "--strict --debug --quiet --with-subcharts",
        valued: "--set --set-string --namespace -n --kube-version",
        paths: "-f --values",
        ..ANY
    },
    Tool {
        names: "buf",
        verbs: "lint,format",
        alone: "-d --diff --exit-code",
        ..ANY
    },
    Tool {
        names: "sqlfluff",
        verbs: "lint,parse",
        alone: "-v --nocolor",
        valued: "--dialect -d --rules -r --exclude-rules -e --templater",
        words: "-f --format",
        paths: "--config",
        ..ANY
    },
    Tool {
        names: "ktlint",
        alone: "--relative --color",
        words: "--reporter",
        ..ANY
    },
    // What tells about files.
    Tool {
        names: "tokei",
        alone: "-f --files -C --compact --hidden --no-ignore",
        valued: "-e --exclude -t --types -s --sort -c --columns",
        words: "-o --output",
        ..ANY
    },
    Tool {
        names: "scc",
        alone: "--by-file -w --wide --no-cocomo -c",
        valued: "-i --include-ext -x --exclude-ext --exclude-dir -s --sort",
        words: "-f --format",
        ..ANY
    },
    Tool {
        names: "cloc",
        alone: "--by-file --quiet --vcs=git --md --json --csv --yaml --sum-one --hide-rate",
        valued: "--exclude-dir --include-lang --exclude-lang --include-ext --exclude-ext",
        ..ANY
    },
    Tool {
        names: "bat batcat",
        never: "cache",
        alone: "-p -pp -n -A --plain --number --show-all --no-pager -P",
        valued: "-r --line-range -l --language --style --color --paging --theme --wrap \
                 --decorations -H --highlight-line --tabs --terminal-width",
        ..ANY
    },
    Tool {
        names: "xmllint",
        alone: "--noout --format --huge --nonet",
        valued: "--xpath --encode",
        paths: "--schema --relaxng --dtdvalid",
        ..ANY
    },
    Tool {
        names: "ctags",
        alone: "-x --sort=no --sort=yes",
        needs: "-x",
        ..ANY
    },
    // The system.
    Tool {
        names: "lsof",
        alone: "-nP -P -n -l -t -iTCP -iUDP -sTCP:LISTEN",
        valued: "-i -p -u -c",
        ..ANY
    },
    Tool {
        names: "ss netstat",
        letters: "tulnpaeosx46",
        closed: true,
        ..ANY
    },
    Tool {
        names: "top",
        alone: "-b -i -c -H -bn1 -bn -n1",
        valued: "-n -o -u -p -w",
        needs: "-b -bn1 -bn",
        closed: true,
        ..ANY
    },
    Tool {
        names: "dpkg",
        alone: "-l --list -L -s --status --listfiles --print-architecture",
        needs: "-l --list -L -s --status --listfiles --print-architecture",
        closed: true,
        ..ANY
    },
    Tool {
        names: "apt",
        verbs: "list",
        alone: "--installed --upgradable",
        closed: true,
        ..ANY
    },
    Tool {
        names: "apt-cache",
        verbs: "policy,show,search,depends,madison",
        closed: true,
        ..ANY
    },
    Tool {
        names: "rpm",
        alone: "-qa -qi -ql -q",
        needs: "-qa -qi -ql -q",
        closed: true,
        ..ANY
    },
    Tool {
        names: "brew",
        verbs: "list,leaves",
        alone: "--versions --cask --formula",
        closed: true,
        ..ANY
    },
    Tool {
        names: "man w last help history yes",
        closed: true,
        ..ANY
    },
];
