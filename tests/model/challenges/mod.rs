//! Challenges: `history` is what may happen to them, drawn by `draws`; `contract` is what has to come of it, with `challenge`,
//! `windows` and `parameters`; `sent` is what is sent, by an app or by a `phone`. `run` has both do each step and compares, `repeat` often.

mod challenge;
mod contract;
pub mod draws;
pub mod history;
mod parameters;
mod phone;
mod repeat;
mod run;
mod sent;
mod windows;

pub use challenge::Challenge;
pub use contract::Note;
pub use windows::Windows;
