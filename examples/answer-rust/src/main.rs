//! Questions and answers without an operating system: a trained model in flash, two arrays in RAM, and answers that say
//! whether to act on them.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

use atome_engine::dialogue::{answer, Dialogue, Limits, Normalise};
use atome_engine::{argmax, Dims, Layout, Model, Plan, Shape, Workspace};
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprint, hprintln};

/// The trained model. It stays in flash and is read there, at any alignment.
static MODEL: &[u8] = include_bytes!("../../../models/default.bin");

/// The model's sizes, from models/default.json. The compiler checks that each is in its range.
const SHAPE: Shape = match Shape::new(Dims {
    vocab_size: 128,
    d_model: 128,
    n_layers: 6,
    d_head: 16,
    kernel_size: 8,
    n_pathways: 3,
    top_k: 4,
}) {
    Ok(shape) => shape,
    Err(_) => panic!("a size is out of its range"),
};

/// The longest sequence, question and answer together, in tokens.
const MAX_SEQ: usize = 80;

/// How the work area spends memory.
const PLAN: Plan = if cfg!(feature = "cached") { Plan::Cached } else { Plan::Lean };

const LAYOUT: Layout = match Layout::new(SHAPE, MAX_SEQ, PLAN) {
    Ok(layout) => layout,
    Err(_) => panic!("the work area would be larger than the address space"),
};

/// What this firmware can spare, checked when it is compiled.
const RAM_FOR_THE_WORK_AREA: usize = if cfg!(feature = "cached") { 400_000 } else { 96 * 1024 };
const _: () = assert!(LAYOUT.bytes() <= RAM_FOR_THE_WORK_AREA, "the work area takes more RAM than is set aside");

/// How the model is asked, from models/default.json: the text around a question, its form, where an answer ends, and when it
/// is unsure.
const DIALOGUE: Dialogue = Dialogue {
    before: b"Q: ",
    after: b"\nA: ",
    normalise: Normalise::ALL,
    stop: Some(b'\n' as usize),
    longest_answer: LONGEST_ANSWER,
    limits: Limits { most_question_nats: 1.682, least_probability: 0.7104 },
    encoder: None,
};
const LONGEST_ANSWER: usize = 64;

/// What is asked; in your firmware, what comes from the UART. `PROMPT="2 degrees warmer" cargo run --release` asks that.
const QUESTIONS: &[&str] = match option_env!("PROMPT") {
    Some(prompt) => &[prompt],
    None => &["make it 21 degrees", "How do I unlock it?", "set night mode at 10 pm"],
};

#[entry]
fn main() -> ! {
    // `entry` makes these statics, which take RAM but no stack, references that nobody else has.
    static mut FLOATS: [f32; LAYOUT.floats()] = [0.0; LAYOUT.floats()];
    static mut WORDS: [u32; LAYOUT.words()] = [0; LAYOUT.words()];

    let status = match run(FLOATS, WORDS) {
        Ok(()) => debug::EXIT_SUCCESS,
        Err(error) => {
            hprintln!("error: {}", error);
            debug::EXIT_FAILURE
        }
    };
    loop {
        debug::exit(status);
    }
}

fn run(floats: &mut [f32], words: &mut [u32]) -> Result<(), &'static str> {
    // No plain model file carries its shape. A file of another length is of another shape.
    if MODEL.len() != Model::blob_len(&SHAPE) {
        return Err("the model is of another shape than this program");
    }
    let model = Model::new(SHAPE, MODEL).map_err(|_| "the model is no ATOME01 file, or cut")?;
    let mut workspace = Workspace::new(&LAYOUT, floats, words).map_err(|_| "the work area is too small")?;
    hprintln!("RAM for the work area: {} bytes", LAYOUT.bytes());
    hprintln!("Flash for the model: {} bytes", MODEL.len());
    QUESTIONS.iter().try_for_each(|question| ask(&model, &mut workspace, question))
}

fn ask(model: &Model, workspace: &mut Workspace, question: &str) -> Result<(), &'static str> {
    let mut text = [0; LONGEST_ANSWER];
    let mut room = text.iter_mut();
    let say = |token| {
        if let Some(byte) = room.next() {
            *byte = token as u8;
        }
    };
    let most_probable = |logits: &[f32]| argmax(logits.iter().copied());
    let answer = answer(model, workspace, &DIALOGUE, question.as_bytes(), most_probable, say)
        .map_err(|_| "the model does not fit the work area")?;
    hprintln!("\n> {}", question);
    if let Some(doubt) = answer.doubt {
        hprint!("unsure: {}; ask again. A guess: ", doubt.text());
    }
    // Firmware acts here where there is no doubt: a text that begins with a brace is a command.
    let text = text.get(..answer.len).and_then(|text| core::str::from_utf8(text).ok()).unwrap_or_default();
    hprintln!("{}", text);
    Ok(())
}

/// Nothing in the engine panics; what this file does might.
#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {
        debug::exit(debug::EXIT_FAILURE);
    }
}
