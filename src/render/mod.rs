//! Text to styled lines; pure.
