//! The parts that pages are made of. Each is a function from the store to a view; what it shows is the store's.

pub mod bar;
pub mod composer;
pub mod control;
pub mod conversations;
pub mod film;
pub mod focus;
pub mod image;
pub mod keys;
pub mod lightbox;
pub mod menu;
pub mod panel;
pub mod picture;
pub mod picture_actions;
pub mod plan_card;
pub mod rail;
pub mod ready;
pub mod reel;
pub mod regions;
pub mod ring;
pub mod toaster;
pub mod turn;
pub mod warnings;
