/** Stands for child_process in detect-libc, which reads the libc off the program's own file and starts none. */
module.exports = {};
