# Runs a command with a session keyring of its own that holds one key.
# Arguments: numbers of keyctl and add_key, the key's description, the command.
use strict;
my ($KEYCTL, $ADD_KEY, $key) = splice @ARGV, 0, 3;
my ($type, $payload, $none) = ('user', 'secret', 0);
syscall($KEYCTL + 0, 1, $none, 0, 0, 0) > 0 or exit 77;
syscall($ADD_KEY + 0, $type, $key, $payload, length $payload, -3) > 0 or exit 77;
exec { $ARGV[0] } @ARGV;
