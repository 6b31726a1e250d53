//! HTTP. The only room that uses reqwest.
