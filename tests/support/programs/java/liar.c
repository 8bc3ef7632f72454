// Maps a forged libjvm.so, has it build its lies, and waits.
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

int main(int count, char **words) {
  void *library = dlopen(words[1], RTLD_NOW);
  if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
  ((void (*)(const char *))dlsym(library, "forge"))(words[2]);
  puts("READY");
  fflush(stdout);
  pause();
}
