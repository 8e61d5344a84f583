#include "CLinuxProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Between fork and exec only calls that are safe in a signal handler are made: other threads may hold locks. */
int clinux_spawn(const char *path, char *const arguments[], char *const environment[], int output, int errors,
                 int death_signal) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0)
        return -1;
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        int input = open("/dev/null", O_RDONLY);
        if (input >= 0 && dup2(input, 0) == 0 && dup2(output, 1) == 1 && dup2(errors, 2) == 2 &&
            setpgid(0, 0) == 0 && prctl(PR_SET_PDEATHSIG, death_signal) == 0 && getppid() == parent &&
            sigprocmask(SIG_SETMASK, &none, NULL) == 0)
            execve(path, arguments, environment);
        int failure = errno;
        (void)!write(report[1], &failure, sizeof failure);
        _exit(127);
    }
    close(report[1]);
    int failure = pid < 0 ? errno : 0;
    if (pid > 0 && read(report[0], &failure, sizeof failure) == sizeof failure)
        waitpid(pid, NULL, 0);
    close(report[0]);
    if (failure != 0) {
        errno = failure;
        return -1;
    }
    return pid;
}

int clinux_pidfd(int pid) {
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

int clinux_reap(int pid) {
    int status;
    if (waitpid(pid, &status, WNOHANG) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
