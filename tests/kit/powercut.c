/*
 * A disk that forgets: below one folder, only what was fsynced outlives the process.
 *
 * Preloaded into a process (LD_PRELOAD), this keeps beside the folder CUT_ROOT a shadow CUT_SHADOW of what a
 * power cut would leave. The model is the strict reading of POSIX, stricter than ext4 in the marked places:
 *
 *   - fsync(file), fdatasync(file): the file's bytes and size are durable, its name is not (ext4 would keep it).
 *   - fsync(directory): the names in it are durable, all at once; the bytes behind them are not: a name whose
 *     file was never fsynced comes back empty. So a creation, rename or unlink without it is undone.
 *   - write, mmap, truncate, close, exit, O_SYNC, msync, sync, syncfs and sync_file_range make nothing durable
 *     (stricter: some of them would).
 *   - What lay in the folder before the first process under this layer started is durable.
 *
 * A kill in the midst of an fsync leaves part of its blocks, as a power cut would. Bytes that were never
 * fsynced never survive; a real disk may keep some, in any order, and that is not played here.
 *
 * The shadow holds, by identity of the inode (number and time of birth, for numbers are given out again):
 *   <id>.data   bytes of a file, or where a symbolic link leads, which is kept with its name
 *   <id>.names  lines "<d|f|x|l> <id> <name>" of a directory: directory, file, one that may be run, link
 *   root        the id of CUT_ROOT         lock         held while the shadow changes
 * powercut.py makes a folder of it. The true fsync is not called: the machine's own disk is not on trial.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 65536, ID = 64 };

static char root[PATH_MAX], shadow[PATH_MAX];

static void give_up(const char *what) {
    fprintf(stderr, "powercut: %s: %s\n", what, strerror(errno));
    abort(); /* a layer that guesses proves nothing */
}

/* Fills `id` and gives the mode, 0 if the name is gone meanwhile. */
static mode_t identity(int directory, const char *name, char id[ID]) {
    struct statx at;
    int flags = AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH);
    if (statx(directory, name, flags, STATX_BASIC_STATS | STATX_BTIME, &at) != 0) {
        if (errno == ENOENT) return 0;
        give_up("statx");
    }
    snprintf(id, ID, "%llu-%lld-%u", (unsigned long long)at.stx_ino, (long long)at.stx_btime.tv_sec,
             at.stx_btime.tv_nsec);
    return at.stx_mode;
}

static void shadow_path(char path[PATH_MAX], const char *id, const char *suffix) {
    if (snprintf(path, PATH_MAX, "%s/%s%s", shadow, id, suffix) >= PATH_MAX) give_up("path too long");
}

static int locked(void) {
    char path[PATH_MAX];
    shadow_path(path, "lock", "");
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX) != 0) give_up(path);
    return lock;
}

/* The file's bytes as they are now; only blocks that differ are written. Never opens a file that is open for
 * reading already: closing the second descriptor would drop the locks sqlite holds on the first. */
static void keep_bytes(int file, const char *id) {
    static char now[BLOCK], kept[BLOCK]; /* guarded by the lock */
    char path[PATH_MAX];
    shadow_path(path, id, ".data");
    int copy = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (copy < 0) give_up(path);
    off_t at = 0;
    ssize_t got;
    while ((got = pread(file, now, BLOCK, at)) > 0) {
        ssize_t had = pread(copy, kept, (size_t)got, at);
        if ((had != got || memcmp(now, kept, (size_t)got) != 0) && pwrite(copy, now, (size_t)got, at) != got)
            give_up("pwrite");
        at += got;
    }
    if (got < 0 || ftruncate(copy, at) != 0) give_up("copy");
    close(copy);
}

static void keep_link(int directory, const char *name, const char *id) {
    char path[PATH_MAX], target[PATH_MAX];
    shadow_path(path, id, ".data");
    ssize_t size = readlinkat(directory, name, target, PATH_MAX);
    FILE *copy = fopen(path, "we");
    if (size < 0 || copy == NULL || fwrite(target, 1, (size_t)size, copy) != (size_t)size || fclose(copy) != 0)
        give_up("link");
}

static void keep_names(int directory, const char *id) {
    char path[PATH_MAX], draft[PATH_MAX], entry_id[ID];
    shadow_path(path, id, ".names");
    shadow_path(draft, id, ".draft");
    FILE *list = fopen(draft, "we");
    int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *names = again < 0 ? NULL : fdopendir(again);
    if (list == NULL || names == NULL) give_up(path);
    for (struct dirent *entry; (entry = readdir(names)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        mode_t mode = identity(again, entry->d_name, entry_id), type = mode & S_IFMT;
        if (type == S_IFLNK) keep_link(again, entry->d_name, entry_id);
        if (type == S_IFDIR || type == S_IFREG || type == S_IFLNK)
            fprintf(list, "%c %s %s\n", type == S_IFDIR ? 'd' : type == S_IFLNK ? 'l' : mode & S_IXUSR ? 'x' : 'f',
                    entry_id, entry->d_name);
    }
    closedir(names);
    if (fclose(list) != 0 || rename(draft, path) != 0) give_up(path);
}

/* What is there when the first process starts counts as written long ago. */
static void adopt(int directory) {
    char id[ID];
    identity(directory, "", id);
    keep_names(directory, id);
    DIR *names = fdopendir(directory);
    if (names == NULL) give_up("adopt");
    for (struct dirent *entry; (entry = readdir(names)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        mode_t type = identity(dirfd(names), entry->d_name, id) & S_IFMT;
        if (type != S_IFDIR && type != S_IFREG) continue;
        int inner = openat(dirfd(names), entry->d_name, O_RDONLY | O_CLOEXEC);
        if (inner < 0) give_up(entry->d_name);
        if (type == S_IFDIR) {
            adopt(inner); /* closes it */
        } else {
            keep_bytes(inner, id);
            close(inner);
        }
    }
    closedir(names);
}

__attribute__((constructor)) static void begin(void) {
    const char *told_root = getenv("CUT_ROOT"), *told_shadow = getenv("CUT_SHADOW");
    char mark[PATH_MAX], id[ID];
    if (told_root == NULL || told_shadow == NULL || realpath(told_root, root) == NULL ||
        realpath(told_shadow, shadow) == NULL)
        give_up("CUT_ROOT and CUT_SHADOW must name folders");
    int lock = locked();
    shadow_path(mark, "root", "");
    if (access(mark, F_OK) != 0) {
        int top = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (top < 0) give_up(root);
        identity(top, "", id);
        adopt(top);
        FILE *file = fopen(mark, "we");
        if (file == NULL || fputs(id, file) < 0 || fclose(file) != 0) give_up(mark);
    }
    close(lock);
}

/* -1 if the descriptor lies outside the folder. */
static int keep(int descriptor) {
    char link[64], path[PATH_MAX], id[ID];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return -1;
    path[length] = '\0';
    size_t below = strlen(root);
    if (strncmp(path, root, below) != 0 || (path[below] != '/' && path[below] != '\0')) return -1;
    int lock = locked();
    mode_t type = identity(descriptor, "", id) & S_IFMT;
    if (type == S_IFDIR) {
        keep_names(descriptor, id);
    } else if (type == S_IFREG) {
        int readable = (fcntl(descriptor, F_GETFL) & O_ACCMODE) != O_WRONLY;
        int file = readable ? descriptor : open(link, O_RDONLY | O_CLOEXEC);
        if (file < 0) give_up(path);
        keep_bytes(file, id);
        if (!readable) close(file);
    }
    close(lock);
    return 0;
}

static int sync_by(const char *name, int descriptor) {
    int before = errno;
    if (keep(descriptor) == 0) {
        errno = before;
        return 0;
    }
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return real(descriptor);
}

int fsync(int descriptor) { return sync_by("fsync", descriptor); }

int fdatasync(int descriptor) { return sync_by("fdatasync", descriptor); }
