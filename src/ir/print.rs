//! The representation as text, for `gpuana explain` and for tests.
