#pragma once

/* Starts `path` with `arguments` and `environment` (both end with NULL) in a process group of its own, with nothing on
   standard input, `output` as standard output and `errors` as standard error. It is sent `death_signal` when the
   calling thread ends. Returns its process id, or -1 and errno. */
int clinux_spawn(const char *path, char *const arguments[], char *const environment[], int output, int errors,
                 int death_signal);
/* A descriptor that becomes readable when process `pid`, a child, ends. */
int clinux_pidfd(int pid);
/* What became of a child that has ended: its exit code, or 128 plus the signal that ended it; -1 when it runs. */
int clinux_reap(int pid);
