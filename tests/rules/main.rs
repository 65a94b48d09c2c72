//! What holds for the text of the repository, by the text alone: this links no library, so
//! that it is quick.

mod tidy;
