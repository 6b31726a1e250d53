//! Making room without a model: old tool results give way to their two ends and
//! the name of a file that holds the whole.

use crate::protocol::entry::Folded;
use crate::protocol::message::{ContentBlock, Message, ToolResult};
use crate::stdx::text;

/// Results shorter than this stay, in bytes.
const WORTH: usize = 1_500;
/// Bytes kept of the start and of the end.
const ENDS: (usize, usize) = (300, 500);
/// How a folded result begins its mark; such a result is not folded again.
const MARK: &str = "[… folded:";

/// What to cut of the results that lie before the newest `keep` bytes of results.
/// `save` puts a whole result somewhere and says where.
pub(super) fn fold(
    messages: &[Message],
    keep: usize,
    mut save: impl FnMut(&ToolResult, &str) -> Option<String>,
) -> Vec<Folded> {
    let mut newest = 0;
    let mut folded = Vec::new();
    for message in messages.iter().rev() {
        let Message::ToolResult(result) = message else {
            continue;
        };
        let images = has_images(result);
        let text = text_of(result);
        newest += text.len();
        if newest <= keep || text.contains(MARK) || (text.len() < WORTH && !images) {
            continue;
        }
        let place = save(result, &text);
        folded.push(Folded {
            message: result.id.clone(),
            text: shortened(&text, images, place.as_deref()),
        });
    }
    folded.reverse();
    folded
}

/// Everything a result says.
pub(super) fn text_of(result: &ToolResult) -> String {
    result
        .content
        .iter()
        .filter_map(ContentBlock::as_text)
        .collect()
}

fn has_images(result: &ToolResult) -> bool {
    let image = |block: &ContentBlock| matches!(block, ContentBlock::Image { .. });
    result.content.iter().any(image)
}

fn shortened(whole: &str, images: bool, place: Option<&str>) -> String {
    let mut out = match text::head_tail(whole, ENDS.0, ENDS.1) {
        None => whole.to_string(),
        Some((head, tail)) => {
            let left_out = whole.len() - head.len() - tail.len();
            let place = place.map_or("call the tool again to see it".to_string(), |place| {
                format!("the whole is in {place}")
            });
            format!("{head}\n{MARK} {left_out} bytes; {place}]\n{tail}")
        }
    };
    if images {
        out.push_str("\n[image left out; read it again to see it]");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::tool::ToolView;

    fn result(id: &str, text: &str) -> Message {
        Message::ToolResult(ToolResult {
            id: id.into(),
            call_id: id.into(),
            content: vec![ContentBlock::text(text)],
            is_error: false,
            view: ToolView::default(),
        })
    }

    #[test]
    fn old_long_results_keep_their_ends_and_a_way_back() {
        let long = format!("first\n{}last\n", "middle\n".repeat(1_000));
        let messages = [
            result("a", &long),
            result("b", "short"),
            result("c", &long),
            result("d", &long),
        ];
        let folded = fold(&messages, long.len() + 10, |result, _| {
            Some(format!("out/{}.txt", result.call_id))
        });
        let ids: Vec<&str> = folded.iter().map(|f| f.message.as_str()).collect();
        assert_eq!(ids, ["a", "c"]);
        let text = &folded[0].text;
        assert!(
            text.starts_with("first\n") && text.ends_with("last\n"),
            "{text}"
        );
        assert!(text.contains("the whole is in out/a.txt"), "{text}");
        assert!(text.len() < 1_000);
        // What is folded stays as it is.
        let again = [result("a", text), result("d", &long)];
        assert!(
            fold(&again, 0, |_, _| None)
                .iter()
                .all(|f| f.message == "d")
        );
    }
}
