"""Where V8 keeps what we read: the constants that a program states, and the few that it does not.

Node.js exports `v8dbg_*` symbols, 32-bit constants for debuggers that look at a dead process
(V8: tools/gen-postmortem-metadata.py). All names below stand in the official programs of Node.js
10 to 26 and in Debian's libnode.so, in .dynsym. All sizes and offsets are in bytes.
"""

from __future__ import annotations

from typing import NamedTuple

# Tagged words (V8: include/v8-internal.h, kHeapObjectTag, kWeakHeapObjectTag): objects end in 01,
# weak references in 11, small integers (Smi) in 0 with their value in the upper half.
TAG, WEAK_TAG, TAG_MASK = 1, 3, 3
SMI_SHIFT = 32
WORD = 8
# V8: JSObject::kPropertiesOrHashOffset; FixedArrayBase::kLengthOffset and the first element.
PROPERTIES = 8
LENGTH, ELEMENTS = 8, 16
# V8: Map::kConstructorOrBackPointerOffset, the same in all versions (its symbol has three names).
CONSTRUCTOR = 32
# V8: Map::kInstanceSizeInWordsOffset, one byte: how many words an object has.
INSTANCE_WORDS = 8
# V8: src/objects/hash-table.h and dictionary.h: elements, deleted, capacity, next enumeration
# index, hash (and flags of later versions) stand before the entries of key, value and details.
DICTIONARY_HEAD = 7 * WORD
MIN_PREFIX, MAX_PREFIX = 3, 12
ENTRY = 3 * WORD
# V8: src/objects/module.tq: exports, hash, status (a Smi) of a module; in V8 6.8 (Node.js 10,
# src/objects/module.h) status stands behind seven others.
STATUS, OLD_STATUS = 3, 8
# Module::Status: from evaluating on, its code has run or runs. Errored is the last one: 6 up to V8
# 8.4 (Node.js 14), 7 since evaluation can be asynchronous.
EVALUATING, OLD_ERRORED, ERRORED = 4, 6, 7
# Words of a module: 16 to 18. A module refers to its function by a generator (V8: JSGeneratorObject
# has it behind the three words of every object).
MODULE_WORDS, GENERATOR_FUNCTION = 18, 3


class Layout(NamedTuple):
    """The constants of one program. `module_type` is 0 where it is not known."""

    map_type: int
    script_type: int
    object_type: int
    array_type: int
    function_info_type: int
    module_type: int
    instance_type: int
    first_nonstring: int
    representation_mask: int
    encoding_mask: int
    one_byte: int
    thin: int
    sliced: int
    one_byte_chars: int
    two_byte_chars: int
    cons_first: int
    cons_second: int
    sliced_parent: int
    sliced_offset: int
    thin_actual: int
    script_name: int
    function_info: int

    @property
    def is_old(self) -> bool:
        """V8 6.8 (Node.js 10): a string has a hash of eight bytes, then its length as a Smi."""
        return self.one_byte_chars > ELEMENTS

    @property
    def tells_stack(self) -> bool:
        """Since V8 8 the limits of the stack stand in front of the table of roots (IsolateData)."""
        return self.module_type not in OLD_MODULE_TYPES.values()

    @property
    def status(self) -> int:
        """The word of a module that is its status."""
        return OLD_STATUS if self.is_old else STATUS

    @property
    def errored(self) -> int:
        """The status of a module that ended in an error."""
        return OLD_ERRORED if self.module_type in OLD_ERRORED_TYPES else ERRORED


# The symbol of each field of a Layout but `module_type`. All of them are required.
SYMBOLS = {
    "map_type": "type_Map__MAP_TYPE",
    "script_type": "type_Script__SCRIPT_TYPE",
    "object_type": "type_JSObject__JS_OBJECT_TYPE",
    "array_type": "type_FixedArray__FIXED_ARRAY_TYPE",
    "function_info_type": "type_SharedFunctionInfo__SHARED_FUNCTION_INFO_TYPE",
    "instance_type": "class_Map__instance_type__uint16_t",
    "first_nonstring": "FirstNonstringType",
    "representation_mask": "StringRepresentationMask",
    "encoding_mask": "StringEncodingMask",
    "one_byte": "OneByteStringTag",
    "thin": "ThinStringTag",
    "sliced": "SlicedStringTag",
    "one_byte_chars": "class_SeqOneByteString__chars__char",
    "two_byte_chars": "class_SeqTwoByteString__chars__char",
    "cons_first": "class_ConsString__first__String",
    "cons_second": "class_ConsString__second__String",
    "sliced_parent": "class_SlicedString__parent__String",
    "sliced_offset": "class_SlicedString__offset__SMI",
    "thin_actual": "class_ThinString__actual__String",
    "script_name": "class_Script__name__Object",
    "function_info": "class_JSFunction__shared__SharedFunctionInfo",
}
MODULE_TYPE = "type_SourceTextModule__SOURCE_TEXT_MODULE_TYPE"
TAGGED_SIZE = "TaggedSize"
# V8 before 8.0 has no symbol for its modules. It is told by the type of a script and the offset of
# characters: V8 6.8 (Node.js 10, MODULE_TYPE) and 7.8 (Node.js 12, SOURCE_TEXT_MODULE_TYPE), both
# in src/objects/instance-type.h. Neither has compressed pointers.
OLD_MODULE_TYPES = {(170, 24): 165, (96, 16): 119}
# Types of modules of Node.js 10, 12 and 14, whose V8 has the old list of states.
OLD_ERRORED_TYPES = frozenset((165, 119, 151))
# V8: kSeqStringTag, kConsStringTag (src/objects/instance-type.h), never another.
SEQUENTIAL, CONS = 0, 1
