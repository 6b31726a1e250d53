//! Morph: a model that merges a sketch of an edit into a file, and the checks of what
//! it answers. Nothing it says is written before it passed them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp};

use super::Spent;
use crate::net::client::{Client, Method};
use crate::net::retry::{self, Again};
use crate::protocol::model::{ModelInfo, Rates};
use crate::protocol::usage::Usage as Tokens;
use crate::provider::{Access, models, price, vendors};
use crate::stdx::text;
use crate::workspace::edit_match::{placeholder, whole_fence};

/// The model without a setting.
const MODEL: &str = "morph-v3-fast";
/// Dollars per million tokens in and out, by model.
const RATES: &[(&str, f64, f64)] = &[("morph-v3-fast", 0.8, 1.2), ("morph-v3-large", 0.9, 1.9)];
/// Largest file in bytes and lines; the answer has to hold all of it.
pub(super) const MAX_BYTES: usize = 100_000;
pub(super) const MAX_LINES: usize = 2_000;
/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Requests in all.
const ATTEMPTS: u32 = 3;
/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 1_000_000;

/// The service with its key.
#[derive(Debug)]
pub struct Morph {
    client: Client,
    base: String,
    key: String,
    model: String,
}

/// A file as it is to be, and what that took.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) text: String,
    /// Tokens in and out.
    pub(super) tokens: (u64, u64),
}

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    max_tokens: usize,
    temperature: f32,
    messages: [Said<'a>; 1],
}

#[derive(Serialize)]
struct Said<'a> {
    role: &'a str,
    content: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Choice {
    message: Text,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(default)]
    content: Option<String>,
}

#[derive(Deserialize, Default)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

impl Morph {
    /// The service, where there is a key for it; `model` beats its usual one.
    pub fn new(access: &Access, model: Option<&str>) -> Option<Self> {
        let config = access.config(&vendors::MORPH);
        let base = config
            .base_url
            .as_deref()
            .unwrap_or(vendors::MORPH.base_url);
        let base = base.trim().trim_end_matches('/').to_string();
        Some(Self {
            client: Client::new(&base, PATIENCE),
            base,
            key: config.credential?.secret,
            model: model.unwrap_or(MODEL).to_string(),
        })
    }

    /// What a merge cost, at the service's published rates.
    pub(super) fn spent(&self, (input, output): (u64, u64)) -> Spent {
        let usage = Tokens {
            input,
            output,
            ..Tokens::default()
        };
        let rates = RATES.iter().find(|(model, ..)| self.model == *model);
        let model = ModelInfo {
            rates: rates.map_or(Rates::default(), |(_, input, output)| Rates {
                input: Some(*input),
                output: Some(*output),
                ..Rates::default()
            }),
            ..models::lookup("morph", &self.model)
        };
        Spent {
            model: self.model.clone(),
            cost: price::cost(&model, &usage),
            usage,
        }
    }

    /// The whole file with a sketch merged in, as the service says; nothing of it is
    /// checked but that it is complete.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(super) async fn merge(
        &self,
        file: &str,
        sketch: &str,
        instructions: &str,
    ) -> Result<Merged, String> {
        let content = format!(
            "<instruction>{instructions}</instruction>\n<code>{file}</code>\n<update>{sketch}</update>"
        );
        let request = Request {
            model: &self.model,
            // A token is three bytes of code or more.
            max_tokens: (file.len() + sketch.len()) / 2 + 1_000,
            temperature: 0.0,
            messages: [Said {
                role: "user",
                content: &content,
            }],
        };
        let body = serde_json::to_vec(&request).unwrap_or_default();
        match tokio::time::timeout(PATIENCE, self.ask(body)).await {
            Ok(answer) => read(&answer?),
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
        }
    }

    async fn ask(&self, body: Vec<u8>) -> Result<String, String> {
        let headers = [
            ("authorization", format!("Bearer {}", self.key)),
            ("content-type", "application/json".to_string()),
        ];
        let url = format!("{}/chat/completions", self.base);
        let request = self
            .client
            .request(Method::Post, &url, &headers, body)
            .map_err(|error| self.redacted(&error.to_string()))?;
        let mut attempt = 1;
        loop {
            let (words, again) = match self.client.send(&request).await {
                Err(error) => (error.to_string(), error.again()),
                Ok(mut response) => {
                    let status = response.status();
                    let text = response.text(MAX_ANSWER).await;
                    match text {
                        Ok(text) if status == 200 => return Ok(text),
                        Ok(text) => (
                            format!("it answers {status}: {}", text::one_line(&text, 300)),
                            Again::for_status(status, None),
                        ),
                        Err(error) => (error.to_string(), error.again()),
                    }
                }
            };
            attempt += 1;
            if again == Again::Never || attempt > ATTEMPTS {
                return Err(self.redacted(&words));
            }
            tokio::time::sleep(retry::wait(attempt, None, 0)).await;
        }
    }

    fn redacted(&self, words: &str) -> String {
        text::clean(&words.replace(&self.key, "[key]")).into_owned()
    }
}

fn read(answer: &str) -> Result<Merged, String> {
    let answer: Answer = serde_json::from_str(answer)
        .map_err(|_| format!("its answer makes no sense: {}", text::one_line(answer, 120)))?;
    let choice = answer
        .choices
        .into_iter()
        .next()
        .ok_or("its answer is empty")?;
    match choice.finish_reason.as_deref() {
        None | Some("stop" | "end_turn") => {}
        Some(reason) => return Err(format!("its answer is not complete ({reason})")),
    }
    let usage = answer.usage.unwrap_or_default();
    Ok(Merged {
        text: choice.message.content.unwrap_or_default(),
        tokens: (usage.prompt_tokens, usage.completion_tokens),
    })
}

/// The text of an answer that is nothing but the file with the sketch in it. All three
/// have `\n` line ends.
///
/// # Errors
/// What is wrong with it.
pub(super) fn checked(file: &str, sketch: &str, answer: &str) -> Result<String, String> {
    if answer.trim().is_empty() {
        return Err("its answer is empty".to_string());
    }
    let mut text = answer;
    if !file.contains("```")
        && let Some(bare) = whole_fence(text)
    {
        text = bare;
    }
    let tags = text.trim().strip_prefix("<code>");
    if let Some(bare) = tags.and_then(|text| text.strip_suffix("</code>")) {
        text = bare;
    }
    let mut text = text.trim_end_matches('\n').to_string();
    let ends = file.len() - file.trim_end_matches('\n').len();
    text.push_str(&"\n".repeat(ends));
    if let Some(line) = placeholder(&text, |line| file.contains(line)) {
        return Err(format!("its answer still has `{line}`"));
    }
    if text == file {
        return Err("its answer is the file as it is: no change".to_string());
    }
    if file.len() >= 200 && text.len() * 10 < file.len() * 3 {
        return Err("its answer has lost most of the file".to_string());
    }
    explained(file, sketch, &text)?;
    Ok(text)
}

/// Whether every change is one that the sketch speaks of: a line that comes stands in
/// it, and lines that go stood between two of its lines.
fn explained(file: &str, sketch: &str, text: &str) -> Result<(), String> {
    let old: Vec<&str> = file.split('\n').collect();
    let new: Vec<&str> = text.split('\n').collect();
    let told: Vec<&str> = sketch
        .split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let is_told = |line: &str| line.trim().is_empty() || told.contains(&line.trim());
    let full = |line: &&&str| !line.trim().is_empty();
    // Beyond the file's ends a sketch shows the end where it has no mark for more.
    let first = new.iter().find(full).map(|line| line.trim());
    let last = new.iter().rev().find(full).map(|line| line.trim());
    let above = |at: usize| match old[..at].iter().rev().find(full) {
        Some(line) => told.contains(&line.trim()),
        None => told.first().copied() == first,
    };
    let below = |at: usize| match old[at..].iter().find(full) {
        Some(line) => told.contains(&line.trim()),
        None => told.last().copied() == last,
    };
    let mut lost = 0;
    for op in similar::capture_diff_slices(Algorithm::Patience, &old, &new) {
        let (_, was, is) = op.as_tag_tuple();
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        if let Some(line) = new[is.clone()].iter().find(|line| !is_told(line)) {
            return Err(format!(
                "its answer changes line {} to `{}`, which code_edit does not have",
                was.start + 1,
                text::one_line(line.trim(), 100)
            ));
        }
        lost += was.len().saturating_sub(is.len());
        let gone = old[was.clone()].iter().any(|line| full(&line))
            && !new[is].iter().any(|line| full(&line));
        if gone && !(above(was.start) && below(was.end)) {
            return Err(format!(
                "its answer drops line {}, which code_edit does not speak of",
                was.start + 1
            ));
        }
    }
    if lost * 10 > old.len() * 3 && old.len() > 10 {
        return Err(format!("its answer drops {lost} of {} lines", old.len()));
    }
    Ok(())
}

#[cfg(test)]
#[path = "morph_tests.rs"]
mod tests;
