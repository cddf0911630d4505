/* Runs the ClickHouse that libchdb.so holds, as `clickhouse local` would with
 * the same arguments: clickhouse LIBRARY ARGUMENT... */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: %s LIBCHDB.SO ARGUMENT...\n", argv[0]);
        return 2;
    }
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    void *(*run)(int, char **) = library ? (void *(*)(int, char **))dlsym(library, "chdb_query_cmdline") : NULL;
    if (run == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 3;
    }
    argv[1] = argv[0];
    return run(argc - 1, argv + 1) == NULL;
}
