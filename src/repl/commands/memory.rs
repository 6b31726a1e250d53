//! `/memory`, and messages that begin with `#`.

use std::path::{Path, PathBuf};

use super::Flow;
use crate::memory::{self, Places};
use crate::protocol::command::UserInput;
use crate::protocol::event::{NoticeLevel, UiEvent};
use crate::protocol::picker::{PickRow, Picker};
use crate::provider::count;
use crate::repl::worker::{Job, Worker, memory_line};
use crate::stdx::text::{count as short, one_line};

/// The files that can be written to, by the word that names them in a command line.
fn targets(places: &Places) -> [(&'static str, PathBuf, &'static str); 3] {
    [
        (
            "project",
            places.project(),
            "for everyone who works on this project",
        ),
        ("here", places.here(), "for you, in this workspace"),
        (
            "everywhere",
            places.everywhere(),
            "for you, in every workspace",
        ),
    ]
}

pub(super) fn run(worker: &mut Worker, arguments: &str) -> Flow {
    let places = worker.agent.memory().clone();
    match arguments.split_once(' ').unwrap_or((arguments, "")) {
        ("", _) => list(worker, &places),
        ("edit", wanted) => edit(worker, &places, wanted.trim()),
        ("add", wanted) => return add(worker, &places, wanted.trim()),
        _ => worker.notice(
            NoticeLevel::Error,
            "/memory lists and edits the instruction files",
        ),
    }
    Flow::GoOn
}

fn list(worker: &Worker, places: &Places) {
    let loaded = places.load();
    let mut rows: Vec<PickRow> = loaded
        .iter()
        .map(|file| {
            let tokens = short(count::tokens(&file.section()));
            let cut = if file.cut { ", cut: too long" } else { "" };
            let value = file.path.display().to_string();
            PickRow::new(
                value,
                shown(places, &file.path),
                format!("{tokens} tokens{cut}"),
            )
        })
        .collect();
    for (_, path, whom) in targets(places) {
        if loaded.iter().all(|file| file.path != path) {
            let value = path.display().to_string();
            let detail = format!("not there yet; {whom}");
            rows.push(PickRow::new(value, shown(places, &path), detail));
        }
    }
    worker.reporter.send(UiEvent::Pick(Box::new(Picker {
        title: "Instructions".into(),
        rows,
        command: "/memory edit".into(),
        verb: "edit".into(),
        ..Picker::default()
    })));
}

fn edit(worker: &Worker, places: &Places, wanted: &str) {
    let known = places.candidates().into_iter();
    let target = targets(places)
        .into_iter()
        .find(|(word, ..)| *word == wanted);
    let path = match target {
        Some((_, path, _)) => Some(path),
        None => known.into_iter().find(|path| path.as_os_str() == wanted),
    };
    match path {
        Some(path) => worker.reporter.send(UiEvent::EditFile {
            path: path.display().to_string(),
        }),
        None => worker.notice(
            NoticeLevel::Error,
            format!(
                "{} is no instruction file; /memory lists them",
                one_line(wanted, 80)
            ),
        ),
    }
}

/// Asks where a message is to be remembered.
pub(in crate::repl) fn remember(worker: &mut Worker, text: String) {
    let places = worker.agent.memory().clone();
    let Some(line) = memory_line(&text) else {
        return;
    };
    let mut rows: Vec<PickRow> = targets(&places)
        .into_iter()
        .map(|(word, path, whom)| PickRow::new(word, shown(&places, &path), whom))
        .collect();
    rows.push(PickRow::new("send", "no: send it to the model", ""));
    worker.reporter.send(UiEvent::Pick(Box::new(Picker {
        title: format!("remember \u{201c}{}\u{201d} in", one_line(line, 60)),
        rows,
        command: "/memory add".into(),
        verb: "choose".into(),
        ..Picker::default()
    })));
    worker.to_remember = Some(text);
}

fn add(worker: &mut Worker, places: &Places, wanted: &str) -> Flow {
    let Some(text) = worker.to_remember.take() else {
        worker.notice(NoticeLevel::Error, "begin a message with # to remember it");
        return Flow::GoOn;
    };
    if wanted == "send" {
        worker.job = Some(Job::Turn(UserInput {
            text,
            images: Vec::new(),
        }));
        return Flow::GoOn;
    }
    let target = targets(places)
        .into_iter()
        .find(|(word, ..)| *word == wanted);
    let (Some((_, path, _)), Some(line)) = (target, memory_line(&text)) else {
        worker.notice(NoticeLevel::Error, "project, here or everywhere");
        return Flow::GoOn;
    };
    let name = shown(places, &path);
    match memory::add_line(&path, line) {
        Ok(()) => worker.notice(
            NoticeLevel::Info,
            format!("added to {name}; the model reads it with your next message"),
        ),
        Err(error) => worker.notice(NoticeLevel::Error, format!("cannot write {name}: {error}")),
    }
    Flow::GoOn
}

/// A path as people write it.
fn shown(places: &Places, path: &Path) -> String {
    let home = places.home.as_deref();
    match (
        path.strip_prefix(&places.workspace),
        home.map(|home| path.strip_prefix(home)),
    ) {
        (Ok(inside), _) => inside.display().to_string(),
        (_, Some(Ok(inside))) => format!("~/{}", inside.display()),
        _ => path.display().to_string(),
    }
}
