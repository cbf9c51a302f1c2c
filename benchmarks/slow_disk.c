/* slow_disk FOLDER MOUNTPOINT DELAY_NS: FOLDER again at MOUNTPOINT, where each sync of a file takes
   DELAY_NS longer than the kernel's way here and back, and reaches no device. */
#define FUSE_USE_VERSION 35
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static long delay_ns;
static int root;

static const char *at(const char *path) { return path[1] ? path + 1 : "."; }
static int result(int status) { return status < 0 ? -errno : 0; }

static void *start(struct fuse_conn_info *connection, struct fuse_config *config)
{
    connection->want |= connection->capable & FUSE_CAP_WRITEBACK_CACHE;
    config->kernel_cache = 1;
    config->use_ino = 1;
    config->entry_timeout = config->attr_timeout = 3600;
    prctl(PR_SET_TIMERSLACK, 1UL);
    return NULL;
}

static int get(const char *path, struct stat *found, struct fuse_file_info *file)
{
    return result(file ? fstat(file->fh, found) : fstatat(root, at(path), found, AT_SYMLINK_NOFOLLOW));
}

static int opened(struct fuse_file_info *file, int descriptor)
{
    if (descriptor < 0)
        return -errno;
    file->fh = descriptor;
    return 0;
}

/* The kernel's cache reads what surrounds a write, and it knows itself where a file ends. */
static int flags_of(const struct fuse_file_info *file)
{
    int flags = file->flags & ~O_APPEND;
    return (flags & O_ACCMODE) == O_WRONLY ? (flags & ~O_ACCMODE) | O_RDWR : flags;
}

static int open_file(const char *path, struct fuse_file_info *file)
{
    return opened(file, openat(root, at(path), flags_of(file)));
}

/* What somebody makes is theirs, who need not be whom this runs as: PostgreSQL looks at that. */
static int made(const char *path, int status)
{
    struct fuse_context *maker = fuse_get_context();
    if (status >= 0)
        status |= fchownat(root, at(path), maker->uid, maker->gid, AT_SYMLINK_NOFOLLOW);
    return status;
}

static int create(const char *path, mode_t mode, struct fuse_file_info *file)
{
    return opened(file, made(path, openat(root, at(path), flags_of(file) | O_CREAT, mode)));
}

static int read_file(const char *path, char *data, size_t size, off_t offset, struct fuse_file_info *file)
{
    ssize_t count = pread(file->fh, data, size, offset);
    return count < 0 ? -errno : (int)count;
}

static int write_file(const char *path, const char *data, size_t size, off_t offset,
                      struct fuse_file_info *file)
{
    ssize_t count = pwrite(file->fh, data, size, offset);
    return count < 0 ? -errno : (int)count;
}

static int release(const char *path, struct fuse_file_info *file) { return result(close(file->fh)); }
static int flush(const char *path, struct fuse_file_info *file) { return 0; }

static int sync_file(const char *path, int only_data, struct fuse_file_info *file)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += delay_ns;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    if (delay_ns)
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
            ;
    return 0;
}

static int sync_folder(const char *path, int only_data, struct fuse_file_info *file) { return 0; }

static int list(const char *path, void *into, fuse_fill_dir_t fill, off_t offset,
                struct fuse_file_info *file, enum fuse_readdir_flags flags)
{
    int descriptor = openat(root, at(path), O_RDONLY | O_DIRECTORY);
    DIR *folder = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (!folder)
        return -errno;
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        struct stat found = {.st_ino = entry->d_ino, .st_mode = entry->d_type << 12};
        if (fill(into, entry->d_name, &found, 0, 0))
            break;
    }
    closedir(folder);
    return 0;
}

static int make_folder(const char *path, mode_t mode)
{
    return result(made(path, mkdirat(root, at(path), mode)));
}

static int remove_file(const char *path) { return result(unlinkat(root, at(path), 0)); }
static int remove_folder(const char *path) { return result(unlinkat(root, at(path), AT_REMOVEDIR)); }

static int move(const char *from, const char *to, unsigned int flags)
{
    return result(renameat2(root, at(from), root, at(to), flags));
}

static int truncate_file(const char *path, off_t size, struct fuse_file_info *file)
{
    if (file)
        return result(ftruncate(file->fh, size));
    int descriptor = openat(root, at(path), O_WRONLY);
    if (descriptor < 0)
        return -errno;
    int status = result(ftruncate(descriptor, size));
    close(descriptor);
    return status;
}

static int set_mode(const char *path, mode_t mode, struct fuse_file_info *file)
{
    return result(fchmodat(root, at(path), mode, 0));
}

static int set_owner(const char *path, uid_t user, gid_t group, struct fuse_file_info *file)
{
    return result(fchownat(root, at(path), user, group, AT_SYMLINK_NOFOLLOW));
}

static int set_times(const char *path, const struct timespec times[2], struct fuse_file_info *file)
{
    return result(utimensat(root, at(path), times, AT_SYMLINK_NOFOLLOW));
}

static int room(const char *path, struct statvfs *found) { return result(fstatvfs(root, found)); }

static const struct fuse_operations OPERATIONS = {
    .init = start, .getattr = get, .open = open_file, .create = create, .read = read_file,
    .write = write_file, .flush = flush, .release = release, .fsync = sync_file,
    .fsyncdir = sync_folder, .readdir = list, .mkdir = make_folder, .unlink = remove_file,
    .rmdir = remove_folder, .rename = move, .truncate = truncate_file, .chmod = set_mode,
    .chown = set_owner, .utimens = set_times, .statfs = room,
};

int main(int count, char **words)
{
    if (count != 4) {
        fprintf(stderr, "usage: %s FOLDER MOUNTPOINT DELAY_NS\n", words[0]);
        return 2;
    }
    root = open(words[1], O_RDONLY | O_DIRECTORY);
    if (root < 0) {
        perror(words[1]);
        return 1;
    }
    delay_ns = atol(words[3]);
    /* A sync must not wait for a processor that the load or the server has taken. */
    struct sched_param priority = {.sched_priority = 1};
    sched_setscheduler(0, SCHED_FIFO, &priority);
    umask(0);
    char *fuse_words[] = {words[0], "-f", "-o", "allow_other,fsname=slow_disk,max_threads=4", words[2], NULL};
    return fuse_main(5, fuse_words, &OPERATIONS, NULL);
}
