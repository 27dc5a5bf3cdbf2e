import { EMPTIED_FILES } from './emptied-files.js';
/**
 * The Landlock launcher; needs only perl-base.
 *
 * Three generations: *main* is what hs started; *keeper* outlives the tool and ends the processes it left behind; the
 * tool restricts itself and then execs. With namespaces, the keeper's child is process 1 of its own pid namespace, and
 * everything dies with it; without, the keeper is the subreaper that inherits every orphan of the tool. The tool cannot
 * touch either: a Landlock domain may not trace processes outside it. SIGPWR means: end everything. With namespaces
 * every mount is made read-only too, which also covers what Landlock does not: permissions, owners and times.
 *
 * With namespaces the tool also gets its own /dev, without the user's terminals, empty lists of keys, and in the
 * store's place a directory that contains only the tool's own directories.
 *
 * Arguments: numbers of unshare, mount, prctl, capset, keyctl; 1 for an open network; 1 to try namespaces; the scratch
 * directory, the store; then counted lists: writable directories, writable files, the tool's own directories in the
 * store, canaries, NAME=VALUE of the environment that perl itself must not see; then the command.
 */
export const LANDLOCK_PERL = String.raw`
use strict; use POSIX (); use Errno ();
my ($UNSHARE, $MOUNT, $PRCTL, $CAPSET, $KEYCTL, $open_network, $try_namespaces, $scratch, $store) = splice @ARGV, 0, 9;
sub list { my $n = shift @ARGV; splice @ARGV, 0, $n }
my (@dirs, @files, @own, @canaries, @env);
@dirs = list(); @files = list(); @own = list(); @canaries = list(); @env = list();
my ($namespaces, $readonly, $hidden, $devices, $child) = (0, 0, 0, 0, 0);
POSIX::close(4);
open STDGO, '<&=', 6 or POSIX::_exit(98);

sub report { POSIX::write(3, "$_[0]\n", 1 + length $_[0]) }
sub fail { print STDERR "$_[0]: $!\n"; POSIX::_exit(98) }
sub prctl { syscall($PRCTL, $_[0] + 0, $_[1] + 0, 0, 0, 0) }
sub spit { my $n = POSIX::open($_[0], 1); return 0 unless defined $n; my $ok = POSIX::write($n, $_[1], length $_[1]); POSIX::close($n); $ok }

sub children {
  if (open my $f, '<', "/proc/self/task/$$/children") { my $l = <$f>; return split ' ', defined $l ? $l : '' }
  my @found;
  for my $p (glob '/proc/[0-9]*') { open my $f, '<', "$p/stat" or next; my $l = <$f>; push @found, $1 if $p =~ /(\d+)$/ && $l =~ /\) \S (\d+) / && $1 == $$ && $p =~ /(\d+)$/ }
  @found;
}
sub sweep { while (waitpid(-1, 1) >= 0) { kill 'KILL', children(); select undef, undef, undef, 0.001 } }

sub restrict {
  prctl(24, $_) for 0 .. 63;
  my ($header, $none) = (pack('LL', 0x20080522, 0), "\0" x 24);
  syscall($CAPSET, $header, $none);
  prctl(38, 1) == 0 or fail('no_new_privs');
  my $abi = syscall(444, 0, 0, 1);
  $abi >= 1 or fail('this kernel does not support Landlock, or it is disabled');
  my $fs = 1 << 1; $fs |= 1 << $_ for 4 .. 12;
  $fs |= 1 << 13 if $abi >= 2; $fs |= 1 << 14 if $abi >= 3; $fs |= 1 << 15 if $abi >= 5;
  my $net = $abi >= 4 && !$open_network && !$namespaces ? 3 : 0;
  my $attr = pack('QQQ', $fs, $net, 3);
  $attr = substr $attr, 0, $abi >= 6 ? 24 : $abi >= 4 ? 16 : 8;
  my $set = syscall(444, $attr, length $attr, 0);
  $set >= 0 or fail('landlock_create_ruleset');
  for my $rule ((map { [$_, $fs] } @dirs), (map { [$_, $fs & (1 << 1 | 1 << 14 | 1 << 15)] } @files)) {
    my $fd = POSIX::open($rule->[0], 0x200000);
    defined $fd or fail($rule->[0]);
    my $beneath = pack('Ql', $rule->[1], $fd);
    syscall(445, $set, 1, $beneath, 0) == 0 or fail('landlock_add_rule');
    POSIX::close($fd);
  }
  syscall(446, $set, 0) == 0 or fail('landlock_restrict_self');
  POSIX::close($set);
  $abi;
}

sub keys_and_sockets {
  my $none = 0;
  syscall($KEYCTL, 1, $none, 0, 0, 0);
  open my $f, '<:raw', "$scratch/filter-" . ($namespaces ? 'own' : 'shared') or return 0;
  my $filter = do { local $/; <$f> };
  close $f;
  my $program = pack('S x![P] P', length($filter) / 8, $filter);
  syscall($PRCTL, 22, 2, $program) == 0;
}

sub tool {
  my $abi = restrict();
  my $filtered = keys_and_sockets() ? 1 : 0;
  for my $canary (@canaries) {
    my $fd = POSIX::open($canary, 0x41, 0600);
    next unless defined $fd;
    unlink $canary; report("written $canary"); POSIX::_exit(98);
  }
  $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP QUIT USR1 USR2 PIPE PWR);
  for (@env) { my ($name, $value) = split /=/, $_, 2; $ENV{$name} = $value }
  report("ready abi=$abi namespaces=$namespaces readonly=$readonly hidden=$hidden devices=$devices filtered=$filtered");
  my $go;
  while (1) { my $n = sysread STDGO, $go, 1; last if $n && $go eq "\n"; next if $n || !defined $n && $!{EINTR}; POSIX::_exit(98) }
  close STDGO;
  my $status;
  open($status, '>&=', 3) && fcntl($status, 2, 1) or POSIX::close(3);
  exec { $ARGV[0] } @ARGV;
  my $e = $! + 0;
  report("failed $e");
  POSIX::_exit($e == 2 || $e == 20 ? 127 : 126);
}

sub follow {
  my $tool = fork;
  defined $tool or fail('fork');
  tool() if $tool == 0;
  while (1) {
    my $pid = waitpid -1, 0;
    next if $pid != $tool && ($pid > 0 || $! == POSIX::EINTR());
    my $s = $?;
    sweep() unless $namespaces;
    report($s & 127 ? 'signal ' . ($s & 127) : 'exit ' . ($s >> 8)) if $pid == $tool;
    return;
  }
}

sub loopback {
  require Socket;
  socket my $s, 2, 2, 0 or return;
  my $request = pack 'a16 s x22', 'lo', 0x41;
  ioctl $s, 0x8914, $request;
}

sub make { my ($dir, $mode) = @_; my $at = ''; for (split m{/}, substr $dir, 1) { $at .= "/$_"; mkdir $at, $mode } }

sub hide {
  return 0 unless grep { index("$_/", "$store/") == 0 } @own;
  my @held = map { my $fd = POSIX::open($_, 0x200000); defined $fd or return 0; $fd } @own;
  my ($type, $options) = ('tmpfs', 'mode=0755');
  syscall($MOUNT, $type, $store, $type, 6, $options) == 0 or return 0;
  for my $i (0 .. $#own) {
    my ($from, $to) = ("/proc/self/fd/$held[$i]", $own[$i]);
    make($to, 0755);
    syscall($MOUNT, $from, $to, 0, 0x1000, 0) == 0 or POSIX::_exit(99);
    POSIX::close($held[$i]);
  }
  1;
}

sub devices {
  my $dev = "$scratch/dev";
  my ($tmpfs, $devpts, $mode, $pts, $at, $shm) = ('tmpfs', 'devpts', 'mode=0755', 'newinstance,ptmxmode=0666,mode=620', '/dev', "$dev/shm");
  mkdir $dev, 0755 or return 0;
  syscall($MOUNT, $tmpfs, $dev, $tmpfs, 10, $mode) == 0 or return 0;
  for my $name (qw(null zero full random urandom tty)) {
    my ($from, $to) = ("/dev/$name", "$dev/$name");
    next unless -e $from;
    open my $made, '>', $to or return 0;
    close $made;
    syscall($MOUNT, $from, $to, 0, 0x1000, 0) == 0 or return 0;
  }
  mkdir $_, 0755 or return 0 for "$dev/pts", $shm;
  my $terminals = "$dev/pts";
  syscall($MOUNT, $devpts, $terminals, $devpts, 10, $pts) == 0 or return 0;
  symlink 'pts/ptmx', "$dev/ptmx";
  symlink '/proc/self/fd', "$dev/fd";
  symlink "/proc/self/fd/$_->[0]", "$dev/$_->[1]" for [0, 'stdin'], [1, 'stdout'], [2, 'stderr'];
  syscall($MOUNT, $dev, $at, 0, 0x2000, 0) == 0 or return 0;
  my $null = '/dev/null';
  for (qw(${EMPTIED_FILES.join(' ')})) {
    my $file = $_;
    next unless -e $file;
    syscall($MOUNT, $null, $file, 0, 0x1000, 0) == 0 or return 0;
  }
  1;
}

sub readonly {
  my ($set, $clear) = (pack('QQQQ', 1, 0, 0, 0), pack('QQQQ', 0, 1, 0, 0));
  for my $dir (@dirs) { my $at = $dir; syscall($MOUNT, $dir, $at, 0, 0x1000, 0) == 0 or return 0 }
  my $root = '/';
  syscall(442, -100, $root, 0x8000, $set, 32) == 0 or return 0;
  for my $dir (@dirs) { syscall(442, -100, $dir, 0, $clear, 32) == 0 or POSIX::_exit(99) }
  chdir POSIX::getcwd() or POSIX::_exit(99);
  1;
}

sub first {
  my ($none, $root, $proc, $at) = ('none', '/', 'proc', '/proc');
  syscall($MOUNT, $none, $root, 0, 0x44000, 0) == 0 or POSIX::_exit(99);
  syscall($MOUNT, $proc, $at, $proc, 0xe, 0) == 0 or POSIX::_exit(99);
  $hidden = hide() ? 1 : 0;
  $devices = devices() ? 1 : 0;
  $readonly = readonly();
  loopback() unless $open_network;
  follow();
  POSIX::_exit(0);
}

sub keep {
  $SIG{PWR} = sub { $namespaces ? kill('KILL', $child) : sweep(); POSIX::_exit(0) };
  prctl(1, 30);
  if (!$namespaces) { prctl(36, 1); follow(); POSIX::_exit(0) }
  my ($uid, $gid) = ($<, $( + 0);
  syscall($UNSHARE, 0x38020000 | ($open_network ? 0 : 0x40000000)) == 0 or POSIX::_exit(99);
  spit('/proc/self/setgroups', 'deny');
  spit('/proc/self/uid_map', "$uid $uid 1") && spit('/proc/self/gid_map', "$gid $gid 1") or POSIX::_exit(99);
  $child = fork;
  defined $child or POSIX::_exit(99);
  if ($child == 0) { $SIG{PWR} = 'IGNORE'; prctl(1, 9); first() }
  my $s;
  while (1) { my $pid = waitpid $child, 0; $s = $?; last if $pid == $child || $! != POSIX::EINTR() }
  POSIX::_exit($s == 99 << 8 ? 99 : 0);
}

$SIG{$_} = 'IGNORE' for qw(INT TERM HUP QUIT USR1 USR2 PIPE);
my $keeper;
$SIG{PWR} = sub { kill 'PWR', $keeper if $keeper; };
prctl(1, 30);
for my $attempt ($try_namespaces ? (1, 0) : 0) {
  $namespaces = $attempt;
  $keeper = fork;
  defined $keeper or fail('fork');
  keep() if $keeper == 0;
  my $s;
  while (1) { my $pid = waitpid $keeper, 0; $s = $?; last if $pid == $keeper || $! != POSIX::EINTR() }
  last if $s != 99 << 8;
}
POSIX::_exit(0);
`;
