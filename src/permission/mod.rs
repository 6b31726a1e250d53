//! What may happen without asking: a pure decision over effects.
