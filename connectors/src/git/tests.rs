//! Against real repositories, made by git itself.
