//! The training side of Atome LM.
