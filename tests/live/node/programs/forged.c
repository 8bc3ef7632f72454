// Takes itself for Node.js: it states V8's constants and builds a small heap, that lies as it is
// told. Layout as in Node.js 26, see sensor/resolvers/node/layouts.py. Every word is written here.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CONSTANT(name, value) __attribute__((used, visibility("default"))) int v8dbg_##name = value
#ifndef TAGGED
#define TAGGED 8
#endif
CONSTANT(TaggedSize, TAGGED);
CONSTANT(type_Map__MAP_TYPE, 278);
CONSTANT(type_Script__SCRIPT_TYPE, 166);
CONSTANT(type_JSObject__JS_OBJECT_TYPE, 1057);
CONSTANT(type_FixedArray__FIXED_ARRAY_TYPE, 205);
CONSTANT(type_SharedFunctionInfo__SHARED_FUNCTION_INFO_TYPE, 288);
CONSTANT(type_SourceTextModule__SOURCE_TEXT_MODULE_TYPE, 256);
CONSTANT(class_Map__instance_type__uint16_t, 12);
CONSTANT(FirstNonstringType, 128);
CONSTANT(StringRepresentationMask, 7);
CONSTANT(StringEncodingMask, 8);
CONSTANT(OneByteStringTag, 8);
CONSTANT(ThinStringTag, 5);
CONSTANT(SlicedStringTag, 3);
CONSTANT(class_SeqOneByteString__chars__char, 16);
CONSTANT(class_SeqTwoByteString__chars__char, 16);
CONSTANT(class_ConsString__first__String, 16);
CONSTANT(class_ConsString__second__String, 24);
CONSTANT(class_SlicedString__parent__String, 16);
CONSTANT(class_SlicedString__offset__SMI, 24);
CONSTANT(class_ThinString__actual__String, 16);
CONSTANT(class_Script__name__Object, 16);
CONSTANT(class_JSFunction__shared__SharedFunctionInfo, 32);

typedef uint64_t word;
static word *sealed, *heap, *next;
static word meta, script_map, table_map, module_map, object_map, text_map, cons_map, info_map,
    function_map, list_map;

static word smi(word value) { return value << 32; }

static word make(word *at) { return (word)at + 1; }

static word *take(int words) { word *at = next; next += words; return at; }

static word map(int type, int words) {
  static int count;
  word *at = sealed + 100 * count++;
  at[0] = meta ? meta : make(at);
  at[1] = (word)words | (word)type << 32;
  return make(at);
}

static word text(const char *name) {
  word *at = take(2 + (strlen(name) + 8) / 8);
  at[0] = text_map;
  at[1] = (word)strlen(name) << 32;
  memcpy(at + 2, name, strlen(name));
  return make(at);
}

static word cons(word first, word second, int length) {
  word *at = take(4);
  at[0] = cons_map, at[1] = (word)length << 32, at[2] = first, at[3] = second;
  return make(at);
}

static word *table(int capacity) {
  word *at = take(7 + 3 * capacity);
  at[0] = table_map, at[1] = smi(5 + 3 * capacity), at[4] = smi(capacity);
  return at;
}

static void put(word *at, int slot, word key, word value) {
  at[7 + 3 * slot] = key, at[8 + 3 * slot] = value, at[2] += smi(1);
}

int main(int argc, char **argv) {
  const char *lie = argc > 1 ? argv[1] : "";
  sealed = mmap((void *)0x200000000000, 1 << 18, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  next = heap = mmap((void *)0x300000000000, 1 << 28, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  meta = map(278, 10);
  script_map = map(166, 16), table_map = map(209, 0), module_map = map(256, 18);
  text_map = map(8, 0), cons_map = map(41, 4), info_map = map(288, 8);
  function_map = map(2066, 8), list_map = map(300, 0);

  // The roots: references to the sealed heap, then a list of one script, in memory of malloc.
  word *roots = sbrk(20000 * 8);
  for (int i = 0; i < 20000; i++) roots[i] = i < 600 ? text_map : 0;
  roots[300] = meta;
  word *script = take(16), *list = take(4), *info = take(8), *function = take(8);
  script[0] = script_map, script[2] = text("node:internal/modules/cjs/loader");
  list[0] = list_map, list[1] = list[2] = smi(1), list[3] = (word)script + 3;
  roots[700] = make(list), roots[710] = smi(42);

  // The class Module, its cache, and one module.
  word *holder = take(4), *properties = take(4), *module = take(4);
  info[0] = info_map, info[4] = make(script);
  function[0] = function_map, function[1] = make(properties), function[4] = make(info);
  properties[0] = list_map, properties[1] = smi(1), properties[2] = make(holder);
  word *module_own = take(10);
  module_own[0] = meta, module_own[1] = (word)1057 << 32, module_own[4] = make(function);
  object_map = make(module_own);
  int many = !strcmp(lie, "many") ? 1 << 15 : 16;
  word *cache = table(many);
  holder[0] = object_map, holder[1] = make(cache);
  module[0] = object_map;
  put(cache, 1, text("/srv/node_modules/real/index.js"), make(module));
  put(cache, 2, text("/srv/../etc/passwd"), make(module));
  for (int i = 0; i < 20; i++) put(table(4), 0, text("constructor"), make(function));

  if (!strcmp(lie, "loop")) {
    // Strings that hold themselves, a class that is its own parent, a table that is its own value.
    word *self = take(4);
    self[0] = cons_map, self[1] = (word)40 << 32, self[2] = self[3] = make(self);
    put(cache, 3, make(self), make(module));
    word *round = take(10);
    round[0] = meta, round[1] = (word)1057 << 32, round[4] = make(round);
    word *object = take(4), *other = table(4);
    object[0] = make(round);
    put(other, 0, text("/loop"), make(object));
    put(other, 1, text("/self"), make(other));
  } else if (!strcmp(lie, "deep")) {
    word text_ = text("/");
    for (int i = 1; i < 4000; i++) text_ = cons(text_, text("x"), i + 1);
    put(cache, 3, text_, make(module));
  } else if (!strcmp(lie, "wide")) {
    // A rope of two references to one rope each: 2^30 pieces, if one counts them.
    word text_ = text("/");
    for (int i = 1; i < 30; i++) text_ = cons(text_, text_, 1 << i);
    put(cache, 3, text_, make(module));
  } else if (!strcmp(lie, "huge")) {
    word *liar = table(4);
    put(liar, 0, text("/huge"), make(module));
    liar[1] = smi(5 + (3ull << 29)), liar[4] = smi(1 << 29);
    cache[4] = smi(1 << 18), cache[1] = smi(5 + (3 << 18));
    list[1] = list[2] = smi(99999);
    script[2] = make(take(2)), ((word *)(script[2] - 1))[0] = text_map;
    ((word *)(script[2] - 1))[1] = (word)0x7fffffff << 32;
  } else if (!strcmp(lie, "flood")) {
    // Sixty thousand tables that look like caches of classes of their own.
    for (int i = 0; i < 60000; i++) {
      word *own = take(10), *object = take(2), *each = table(4);
      own[0] = meta, own[1] = (word)1057 << 32, own[4] = make(function), object[0] = make(own);
      put(each, 0, text("/flood"), make(object));
    }
  } else if (!strcmp(lie, "many")) {
    for (int i = 3; i < many - 1; i++) {
      char name[64];
      snprintf(name, sizeof name, "/srv/node_modules/many/m%d.js", i);
      put(cache, i, text(name), make(module));
    }
  }
  mprotect(sealed, 1 << 18, PROT_READ);
  printf("ready\n");
  fflush(stdout);
  if (!strcmp(lie, "restless"))
    for (word n = 0;; n++) cache[2 + n % 40] ^= n << 32;
  pause();
}
