//! Text to located values, layer by layer.
