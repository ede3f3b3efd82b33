//! The instructions of pickles, numbered as in CPython's `Lib/pickletools.py`.

pub const PROTO: u8 = 0x80;
pub const STOP: u8 = 0x2e;
pub const MARK: u8 = 0x28;
pub const EMPTY_DICT: u8 = 0x7d;
pub const EMPTY_LIST: u8 = 0x5d;
pub const EMPTY_TUPLE: u8 = 0x29;
pub const APPEND: u8 = 0x61;
pub const APPENDS: u8 = 0x65;
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
pub const BINFLOAT: u8 = 0x47;
pub const NONE: u8 = 0x4e;
pub const NEWTRUE: u8 = 0x88;
pub const NEWFALSE: u8 = 0x89;
pub const BINUNICODE: u8 = 0x58;
pub const BINPUT: u8 = 0x71;
pub const LONG_BINPUT: u8 = 0x72;
pub const BINGET: u8 = 0x68;
pub const LONG_BINGET: u8 = 0x6a;
pub const GLOBAL: u8 = 0x63;
pub const BINPERSID: u8 = 0x51;
pub const REDUCE: u8 = 0x52;
pub const BUILD: u8 = 0x62;

/// Those that this reader refuses.
const REFUSED: [(u8, &str); 37] = [
    (0x30, "POP"),
    (0x31, "POP_MARK"),
    (0x32, "DUP"),
    (0x42, "BINBYTES"),
    (0x43, "SHORT_BINBYTES"),
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
    (0x81, "NEWOBJ"),
    (0x82, "EXT1"),
    (0x83, "EXT2"),
    (0x84, "EXT4"),
    (0x8b, "LONG4"),
    (0x8c, "SHORT_BINUNICODE"),
    (0x8d, "BINUNICODE8"),
    (0x8e, "BINBYTES8"),
    (0x8f, "EMPTY_SET"),
    (0x90, "ADDITEMS"),
    (0x91, "FROZENSET"),
    (0x92, "NEWOBJ_EX"),
    (0x93, "STACK_GLOBAL"),
    (0x94, "MEMOIZE"),
    (0x95, "FRAME"),
    (0x96, "BYTEARRAY8"),
    (0x97, "NEXT_BUFFER"),
    (0x98, "READONLY_BUFFER"),
];

/// What to call an instruction that this reader refuses.
pub fn refused_name(opcode: u8) -> &'static str {
    REFUSED.iter().find(|(code, _)| *code == opcode).map_or("none of any pickle", |(_, name)| name)
}
