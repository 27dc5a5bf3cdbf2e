/**
 * The same launcher for machines without perl: no namespaces, so the keeper alone ends the processes that the tool left
 * behind. Arguments as in `landlock-perl.ts`.
 */
export const LANDLOCK_PYTHON = String.raw`
import ctypes, os, signal, struct, sys, time
args = sys.argv[1:]
PRCTL, CAPSET, KEYCTL = int(args[2]), int(args[3]), int(args[4])
open_network = args[5] == '1'
scratch = args[7]
args = args[9:]
def counted():
    global args
    n = int(args[0]); found = args[1:n + 1]; args = args[n + 1:]
    return found
dirs, files, _, canaries, env = counted(), counted(), counted(), counted(), counted()
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def syscall(*a):
    return libc.syscall(*[ctypes.c_long(x) if isinstance(x, int) else x for x in a])
def prctl(option, value): return syscall(PRCTL, option, value, 0, 0, 0)
def report(line): os.write(3, (line + '\n').encode('utf-8', 'surrogateescape'))
def fail(what):
    os.write(2, (what + ': ' + os.strerror(ctypes.get_errno()) + '\n').encode())
    os._exit(98)
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
os.closerange(4, 6)
os.closerange(7, 256)

def sweep():
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            for child in children():
                try: os.kill(child, signal.SIGKILL)
                except ProcessLookupError: pass
            time.sleep(0.001)

def children():
    try:
        with open('/proc/self/task/%d/children' % os.getpid()) as f: return [int(x) for x in f.read().split()]
    except FileNotFoundError:
        pass
    found = []
    for name in os.listdir('/proc'):
        if not name.isdigit(): continue
        try:
            with open('/proc/%s/stat' % name) as f: fields = f.read().rsplit(')', 1)[1].split()
        except OSError: continue
        if int(fields[1]) == os.getpid(): found.append(int(name))
    return found

def restrict():
    for c in range(64): prctl(24, c)
    syscall(CAPSET, struct.pack('=II', 0x20080522, 0), bytes(24))
    if prctl(38, 1) != 0: fail('no_new_privs')
    abi = syscall(444, 0, 0, 1)
    if abi < 1: fail('this kernel does not support Landlock, or it is disabled')
    fs = 1 << 1
    for bit in range(4, 13): fs |= 1 << bit
    for least, bit in ((2, 13), (3, 14), (5, 15)):
        if abi >= least: fs |= 1 << bit
    net = 3 if abi >= 4 and not open_network else 0
    attr = struct.pack('=QQQ', fs, net, 3)[:24 if abi >= 6 else 16 if abi >= 4 else 8]
    rules = syscall(444, attr, len(attr), 0)
    if rules < 0: fail('landlock_create_ruleset')
    for path, rights in [(d, fs) for d in dirs] + [(f, fs & (1 << 1 | 1 << 14 | 1 << 15)) for f in files]:
        fd = os.open(path, os.O_PATH)
        if syscall(445, rules, 1, struct.pack('=Qi', rights, fd), 0) != 0: fail('landlock_add_rule')
        os.close(fd)
    if syscall(446, rules, 0) != 0: fail('landlock_restrict_self')
    os.close(rules)
    return abi

def keys_and_sockets():
    syscall(KEYCTL, 1, 0, 0, 0, 0)
    try:
        with open(scratch + '/filter-shared', 'rb') as f: rules = ctypes.create_string_buffer(f.read())
    except OSError:
        return 0
    program = struct.pack('@HP', (len(rules) - 1) // 8, ctypes.addressof(rules))
    return 1 if syscall(PRCTL, 22, 2, program) == 0 else 0

def tool():
    abi = restrict()
    filtered = keys_and_sockets()
    for canary in canaries:
        try: os.open(canary, os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError: continue
        os.unlink(canary); report('written ' + canary); os._exit(98)
    for s in ENDING + (signal.SIGPWR, signal.SIGPIPE, signal.SIGXFSZ): signal.signal(s, signal.SIG_DFL)
    for pair in env:
        name, value = pair.split('=', 1); os.environ[name] = value
    report('ready abi=%d namespaces=0 filtered=%d' % (abi, filtered))
    if os.read(6, 1) == b'': os._exit(98)
    os.close(6)
    os.set_inheritable(3, False)
    try:
        os.execvp(args[0], args)
    except OSError as e:
        report('failed %d' % e.errno)
        os._exit(127 if e.errno in (2, 20) else 126)

def keep():
    def end(*_): sweep(); os._exit(0)
    signal.signal(signal.SIGPWR, end)
    prctl(1, 30)
    prctl(36, 1)
    pid = os.fork()
    if pid == 0: tool()
    while True:
        done, status = os.waitpid(-1, 0)
        if done == pid: break
    sweep()
    report('signal %d' % os.WTERMSIG(status) if os.WIFSIGNALED(status) else 'exit %d' % os.WEXITSTATUS(status))
    os._exit(0)

for s in ENDING: signal.signal(s, signal.SIG_IGN)
keeper = 0
signal.signal(signal.SIGPWR, lambda *_: keeper and os.kill(keeper, signal.SIGPWR))
prctl(1, 30)
keeper = os.fork()
if keeper == 0: keep()
os.waitpid(keeper, 0)
os._exit(0)
`;
