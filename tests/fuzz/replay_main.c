/* replay_main.c -- runs a fuzz target over a folder of inputs, so that every preset replays the
 * corpus without libFuzzer. Exits 1 when the folder is missing or empty: nothing was checked. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int replay(int dir_fd, const char *name)
{
    struct stat st;
    uint8_t *bytes;
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    bytes = malloc((size_t)st.st_size + 1);
    if (bytes == NULL || read(fd, bytes, (size_t)st.st_size) != st.st_size) {
        fprintf(stderr, "cannot read %s\n", name);
        exit(1);
    }
    close(fd);
    LLVMFuzzerTestOneInput(bytes, (size_t)st.st_size);
    free(bytes);
    return 1;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    struct dirent *entry;
    int count = 0;

    if (dir == NULL) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 1;
    }
    while ((entry = readdir(dir)) != NULL)
        count += replay(dirfd(dir), entry->d_name);
    closedir(dir);
    printf("%d inputs replayed\n", count);
    return count > 0 ? 0 : 1;
}
