//! What sagas promise: each thing is heard once, asked for by name, and taken back in order.
