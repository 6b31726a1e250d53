//! The user's message as the model gets it: images stand where the text names
//! them, attached files and pages follow it.
//!
//! What the user names in the own words is read without a question; deny rules
//! hold. Everything goes through the tools that the model would use, so that both
//! see the same.

mod find;
mod size;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use self::find::{Mention, Named};
use super::results::Finished;
use super::{Agent, message_id};
use crate::media::{image, pdf};
use crate::permission::scope;
use crate::protocol::command::UserInput;
use crate::protocol::event::{AgentEvent, NoticeLevel};
use crate::protocol::message::{ContentBlock, ContextKind, Message};
use crate::protocol::permission::PermissionDecision;
use crate::protocol::tool::ToolTitle;
use crate::provider::{models, registry};
use crate::stdx::{ids, text};
use crate::tools::{BUILTIN, Prepared, ToolError, ToolOutput};
use crate::workspace::suggest;

/// Images and attachments of one message at most.
const MAX_NAMED: usize = 20;

/// What a command of the user's own hand begins with in the log.
pub const BY_HAND: &str = "The user ran this command:\n$ ";

impl Agent {
    /// The messages for an input: the user's own, and one for each attachment.
    /// All text blocks of the first one joined are the text as typed. What was
    /// added, and what could not be, is told to the user.
    pub(super) async fn take_in(
        &mut self,
        input: UserInput,
        cancel: &CancellationToken,
    ) -> Vec<Message> {
        self.emit(AgentEvent::UserMessage {
            text: input.text.clone(),
        });
        let mut images = self.pasted(&input).await;
        let mut attached = Vec::new();
        for mention in self.named(&input.text).await {
            match self.add(&mention.named, cancel).await {
                Some(Added::Image(block)) => images.push((mention.end, block)),
                Some(Added::Pages(block, text)) => {
                    images.push((mention.end, block));
                    attached.push(attachment(text));
                }
                Some(Added::Text(text)) => attached.push(attachment(text)),
                None => {}
            }
        }
        let chosen = std::mem::take(&mut self.to_attach);
        attached.extend(chosen.into_iter().map(attachment));
        let resources = self.named_resources(&input.text, cancel).await;
        attached.extend(resources.into_iter().map(attachment));
        if !images.is_empty() && !self.parts.model.vision {
            self.say_blind(images.len());
        }
        let user = Message::User {
            id: message_id(),
            content: interleave(&input.text, images),
        };
        std::iter::once(user).chain(attached).collect()
    }

    /// The pasted images whose marks are in the text, behind their first marks.
    async fn pasted(&self, input: &UserInput) -> Vec<(usize, ContentBlock)> {
        let mut images = Vec::new();
        for image in &input.images {
            let Some((at, mark)) = input.text.match_indices(image.marker).next() else {
                continue;
            };
            let bytes = image.bytes.clone();
            let ready = tokio::task::spawn_blocking(move || image::ready(bytes.to_vec())).await;
            let stored = match ready {
                Ok(Ok(ready)) => self.store_image(ready.media, &ready.bytes),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("it cannot be decoded".to_string()),
            };
            match stored {
                Ok(block) => images.push((at + mark.len(), block)),
                Err(why) => self.warn(format!("image {} is not sent: {why}", image.marker)),
            }
        }
        images
    }

    fn warn(&self, words: String) {
        self.notice(NoticeLevel::Warning, words);
    }

    fn store_image(&self, media: &str, bytes: &[u8]) -> Result<ContentBlock, String> {
        let blob = self.parts.services.blobs.put(bytes);
        let blob = blob.map_err(|error| format!("it cannot be stored: {error}"))?;
        Ok(ContentBlock::Image {
            media: media.to_string(),
            blob,
        })
    }

    /// What the text names. Looks at the disk, off the async thread.
    async fn named(&self, text: &str) -> Vec<Mention> {
        let services = self.parts.services.clone();
        let text = text.to_string();
        let found = tokio::task::spawn_blocking(move || {
            let (root, home) = (services.workspace.root(), services.env.home());
            find::mentions(&text, &|path| {
                scope::resolve(root, home, path).is_ok_and(|path| path.real().exists())
            })
        })
        .await;
        let mut found = found.unwrap_or_default();
        if found.len() > MAX_NAMED {
            let left = text::plural(found.len() - MAX_NAMED, "more name");
            self.warn(format!(
                "{MAX_NAMED} files are attached at most; {left} in the text are not"
            ));
            found.truncate(MAX_NAMED);
        }
        found
    }

    /// Reads one thing that was named; nothing, with a notice, when it cannot be.
    async fn add(&self, named: &Named, cancel: &CancellationToken) -> Option<Added> {
        let (name, tool, arguments) = match named {
            Named::MissingImage(path) => {
                self.warn(format!("{path} does not exist; no image is attached"));
                return None;
            }
            Named::MissingFile(path) => {
                self.say_missing(path).await;
                return None;
            }
            Named::Image(path) => (path, "read_file", json!({"path": path})),
            Named::File(path, _) if self.is_dir(path) => {
                (path, "list_directory", json!({"path": path}))
            }
            Named::File(path, None) => (path, "read_file", json!({"path": path})),
            Named::File(path, Some((first, last))) => {
                let limit = last - first + 1;
                let arguments = json!({"path": path, "offset": first, "limit": limit});
                (path, "read_file", arguments)
            }
            Named::ImageUrl(url) | Named::Page(url) => (url, "web_fetch", json!({"url": url})),
        };
        let shown = text::one_line(&text::clean(name), 100);
        let output = match self.by_hand(tool, &arguments.to_string(), cancel).await {
            Ok((_, output)) if !output.is_error => output,
            Ok((_, output)) => {
                self.warn(format!("{shown} is not attached: {}", words(&output)));
                return None;
            }
            Err(error) => {
                self.warn(format!("{shown} is not attached: {error}"));
                return None;
            }
        };
        let about = match output.outcome.as_str() {
            "" => String::new(),
            outcome => format!(" ({outcome})"),
        };
        let as_text = |media: &str| media == pdf::MEDIA && !registry::reads_pdf(&self.parts.model);
        if let Some((media, bytes)) = output.images.first().filter(|(media, _)| !as_text(media)) {
            return match self.store_image(media, bytes) {
                Ok(block) => {
                    self.notice(NoticeLevel::Info, format!("attached {shown}{about}"));
                    let which = format!("Attached by the user: {shown}{about}");
                    Some(match media == pdf::MEDIA {
                        true => Added::Pages(block, which),
                        false => Added::Image(block),
                    })
                }
                Err(why) => {
                    self.warn(format!("{shown} is not attached: {why}"));
                    None
                }
            };
        }
        if matches!(named, Named::Image(_) | Named::ImageUrl(_)) {
            self.warn(format!("{shown} is not attached: it is not an image"));
            return None;
        }
        let lines = match named {
            Named::File(_, Some((first, last))) => format!(", lines {first}–{last}"),
            _ => String::new(),
        };
        self.notice(NoticeLevel::Info, format!("attached {shown}{lines}{about}"));
        Some(Added::Text(format!(
            "Attached by the user: {shown}{lines}\n\n{}",
            words(&output)
        )))
    }

    fn is_dir(&self, path: &str) -> bool {
        let services = &self.parts.services;
        scope::resolve(services.workspace.root(), services.env.home(), path)
            .is_ok_and(|path| path.real().is_dir())
    }

    /// A name with `@` that is no path stays text, without a word, unless it is
    /// nearly one.
    async fn say_missing(&self, path: &str) {
        let services = self.parts.services.clone();
        let name = path.to_string();
        let hint = tokio::task::spawn_blocking(move || {
            let root = services.workspace.root();
            scope::resolve(root, services.env.home(), &name)
                .map_or(String::new(), |path| suggest::hint(root, &path))
        });
        let hint = hint.await.unwrap_or_default();
        if !hint.is_empty() {
            let path = text::one_line(&text::clean(path), 100);
            self.warn(format!("@{path} does not exist{hint}; it stays text"));
        }
    }

    fn say_blind(&self, images: usize) {
        let model = &self.parts.model;
        let seeing: Vec<String> = models::known(self.parts.provider.id())
            .into_iter()
            .filter(|model| model.vision)
            .map(|model| model.id)
            .take(4)
            .collect();
        let which = match seeing.is_empty() {
            true => String::new(),
            false => format!("; these take them: {}", seeing.join(", ")),
        };
        self.warn(format!(
            "{} takes no images: the model is only told of {}{which}",
            model.id,
            text::plural(images, "image")
        ));
    }

    /// Runs a tool by the user's own word: nobody is asked, deny rules hold.
    async fn by_hand(
        &self,
        name: &str,
        arguments: &str,
        cancel: &CancellationToken,
    ) -> Result<(String, ToolOutput), ToolError> {
        let id = format!("hand_{}", ids::random(8));
        let prepared = self.prepare_by_hand(&id, name, arguments, cancel)?;
        Ok((id, prepared.run.await?))
    }

    fn prepare_by_hand(
        &self,
        id: &str,
        name: &str,
        arguments: &str,
        cancel: &CancellationToken,
    ) -> Result<Prepared, ToolError> {
        let tool = BUILTIN.iter().find(|tool| tool.name() == name);
        let tool = tool.ok_or_else(|| ToolError::model(format!("there is no tool {name}")))?;
        let prepared = tool.prepare(arguments, &self.tool_cx(id, cancel))?;
        match self.decide_by_hand(&prepared.effects) {
            PermissionDecision::Deny { why } => Err(ToolError::Denied {
                reason: why.clone(),
                words: format!("denied: {why}"),
            }),
            PermissionDecision::Allow { .. } | PermissionDecision::Ask { .. } => {
                prepared.approval.give();
                Ok(prepared)
            }
        }
    }

    /// Runs a command of the user's own hand. Its output is shown like that of a
    /// tool, and the model reads it with the next message.
    pub async fn run_by_hand(&mut self, command: &str) {
        let cancel = self.parts.control.begin();
        let id = format!("hand_{}", ids::random(8));
        let arguments = json!({"command": command, "timeout_seconds": 600}).to_string();
        let name = "execute_bash";
        let finished = match self.prepare_by_hand(&id, name, &arguments, &cancel) {
            Ok(prepared) => {
                let title = prepared.title.clone();
                self.emit(AgentEvent::ToolStarted {
                    call_id: id.clone(),
                    name: name.into(),
                    title: title.clone(),
                });
                let result = prepared.run.await;
                Finished {
                    call_id: id.clone(),
                    title,
                    result,
                }
            }
            Err(error) => Finished {
                call_id: id.clone(),
                title: ToolTitle::new("Run", text::one_line(command, 200)),
                result: Err(error),
            },
        };
        self.emit(AgentEvent::ToolFinished {
            call_id: id,
            name: name.into(),
            view: finished.view(),
        });
        let output = match &finished.result {
            Ok(output) => words(output),
            Err(error) => error.to_string(),
        };
        self.record_message(Message::Context {
            id: message_id(),
            kind: ContextKind::Command,
            text: format!("{BY_HAND}{command}\n{output}"),
        });
        self.sync();
    }
}

/// What a name led to.
enum Added {
    Image(ContentBlock),
    /// Pages of a PDF, and which they are.
    Pages(ContentBlock, String),
    Text(String),
}

fn attachment(text: String) -> Message {
    Message::Context {
        id: message_id(),
        kind: ContextKind::Attachment,
        text,
    }
}

/// The text of a result.
fn words(output: &ToolOutput) -> String {
    let texts = output.content.iter().filter_map(ContentBlock::as_text);
    texts.collect::<Vec<_>>().join("\n")
}

/// The text cut at the places of the images, with the images between the pieces.
fn interleave(text: &str, mut images: Vec<(usize, ContentBlock)>) -> Vec<ContentBlock> {
    images.sort_by_key(|(at, _)| *at);
    let mut content = Vec::new();
    let mut from = 0;
    for (at, image) in images {
        if at > from {
            content.push(ContentBlock::text(&text[from..at]));
            from = at;
        }
        content.push(image);
    }
    if from < text.len() || content.is_empty() {
        content.push(ContentBlock::text(&text[from..]));
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(blob: &str) -> ContentBlock {
        ContentBlock::Image {
            media: "image/png".into(),
            blob: blob.into(),
        }
    }

    #[test]
    fn images_stand_behind_their_marks_and_the_text_stays_whole() {
        let text = "compare ① with ②, please";
        let end = |mark| text.find(mark).unwrap() + "①".len();
        let content = interleave(text, vec![(end("②"), image("b")), (end("①"), image("a"))]);
        assert_eq!(
            content,
            [
                ContentBlock::text("compare ①"),
                image("a"),
                ContentBlock::text(" with ②"),
                image("b"),
                ContentBlock::text(", please"),
            ]
        );
        assert_eq!(interleave("", vec![]), [ContentBlock::text("")]);
        assert_eq!(
            interleave("①", vec![(3, image("a"))]),
            [ContentBlock::text("①"), image("a")]
        );
    }
}
