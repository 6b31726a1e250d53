//! One-shot output: the answer on stdout, progress on stderr.
