//! The instructions of pickles, numbered as in CPython's `Lib/pickletools.py`.

pub const PROTO: u8 = 0x80;
pub const FRAME: u8 = 0x95;
pub const STOP: u8 = 0x2e;
pub const MARK: u8 = 0x28;
pub const POP: u8 = 0x30;
pub const POP_MARK: u8 = 0x31;
pub const DUP: u8 = 0x32;
pub const EMPTY_DICT: u8 = 0x7d;
pub const EMPTY_LIST: u8 = 0x5d;
pub const EMPTY_TUPLE: u8 = 0x29;
pub const EMPTY_SET: u8 = 0x8f;
pub const FROZENSET: u8 = 0x91;
pub const APPEND: u8 = 0x61;
pub const APPENDS: u8 = 0x65;
pub const ADDITEMS: u8 = 0x90;
pub const TUPLE: u8 = 0x74;
pub const TUPLE1: u8 = 0x85;
pub const TUPLE2: u8 = 0x86;
pub const TUPLE3: u8 = 0x87;
pub const SETITEM: u8 = 0x73;
pub const SETITEMS: u8 = 0x75;
pub const BININT: u8 = 0x4a;
pub const BININT1: u8 = 0x4b;
pub const BININT2: u8 = 0x4d;
pub const LONG1: u8 = 0x8a;
pub const LONG4: u8 = 0x8b;
pub const BINFLOAT: u8 = 0x47;
pub const NONE: u8 = 0x4e;
pub const NEWTRUE: u8 = 0x88;
pub const NEWFALSE: u8 = 0x89;
pub const SHORT_BINUNICODE: u8 = 0x8c;
pub const BINUNICODE: u8 = 0x58;
pub const BINUNICODE8: u8 = 0x8d;
pub const SHORT_BINBYTES: u8 = 0x43;
pub const BINBYTES: u8 = 0x42;
pub const BINBYTES8: u8 = 0x8e;
pub const BYTEARRAY8: u8 = 0x96;
pub const MEMOIZE: u8 = 0x94;
pub const BINPUT: u8 = 0x71;
pub const LONG_BINPUT: u8 = 0x72;
pub const BINGET: u8 = 0x68;
pub const LONG_BINGET: u8 = 0x6a;
pub const GLOBAL: u8 = 0x63;
pub const STACK_GLOBAL: u8 = 0x93;
pub const BINPERSID: u8 = 0x51;
pub const REDUCE: u8 = 0x52;
pub const NEWOBJ: u8 = 0x81;
pub const NEWOBJ_EX: u8 = 0x92;
pub const BUILD: u8 = 0x62;

/// Those that this reader refuses: none of them is in what `torch.save` writes.
const REFUSED: [(u8, &str); 19] = [
    (0x46, "FLOAT"),
    (0x49, "INT"),
    (0x4c, "LONG"),
    (0x50, "PERSID"),
    (0x53, "STRING"),
    (0x54, "BINSTRING"),
    (0x55, "SHORT_BINSTRING"),
    (0x56, "UNICODE"),
    (0x64, "DICT"),
    (0x67, "GET"),
    (0x69, "INST"),
    (0x6c, "LIST"),
    (0x6f, "OBJ"),
    (0x70, "PUT"),
    (0x82, "EXT1"),
    (0x83, "EXT2"),
    (0x84, "EXT4"),
    (0x97, "NEXT_BUFFER"),
    (0x98, "READONLY_BUFFER"),
];

/// What to call an instruction that this reader refuses.
pub fn refused_name(opcode: u8) -> &'static str {
    REFUSED.iter().find(|(code, _)| *code == opcode).map_or("none of any pickle", |(_, name)| name)
}
