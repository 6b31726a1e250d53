//! Styles to bytes.

use std::io::Write as _;

use ratatui::style::{Color, Modifier, Style};

use crate::render::links::Targets;
use crate::render::text::width;
pub use crate::render::theme::Depth;

/// Writes text and styles for one kind of terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Painter {
    /// Colours that are written.
    pub depth: Depth,
    /// Characters outside ASCII are written as they are; otherwise as `?` or a stand-in.
    pub utf8: bool,
    /// Addresses behind the styles that carry a number.
    pub links: Targets,
}

/// What is switched on at the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pen {
    fg: Option<Color>,
    bg: Option<Color>,
    modifier: Modifier,
    link: Option<u32>,
}

impl Painter {
    /// The pen a style asks for.
    pub fn pen(&self, style: Style) -> Pen {
        let colour = |colour: Option<Color>| match colour {
            None | Some(Color::Reset) => None,
            Some(colour) => self.reduce(colour),
        };
        Pen {
            fg: colour(style.fg),
            bg: colour(style.bg),
            modifier: style.add_modifier.difference(style.sub_modifier),
            link: Targets::number(style),
        }
    }

    /// Switches from one pen to another with few bytes.
    pub fn switch(&self, from: &mut Pen, to: Pen, out: &mut Vec<u8>) {
        if from.link != to.link {
            self.link(to.link, out);
            from.link = to.link;
        }
        if *from == to {
            return;
        }
        if to == Pen::default() {
            out.extend_from_slice(b"\x1b[m");
            *from = to;
            return;
        }
        let mut codes = String::new();
        let mut base = *from;
        let lost = base.modifier.difference(to.modifier);
        if !lost.is_empty()
            || (base.fg.is_some() && to.fg.is_none())
            || (base.bg.is_some() && to.bg.is_none())
        {
            codes.push_str("0;");
            base = Pen {
                link: to.link,
                ..Pen::default()
            };
        }
        for (modifier, code) in MODIFIERS {
            if to.modifier.contains(*modifier) && !base.modifier.contains(*modifier) {
                codes.push_str(code);
                codes.push(';');
            }
        }
        if to.fg != base.fg
            && let Some(colour) = to.fg
        {
            push_colour(&mut codes, colour, 30);
        }
        if to.bg != base.bg
            && let Some(colour) = to.bg
        {
            push_colour(&mut codes, colour, 40);
        }
        codes.pop();
        out.extend_from_slice(b"\x1b[");
        out.extend_from_slice(codes.as_bytes());
        out.push(b'm');
        *from = to;
    }

    /// Writes text without anything a terminal could obey.
    pub fn text(&self, text: &str, out: &mut Vec<u8>) {
        if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return out.extend_from_slice(text.as_bytes());
        }
        let mut utf8 = [0; 4];
        for ch in text.chars().filter(|ch| !ch.is_control()) {
            if self.utf8 || ch.is_ascii() {
                out.extend_from_slice(ch.encode_utf8(&mut utf8).as_bytes());
            } else {
                // As wide as what it stands for, so that columns stay in line.
                let columns = width(ch.encode_utf8(&mut utf8));
                out.extend(std::iter::repeat_n(stand_in(ch), columns));
            }
        }
    }

    /// What follows leads to an address, or nowhere. The number ties the rows of a
    /// wrapped link together.
    fn link(&self, number: Option<u32>, out: &mut Vec<u8>) {
        let found = number.and_then(|number| Some((number, self.links.address(number)?)));
        // Writing to a vector cannot fail.
        let _ = match found {
            Some((number, address)) => write!(out, "\x1b]8;id=sofos{number};{address}\x1b\\"),
            None => write!(out, "\x1b]8;;\x1b\\"),
        };
    }

    fn reduce(&self, colour: Color) -> Option<Color> {
        match (self.depth, colour) {
            (Depth::None, _) => None,
            (Depth::True, colour) => Some(colour),
            (Depth::Indexed, Color::Rgb(r, g, b)) => Some(Color::Indexed(cube(r, g, b))),
            (Depth::Indexed, colour) => Some(colour),
            (Depth::Ansi, Color::Rgb(r, g, b)) => Some(nearest(r, g, b)),
            (Depth::Ansi, Color::Indexed(index)) if index > 15 => {
                let (r, g, b) = cube_colour(index);
                Some(nearest(r, g, b))
            }
            (Depth::Ansi, colour) => Some(colour),
        }
    }
}

const MODIFIERS: &[(Modifier, &str)] = &[
    (Modifier::BOLD, "1"),
    (Modifier::DIM, "2"),
    (Modifier::ITALIC, "3"),
    (Modifier::UNDERLINED, "4"),
    (Modifier::REVERSED, "7"),
    (Modifier::CROSSED_OUT, "9"),
];

/// The ASCII character shown for another one where the locale is not UTF-8;
/// as wide as the original where that is one column.
fn stand_in(ch: char) -> u8 {
    match ch {
        '•' | '·' => b'*',
        '│' | '⋮' => b'|',
        '─' | '−' | '–' | '—' => b'-',
        '…' => b'~',
        '‘' | '’' => b'\'',
        '“' | '”' => b'"',
        _ => b'?',
    }
}

fn push_colour(codes: &mut String, colour: Color, base: u8) {
    use std::fmt::Write as _;
    let written = match colour {
        Color::Rgb(r, g, b) => write!(codes, "{};2;{r};{g};{b};", base + 8),
        Color::Indexed(index) => write!(codes, "{};5;{index};", base + 8),
        named => match ansi_index(named) {
            Some(index @ 0..=7) => write!(codes, "{};", base + index),
            Some(index) => write!(codes, "{};", base + 60 + index - 8),
            None => Ok(()),
        },
    };
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

fn ansi_index(colour: Color) -> Option<u8> {
    Some(match colour {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => return None,
    })
}

const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn cube(r: u8, g: u8, b: u8) -> u8 {
    let step = |value: u8| {
        (0..6u8)
            .min_by_key(|i| STEPS[usize::from(*i)].abs_diff(value))
            .unwrap_or(0)
    };
    16 + 36 * step(r) + 6 * step(g) + step(b)
}

fn cube_colour(index: u8) -> (u8, u8, u8) {
    if index >= 232 {
        let grey = 8 + 10 * (index - 232);
        return (grey, grey, grey);
    }
    let at = index.saturating_sub(16);
    let step = |i: u8| STEPS[usize::from(i % 6)];
    (step(at / 36), step(at / 6), step(at))
}

fn nearest(r: u8, g: u8, b: u8) -> Color {
    const PALETTE: [(Color, [u8; 3]); 8] = [
        (Color::Black, [0, 0, 0]),
        (Color::Red, [205, 0, 0]),
        (Color::Green, [0, 205, 0]),
        (Color::Yellow, [205, 205, 0]),
        (Color::Blue, [0, 0, 238]),
        (Color::Magenta, [205, 0, 205]),
        (Color::Cyan, [0, 205, 205]),
        (Color::Gray, [229, 229, 229]),
    ];
    PALETTE
        .into_iter()
        .min_by_key(|(_, rgb)| {
            let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
            square(rgb[0], r) + square(rgb[1], g) + square(rgb[2], b)
        })
        .map_or(Color::Gray, |(colour, _)| colour)
}

/// Appends `CSI n x`, without the number where it is the default of 1; nothing for 0.
pub fn csi(out: &mut Vec<u8>, count: u16, letter: u8) {
    match count {
        0 => return,
        1 => out.extend_from_slice(b"\x1b["),
        _ => {
            // Writing to a vector cannot fail.
            let _ = write!(out, "\x1b[{count}");
        }
    }
    out.push(letter);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(depth: Depth, styles: &[Style]) -> String {
        let painter = Painter {
            depth,
            utf8: true,
            links: Targets::default(),
        };
        let (mut out, mut pen) = (Vec::new(), Pen::default());
        for style in styles {
            painter.switch(&mut pen, painter.pen(*style), &mut out);
            out.push(b'x');
        }
        String::from_utf8(out).unwrap().replace('\u{1b}', "^")
    }

    #[test]
    fn styles_cost_few_bytes() {
        let plain = Style::new();
        let red = plain.fg(Color::Red);
        assert_eq!(
            bytes(Depth::Ansi, &[plain, red, red, plain]),
            "x^[31mxx^[mx"
        );
        assert_eq!(bytes(Depth::Ansi, &[red, red.bold()]), "^[31mx^[1mx");
        assert_eq!(bytes(Depth::Ansi, &[red.bold(), red]), "^[1;31mx^[0;31mx");
        assert_eq!(
            bytes(Depth::True, &[plain.bg(Color::Rgb(1, 2, 3)).dim()]),
            "^[2;48;2;1;2;3mx"
        );
        assert_eq!(bytes(Depth::Ansi, &[plain.fg(Color::LightRed)]), "^[91mx");
    }

    #[test]
    fn links_open_and_close_around_their_text() {
        let painter = Painter {
            depth: Depth::Ansi,
            utf8: true,
            links: Targets::default(),
        };
        painter.links.set_on(true);
        let plain = Style::new();
        let link = painter
            .links
            .mark(plain.bold(), "https://e.org/a?b=c")
            .unwrap();
        let (mut out, mut pen) = (Vec::new(), Pen::default());
        for style in [plain, link, link.italic(), plain.bold(), link, plain] {
            painter.switch(&mut pen, painter.pen(style), &mut out);
            out.push(b'x');
        }
        let open = "^]8;id=sofos1;https://e.org/a?b=c^\\";
        let close = "^]8;;^\\";
        assert_eq!(
            String::from_utf8(out).unwrap().replace('\u{1b}', "^"),
            format!("x{open}^[1mx^[3mx{close}^[0;1mx{open}x{close}^[mx")
        );
    }

    #[test]
    fn colours_fit_the_terminal() {
        let style = Style::new().fg(Color::Rgb(250, 0, 0));
        assert_eq!(bytes(Depth::Indexed, &[style]), "^[38;5;196mx");
        assert_eq!(bytes(Depth::Ansi, &[style]), "^[31mx");
        assert_eq!(bytes(Depth::None, &[style.bold()]), "^[1mx");
    }

    #[test]
    fn controls_never_reach_the_terminal() {
        let mut out = Vec::new();
        let painter = Painter {
            depth: Depth::None,
            utf8: false,
            links: Targets::default(),
        };
        painter.text("a\u{1b}[2J\u{9b}\n•é世e\u{301}", &mut out);
        assert_eq!(out, b"a[2J*???e");
    }
}
