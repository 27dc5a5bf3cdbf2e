# What a tool may reach that is neither a file nor an address: prints the words for what it did.
# Arguments: numbers of keyctl and prlimit64, a key's description, the pid of a victim, a terminal.
use strict;
my ($KEYCTL, $PRLIMIT, $key, $victim, $terminal) = @ARGV;
print "descriptor $_\n" for grep { $_ > 3 } map { m{(\d+)$} } glob '/proc/self/fd/*';
my ($type, $none) = ('user', 0);
print "key\n" if syscall($KEYCTL + 0, 10, -3, $type, $key, 0) > 0;
my $keys;
print "key name\n" if open($keys, '<', '/proc/keys') && grep { /\Q$key\E/ } <$keys>;
print "vsock\n" if socket my $s, 40, 1, 0;
my $limits = pack 'QQ', 77, 77;
print "limit\n" if syscall($PRLIMIT + 0, $victim + 0, 7, $limits, $none) == 0;
print "terminal\n" if open my $keystrokes, '<', $terminal;
