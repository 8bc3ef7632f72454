// A libjvm.so that is none: the tables of HotSpot, and class loaders with classes that lie as they
// are told. Offsets are our own, as every build has its own; see sensor/resolvers/java/structs.py.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef uint64_t word;

typedef struct cld {
  word pad, loader;
  struct klass *klasses;
  struct cld *next;
  word hidden;
} cld;

typedef struct klass {
  word pad;
  struct symbol *name;
  struct klass *super, *next;
  cld *owner;
  int32_t layout;
  uint8_t state;
} klass;

typedef struct symbol {
  uint16_t length;
  char body[];
} symbol;

static cld *graph;
static word narrow_base, narrow_shift;
static char *perf, *release = "99+forged";

typedef struct {
  const char *type, *field, *kind;
  int32_t is_static;
  word offset;
  void *address;
} entry;

#define AT(type, field, offset) {type, field, "", 0, offset, 0}
#define IS(type, field, variable) {type, field, "", 1, 0, &variable}
#define FIELDS                                                                                     \
  IS("ClassLoaderDataGraph", "_head", graph), AT("ClassLoaderData", "_next", 24),                  \
      AT("ClassLoaderData", "_klasses", 16), AT("ClassLoaderData", "_class_loader", 8),            \
      AT("ClassLoaderData", "_has_class_mirror_holder", 32), AT("Klass", "_name", 8),              \
      AT("Klass", "_super", 16), AT("Klass", "_next_link", 24),                                    \
      AT("Klass", "_class_loader_data", 32), AT("Klass", "_layout_helper", 40),                    \
      AT("InstanceKlass", "_init_state", 44), AT("Symbol", "_length", 0),                          \
      AT("Symbol", "_body", 2), AT("oopDesc", "_metadata._compressed_klass", 8),                   \
      IS("CompressedKlassPointers", "_base", narrow_base),                                         \
      IS("CompressedKlassPointers", "_shift", narrow_shift), IS("PerfMemory", "_start", perf),     \
      IS("Abstract_VM_Version", "_s_vm_release", release)

static entry fields[9000] = {FIELDS};
static struct { const char *name; int32_t value; } ints[] = {
    {"InstanceKlass::allocated", 0}, {"InstanceKlass::fully_initialized", 4}, {0, 0}};
static struct { const char *name; word value; } longs[] = {{0, 0}};

#define EXPORT __attribute__((visibility("default")))
#define SAYS(name, value) EXPORT word name = (value);
EXPORT entry *gHotSpotVMStructs = fields;
EXPORT void *gHotSpotVMIntConstants = ints, *gHotSpotVMLongConstants = longs;
SAYS(gHotSpotVMStructEntryTypeNameOffset, 0)
SAYS(gHotSpotVMStructEntryFieldNameOffset, 8)
SAYS(gHotSpotVMStructEntryTypeStringOffset, 16)
SAYS(gHotSpotVMStructEntryIsStaticOffset, 24)
SAYS(gHotSpotVMStructEntryOffsetOffset, 32)
SAYS(gHotSpotVMStructEntryAddressOffset, 40)
SAYS(gHotSpotVMStructEntryArrayStride, sizeof(entry))
SAYS(gHotSpotVMIntConstantEntryNameOffset, 0)
SAYS(gHotSpotVMIntConstantEntryValueOffset, 8)
SAYS(gHotSpotVMIntConstantEntryArrayStride, 16)
SAYS(gHotSpotVMLongConstantEntryNameOffset, 0)
SAYS(gHotSpotVMLongConstantEntryValueOffset, 8)
SAYS(gHotSpotVMLongConstantEntryArrayStride, 16)

static symbol *named(const char *text, int length) {
  symbol *made = calloc(1, 2 + length);
  made->length = length;
  memcpy(made->body, text, length);
  return made;
}

static cld *loader(void) {
  cld *made = calloc(1, sizeof *made);
  made->next = graph;
  return graph = made;
}

static klass *class(cld *owner, symbol *name) {
  klass *made = calloc(1, sizeof *made);
  *made = (klass){.name = name, .next = owner->klasses, .owner = owner, .layout = 8, .state = 4};
  return owner->klasses = made;
}

static void many_classes(cld *owner, symbol *name, int count) {
  while (count--) class(owner, name);
}

static void long_names(cld *owner) {
  char *text = malloc(65535);
  memset(text, 'x', 65535);
  for (int n = 0; n < 2000; n++) class(owner, named(text, 65535));
}

// One counter of no length: whoever goes on by it never ends.
static void counters_in_circles(void) {
  int32_t head[] = {0, 0x01000201, 4096, 0, 0, 0, 32, 8000};
  perf = calloc(1, 4096);
  memcpy(perf, head, sizeof head);
  memcpy(perf, "\xca\xfe\xc0\xc0\x01\x02\x00\x01", 8);
}

EXPORT void forge(const char *how) {
  cld *boot = loader();
  klass *first = class(boot, named("java/lang/Object", 16));
  klass *last = class(boot, named("java/lang/String", 16));
  cld *app = loader();
  symbol *name = named("com/acme/Main", 13);
  class(app, name);
  if (!strcmp(how, "classes in a circle")) first->next = last;
  if (!strcmp(how, "arrays in a circle")) first->next = last, first->layout = last->layout = -1;
  if (!strcmp(how, "loaders in a circle")) boot->next = app;
  if (!strcmp(how, "too many classes")) many_classes(app, name, 250000);
  if (!strcmp(how, "too many loaders")) for (int n = 0; n < 25000; n++) loader();
  if (!strcmp(how, "long names")) long_names(app);
  if (!strcmp(how, "names nowhere")) last->name = (symbol *)0x7000000000;
  if (!strcmp(how, "classes of another loader")) last->owner = app;
  if (!strcmp(how, "classes nowhere")) last->next = (klass *)0x7000000000;
  if (!strcmp(how, "loaders nowhere")) app->next = (cld *)0x7000000000;
  if (!strcmp(how, "a loader without a class")) app->loader = (word)&boot;
  if (!strcmp(how, "counters in circles")) counters_in_circles();
  if (!strcmp(how, "counters nowhere")) perf = (char *)0x7000000000;
  if (!strcmp(how, "a table without end")) for (int n = 0; n < 9000; n++) fields[n] = fields[n % 18];
  if (!strcmp(how, "rows of no length")) gHotSpotVMStructEntryArrayStride = 0;
  if (!strcmp(how, "long rows")) gHotSpotVMStructEntryArrayStride = 1 << 20;
  if (!strcmp(how, "columns beyond their row")) gHotSpotVMStructEntryAddressOffset = 48;
  if (!strcmp(how, "tables nowhere")) gHotSpotVMStructs = (entry *)0x7000000000;
  if (!strcmp(how, "strings nowhere")) fields[0].type = (const char *)0x7000000000;
  if (!strcmp(how, "far offsets")) for (int n = 0; n < 18; n++) fields[n].offset += 1ull << 40;
  if (!strcmp(how, "a graph nowhere")) fields[0].address = (void *)0x7000000000;
}
