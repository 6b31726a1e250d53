//! Where a session's tokens and money went: a fold of its log.
//!
//! A vendor counts a request as a whole. What each part of it had is told by the
//! bytes it has in the conversation at that moment, scaled so that the parts sum up
//! to the vendor's count exactly.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde::Serialize;

use crate::protocol::entry::{Aside, Compaction, Entry, EntryKind};
use crate::protocol::message::{ContentBlock, Message};
use crate::protocol::model::ModelInfo;
use crate::protocol::usage::{Cost, Usage};
use crate::provider::{models, price};
use crate::tools::mcp::MCP_CALL;

/// What an image counts for, in bytes of text.
const IMAGE: u64 = 5_000;
/// A vendor keeps a prefix at least this long, in milliseconds.
const CACHE_LIFE: u64 = 5 * 60 * 1000;
/// Marks where instruction files begin in the system prompt.
const INSTRUCTIONS: &str = "\n\n# Instructions from";

/// A part of a request, or of an answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The system prompt without instruction files.
    System,
    /// The descriptions of the tools.
    Tools,
    /// Instruction files.
    Instructions,
    /// What the user wrote.
    User,
    /// Reminders and facts that sofos adds.
    Context,
    /// The account of what was compacted.
    Summary,
    /// What the model said and called before.
    Earlier,
    /// Files and lists that tools read.
    Files,
    /// Output of commands.
    Commands,
    /// Results of other tools.
    Results,
    /// Results of an MCP server.
    Mcp(String),
    /// Results of sub-agents.
    Agents,
    /// Images.
    Images,
    /// Requests that compacted the conversation.
    Compaction,
    /// The session's name, by a model set for it.
    Title,
    /// Edits merged into files by Morph.
    Apply,
    /// New text and calls of the model.
    Answer,
    /// New reasoning.
    Reasoning,
}

impl Part {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Self::System => "system prompt".into(),
            Self::Tools => "tool descriptions".into(),
            Self::Instructions => "instruction files".into(),
            Self::User => "your messages".into(),
            Self::Context => "reminders and facts".into(),
            Self::Summary => "compacted history".into(),
            Self::Earlier => "earlier answers".into(),
            Self::Files => "files read".into(),
            Self::Commands => "command output".into(),
            Self::Results => "other tool results".into(),
            Self::Mcp(server) => format!("MCP server {server}"),
            Self::Agents => "sub-agents".into(),
            Self::Images => "images".into(),
            Self::Compaction => "compaction".into(),
            Self::Title => "the session's name".into(),
            Self::Apply => "edits merged by Morph".into(),
            Self::Answer => "answers written".into(),
            Self::Reasoning => "reasoning".into(),
        }
    }

    /// The part a tool's results belong to.
    fn of_tool(name: &str) -> Self {
        if let Some(rest) = name.strip_prefix("mcp__") {
            let server = rest.split("__").next().unwrap_or(rest);
            return Self::Mcp(server.to_string());
        }
        match name {
            "read_file" | "list_directory" | "glob_files" | "search_code" | "view_image" => {
                Self::Files
            }
            name if name.contains("bash") || name.contains("command") => Self::Commands,
            name if name.contains("agent") || name.contains("team") => Self::Agents,
            _ => Self::Results,
        }
    }
}

/// Tokens and dollars of a part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Share {
    /// Tokens.
    pub tokens: u64,
    /// Dollars, as far as prices are known.
    pub usd: f64,
}

/// What one model was asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ByModel {
    /// Model id as the vendor reported it.
    pub model: String,
    /// Answers it gave.
    pub requests: u64,
    /// Their tokens.
    pub usage: Usage,
    /// Their cost.
    pub cost: Cost,
}

/// A place where the cached prefix was given up or not served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Break {
    /// Why, in words.
    pub cause: String,
    /// Tokens that were read anew.
    pub tokens: u64,
}

/// Where a session's tokens and money went.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Ledger {
    /// By model, in the order of their first answer.
    pub models: Vec<ByModel>,
    /// By part.
    #[serde(serialize_with = "as_list")]
    pub parts: BTreeMap<Part, Share>,
    /// All tokens.
    pub usage: Usage,
    /// All money.
    pub cost: Cost,
    /// Dollars that caching saved.
    pub saved: f64,
    /// Cache breaks.
    pub breaks: Vec<Break>,
    /// What fills the window after the last entry, in tokens.
    #[serde(serialize_with = "as_list")]
    pub window: BTreeMap<Part, Share>,
}

fn as_list<S: serde::Serializer>(
    parts: &BTreeMap<Part, Share>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let row = |(part, share): (&Part, &Share)| serde_json::json!({"part": part.words(), "tokens": share.tokens, "usd": share.usd});
    serializer.collect_seq(parts.iter().map(row))
}

/// Bytes of a conversation by part, at one place of the log.
type Bytes = BTreeMap<Part, u64>;

/// The conversation as far as the ledger needs it, at one place of the log.
#[derive(Debug, Clone, Default)]
struct State {
    bytes: Rc<Bytes>,
    /// Tools by call id, of the latest message with calls.
    tools: Rc<HashMap<String, String>>,
    provider: Rc<str>,
    model: Rc<str>,
    /// Tokens in the window at the last answer.
    used: u64,
    /// Why the prefix changed since the last answer.
    changed: Option<Rc<str>>,
    /// Prompt and time of the last answer.
    last: Option<(u64, u64)>,
}

/// Folds a log. `tools`: bytes of the tool descriptions as requests carry them.
pub fn ledger(entries: &[Entry], tools: usize) -> Ledger {
    let mut out = Ledger::default();
    let mut states: HashMap<&str, State> = HashMap::new();
    let mut state = State::default();
    for entry in entries {
        if let Some(parent) = &entry.parent
            && let Some(known) = states.get(parent.as_str())
        {
            state = known.clone();
        }
        state.apply(entry, tools, &mut out);
        states.insert(&entry.id, state.clone());
    }
    out.window = shares(&state.bytes, state.used, 0.0);
    out
}

impl State {
    fn add(&mut self, part: Part, bytes: usize) {
        if bytes > 0 {
            *Rc::make_mut(&mut self.bytes).entry(part).or_default() += bytes as u64;
        }
    }

    fn apply(&mut self, entry: &Entry, tools: usize, out: &mut Ledger) {
        match &entry.kind {
            EntryKind::Prefix { system, cause, .. } => {
                let at = system.find(INSTRUCTIONS).unwrap_or(system.len());
                let bytes = Rc::make_mut(&mut self.bytes);
                bytes.insert(Part::System, at as u64);
                bytes.insert(Part::Instructions, (system.len() - at) as u64);
                bytes.insert(Part::Tools, tools as u64);
                if let Some(cause) = cause {
                    self.changed = Some(cause.as_str().into());
                }
            }
            EntryKind::Settings { settings } => {
                let known = !self.model.is_empty();
                if known && (*self.model != *settings.model || *self.provider != *settings.provider)
                {
                    self.changed = Some(format!("the model changed to {}", settings.model).into());
                }
                self.provider = settings.provider.as_str().into();
                self.model = settings.model.as_str().into();
            }
            EntryKind::Message { message } => self.message(message),
            EntryKind::Compaction { compaction } => self.compacted(compaction),
            EntryKind::Usage {
                model,
                usage,
                cost,
                compaction,
                aside,
                broke,
            } => {
                if let (Some(broke), None) = (broke, &self.changed) {
                    self.changed = Some(broke.as_str().into());
                }
                let aside = match (compaction, aside) {
                    (true, _) => Some(Part::Compaction),
                    (_, Some(Aside::Title)) => Some(Part::Title),
                    (_, Some(Aside::Apply)) => Some(Part::Apply),
                    _ => None,
                };
                self.answered(entry.at, (model, usage, *cost), aside, out);
            }
            _ => {}
        }
    }

    fn message(&mut self, message: &Message) {
        match message {
            Message::User { content, .. } => self.content(content, &Part::User),
            Message::Context { text, kind, .. } => {
                let part = match kind {
                    crate::protocol::message::ContextKind::Compaction => Part::Summary,
                    _ => Part::Context,
                };
                self.add(part, text.len());
            }
            Message::Assistant(message) => {
                if message.tool_calls().next().is_some() {
                    let named = |(id, name, arguments): (&str, &str, &str)| {
                        (id.to_string(), called(name, arguments))
                    };
                    self.tools = Rc::new(message.tool_calls().map(named).collect());
                }
                self.content(&message.content, &Part::Earlier);
            }
            Message::ToolResult(result) => {
                let name = self.tools.get(&result.call_id).map_or("", String::as_str);
                let part = Part::of_tool(name);
                self.content(&result.content, &part);
            }
        }
    }

    fn content(&mut self, content: &[ContentBlock], part: &Part) {
        for block in content {
            let bytes = match block {
                ContentBlock::Text { text, .. } | ContentBlock::Thinking { text, .. } => text.len(),
                ContentBlock::ToolCall {
                    name, arguments, ..
                } => name.len() + arguments.len() + 40,
                ContentBlock::ServerSide { summary, opaque } => {
                    summary.len() + opaque.as_ref().map_or(0, |opaque| opaque.0.len())
                }
                ContentBlock::Image { .. } => {
                    self.add(Part::Images, IMAGE as usize);
                    0
                }
            };
            self.add(part.clone(), bytes);
        }
    }

    fn compacted(&mut self, compaction: &Compaction) {
        let kept = [Part::System, Part::Instructions, Part::Tools];
        match &compaction.head {
            Some(head) => {
                Rc::make_mut(&mut self.bytes).retain(|part, _| kept.contains(part));
                head.messages
                    .iter()
                    .for_each(|message| self.message(message));
            }
            // Results were cut: which parts lost how much is not worth the exactness.
            None => {
                let share = compaction.after as f64 / compaction.before.max(1) as f64;
                for (part, bytes) in Rc::make_mut(&mut self.bytes).iter_mut() {
                    if matches!(
                        part,
                        Part::Files | Part::Commands | Part::Results | Part::Mcp(_)
                    ) {
                        *bytes = (*bytes as f64 * share) as u64;
                    }
                }
            }
        }
        self.used = compaction.after;
        self.changed = Some("the conversation was compacted".into());
    }

    fn answered(
        &mut self,
        at: u64,
        (model, usage, cost): (&str, &Usage, Cost),
        aside: Option<Part>,
        out: &mut Ledger,
    ) {
        out.usage.add(usage);
        out.cost.add(cost);
        by_model(&mut out.models, model, usage, cost);
        let rates = self.rates(model);
        let written = Usage {
            output: usage.output,
            ..Usage::default()
        };
        let output_usd = price::cost(&rates, &written).usd.min(cost.usd);
        let prompt_usd = cost.usd - output_usd;
        if let Some(part) = aside {
            let all = usage.prompt().saturating_add(usage.output);
            add(&mut out.parts, part, all, cost.usd);
        } else {
            for (part, share) in shares(&self.bytes, usage.prompt(), prompt_usd) {
                add(&mut out.parts, part, share.tokens, share.usd);
            }
            let reasoning = usage.reasoning.min(usage.output);
            let of = |tokens: u64| output_usd * tokens as f64 / usage.output.max(1) as f64;
            add(&mut out.parts, Part::Reasoning, reasoning, of(reasoning));
            let answer = usage.output - reasoning;
            add(&mut out.parts, Part::Answer, answer, of(answer));
            self.look_for_break(at, &rates, usage, out);
            self.used = usage.prompt().saturating_add(usage.output);
            self.last = Some((usage.prompt(), at));
        }
        out.saved += saved(&rates, usage);
    }

    fn rates(&self, model: &str) -> ModelInfo {
        let answered = models::lookup(&self.provider, model);
        match answered.assumed {
            true => models::lookup(&self.provider, &self.model),
            false => answered,
        }
    }

    /// Whether the vendor read anew what it had read before.
    fn look_for_break(&mut self, at: u64, model: &ModelInfo, usage: &Usage, out: &mut Ledger) {
        let changed = self.changed.take();
        let Some((before, then)) = self.last else {
            return;
        };
        // A vendor that reports no cache at all has none to break.
        let caches = out.usage.cache_read > 0 || changed.is_some();
        if !caches || before < model.cache_min_tokens || usage.cache_read >= before / 2 {
            return;
        }
        let pause = at.saturating_sub(then);
        let cause = match changed {
            Some(cause) => cause.to_string(),
            None if pause > CACHE_LIFE => {
                format!("a pause of {} minutes", pause / 60_000)
            }
            None => "the vendor did not serve it".to_string(),
        };
        out.breaks.push(Break {
            cause,
            tokens: usage.prompt().saturating_sub(usage.cache_read),
        });
    }
}

/// The tool that a call really is about.
fn called(name: &str, arguments: &str) -> String {
    let inner = || {
        let arguments: serde_json::Value = serde_json::from_str(arguments).ok()?;
        Some(arguments.get("tool")?.as_str()?.to_string())
    };
    let inner = (name == MCP_CALL).then(inner).flatten();
    inner.unwrap_or_else(|| name.to_string())
}

/// Dollars saved by reading from the cache, less what writing to it cost on top.
fn saved(model: &ModelInfo, usage: &Usage) -> f64 {
    let uncached = Usage {
        input: usage.prompt(),
        output: usage.output,
        web_searches: usage.web_searches,
        ..Usage::default()
    };
    price::cost(model, &uncached).usd - price::cost(model, usage).usd
}

fn by_model(models: &mut Vec<ByModel>, model: &str, usage: &Usage, cost: Cost) {
    let at = models.iter().position(|row| row.model == model);
    let at = at.unwrap_or_else(|| {
        models.push(ByModel {
            model: model.to_string(),
            requests: 0,
            usage: Usage::default(),
            cost: Cost::default(),
        });
        models.len() - 1
    });
    models[at].requests += 1;
    models[at].usage.add(usage);
    models[at].cost.add(cost);
}

fn add(parts: &mut BTreeMap<Part, Share>, part: Part, tokens: u64, usd: f64) {
    if tokens > 0 || usd > 0.0 {
        let share = parts.entry(part).or_default();
        share.tokens = share.tokens.saturating_add(tokens);
        share.usd += usd;
    }
}

/// `tokens` and `usd` parted by bytes; the tokens sum up exactly.
fn shares(bytes: &Bytes, tokens: u64, usd: f64) -> BTreeMap<Part, Share> {
    let whole: u64 = bytes.values().sum();
    let (mut seen, mut given) = (0_u64, 0_u64);
    let mut out = BTreeMap::new();
    if whole == 0 {
        add(&mut out, Part::Context, tokens, usd);
        return out;
    }
    for (part, bytes) in bytes {
        seen += bytes;
        let until = (u128::from(tokens) * u128::from(seen) / u128::from(whole)) as u64;
        let share = usd * *bytes as f64 / whole as f64;
        add(&mut out, part.clone(), until - given, share);
        given = until;
    }
    out
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
